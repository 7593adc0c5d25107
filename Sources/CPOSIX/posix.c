#include <malloc.h>
#include "CPOSIX.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <stdio.h>
#include <unistd.h>

// Errors

const char *cposix_errno_name(int number) { return strerrorname_np(number); }
const char *cposix_errno_text(int number) { return strerrordesc_np(number); }

// Files

int cposix_open_at(int directory, const char *name, int flags, mode_t mode) {
    return openat(directory, name, flags | O_CLOEXEC | O_NOCTTY, mode);
}

int cposix_open_location(int directory, const char *name) {
    return openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int cposix_open_directory_location(int directory, const char *name) {
    return openat(directory, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
}

static void copy_status(const struct stat *from, struct cposix_status *to) {
    to->device = from->st_dev;
    to->inode = from->st_ino;
    to->links = from->st_nlink;
    to->size = from->st_size;
    to->modified_seconds = from->st_mtim.tv_sec;
    to->modified_nanoseconds = from->st_mtim.tv_nsec;
    to->changed_seconds = from->st_ctim.tv_sec;
    to->changed_nanoseconds = from->st_ctim.tv_nsec;
    to->mode = from->st_mode;
    to->owner = from->st_uid;
    to->group = from->st_gid;
}

int cposix_status(int descriptor, struct cposix_status *status) {
    struct stat found;
    if (fstat(descriptor, &found) != 0) return -1;
    copy_status(&found, status);
    return 0;
}

int cposix_status_at(int directory, const char *name, bool follow, struct cposix_status *status) {
    struct stat found;
    if (fstatat(directory, name, &found, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) return -1;
    copy_status(&found, status);
    return 0;
}

ssize_t cposix_link_text(int location, uint8_t *buffer, size_t capacity) {
    return readlinkat(location, "", (char *)buffer, capacity);
}

int cposix_rename_exchanging(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, RENAME_EXCHANGE);
}

int cposix_rename_without_replacing(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE);
}

int cposix_duplicate(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 3); }

int cposix_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

// Readiness

const uint32_t CPOSIX_READABLE = EPOLLIN;
const uint32_t CPOSIX_WRITABLE = EPOLLOUT;
const uint32_t CPOSIX_PEER_CLOSED = EPOLLRDHUP;
const uint32_t CPOSIX_HANGUP = EPOLLHUP;
const uint32_t CPOSIX_ERROR = EPOLLERR;

int cposix_poller(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int poller, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(poller, operation, descriptor, &event);
}

int cposix_poller_add(int poller, int descriptor, uint32_t events, uint64_t token) {
    return control(poller, EPOLL_CTL_ADD, descriptor, events, token);
}

int cposix_poller_modify(int poller, int descriptor, uint32_t events, uint64_t token) {
    return control(poller, EPOLL_CTL_MOD, descriptor, events, token);
}

int cposix_poller_remove(int poller, int descriptor) {
    return control(poller, EPOLL_CTL_DEL, descriptor, 0, 0);
}

enum { poller_batch = 256 };

int cposix_poller_wait(int poller, struct cposix_event *events, int capacity, int milliseconds) {
    struct epoll_event batch[poller_batch];
    int count = epoll_wait(poller, batch, capacity < poller_batch ? capacity : poller_batch, milliseconds);
    for (int i = 0; i < count; i++) {
        events[i].token = batch[i].data.u64;
        events[i].events = batch[i].events;
    }
    return count;
}

int cposix_wait_readable(int descriptor, int milliseconds) {
    struct pollfd one = {.fd = descriptor, .events = POLLIN};
    return poll(&one, 1, milliseconds);
}

int cposix_wait_writable(int descriptor, int milliseconds) {
    struct pollfd one = {.fd = descriptor, .events = POLLOUT};
    return poll(&one, 1, milliseconds);
}

int cposix_wait_either(int descriptor, bool writable, int other, int milliseconds) {
    struct pollfd both[2] = {
        {.fd = descriptor, .events = writable ? POLLOUT : POLLIN},
        {.fd = other, .events = POLLIN},
    };
    if (poll(both, 2, milliseconds) < 0) return -1;
    return (both[0].revents != 0 ? 1 : 0) | (both[1].revents != 0 ? 2 : 0);
}

int cposix_wait_readable_any(const int *descriptors, int count, int milliseconds) {
    struct pollfd all[8];
    if (count > 8) {
        errno = EINVAL;
        return -1;
    }
    for (int i = 0; i < count; i++) all[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    int ready = poll(all, (nfds_t)count, milliseconds);
    if (ready < 0) return -1;
    int bits = 0;
    for (int i = 0; i < count; i++)
        if (all[i].revents != 0) bits |= 1 << i;
    return bits;
}

int cposix_open_missing_streams(void) {
    for (int stream = 0; stream <= 2; stream++) {
        // A new descriptor is the lowest free one: with those below in use, this one.
        if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) return -1;
    }
    return 0;
}

int cposix_event_counter(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Processes

int cposix_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

char *const *cposix_environment(void) {
    static char *const empty[] = {NULL};
    return environ != NULL ? environ : empty;
}

// Threads

int cposix_name_this_thread(const char *name) {
    char clipped[16];
    snprintf(clipped, sizeof clipped, "%s", name);
    errno = pthread_setname_np(pthread_self(), clipped);
    return errno == 0 ? 0 : -1;
}

// Accounts

int cposix_user_named(const char *name, uint32_t *user) {
    for (size_t capacity = 1024;; capacity *= 2) {
        char *buffer = malloc(capacity);
        if (buffer == NULL) return -1;
        struct passwd entry, *found = NULL;
        int error = getpwnam_r(name, &entry, buffer, capacity, &found);
        if (found != NULL) *user = entry.pw_uid;
        free(buffer);
        if (found != NULL) return 1;
        if (error == 0 || error == ENOENT || error == ESRCH) return 0;
        if (error == ERANGE && capacity < (1u << 20)) continue;
        errno = error;
        return -1;
    }
}

int cposix_group_named(const char *name, uint32_t *group) {
    for (size_t capacity = 1024;; capacity *= 2) {
        char *buffer = malloc(capacity);
        if (buffer == NULL) return -1;
        struct group entry, *found = NULL;
        int error = getgrnam_r(name, &entry, buffer, capacity, &found);
        if (found != NULL) *group = entry.gr_gid;
        free(buffer);
        if (found != NULL) return 1;
        if (error == 0 || error == ENOENT || error == ESRCH) return 0;
        if (error == ERANGE && capacity < (1u << 20)) continue;
        errno = error;
        return -1;
    }
}

int cposix_memory_file(void) { return memfd_create("certplane", MFD_CLOEXEC | MFD_ALLOW_SEALING); }

int cposix_seal(int file) {
    return fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
}

ssize_t cposix_send_file(int socket, int file, int64_t offset, size_t count) {
    // sendfile knows no MSG_NOSIGNAL.
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    off_t place = offset;
    ssize_t sent = sendfile(socket, file, &place, count);
    int error = errno;
    if (sent < 0 && error == EPIPE) {
        struct timespec none = {0};
        while (sigtimedwait(&pipe, NULL, &none) < 0 && errno == EINTR) {}
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return sent;
}

void cposix_keep_memory_small(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

void cposix_give_back_memory(void) { malloc_trim(0); }

int cposix_window_size(int descriptor, uint16_t *columns, uint16_t *rows) {
    struct winsize size = {0};
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}
