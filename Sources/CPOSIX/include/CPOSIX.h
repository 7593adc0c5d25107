// What Glibc's Swift module hides: GNU calls, variadic calls, macros and unions.
//
// This header is read by Swift and must not define _GNU_SOURCE: that would change the layout of types which
// the Glibc module has already described. The .c files are compiled with it.
//
// Unless a comment says otherwise a function answers as the system call does: -1 and errno on failure. Every
// descriptor made here is close-on-exec.
#ifndef CPOSIX_H
#define CPOSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

// Errors

/// "ENOENT", or NULL for a number the C library has no name for.
const char *_Nullable cposix_errno_name(int number);
/// "No such file or directory", never translated; NULL for an unknown number.
const char *_Nullable cposix_errno_text(int number);

// Files

struct cposix_status {
    uint64_t device, inode, links;
    int64_t size;
    int64_t modified_seconds, changed_seconds;
    int64_t modified_nanoseconds, changed_nanoseconds;
    uint32_t mode, owner, group;
};

int cposix_open_at(int directory, const char *name, int flags, mode_t mode);
/// A descriptor that names `name` without opening it (O_PATH), a symbolic link itself included (O_NOFOLLOW).
int cposix_open_location(int directory, const char *name);
/// The same for a directory; ENOTDIR for anything else. Unlike the former it has automounts done.
int cposix_open_directory_location(int directory, const char *name);
int cposix_status(int descriptor, struct cposix_status *status);
int cposix_status_at(int directory, const char *name, bool follow, struct cposix_status *status);
/// The text of the symbolic link that an O_PATH descriptor names.
ssize_t cposix_link_text(int location, uint8_t *buffer, size_t capacity);
int cposix_rename_exchanging(int from_directory, const char *from, int to_directory, const char *to);
int cposix_rename_without_replacing(int from_directory, const char *from, int to_directory, const char *to);
int cposix_duplicate(int descriptor);
int cposix_pipe(int *read_end, int *write_end);
/// 1 if something is mounted at `name` itself, so that it can't be renamed over; else 0.
int cposix_is_mount_point(int directory, const char *name);
/// Makes sure of the space for `size` bytes; the file's size stays.
int cposix_reserve(int descriptor, int64_t size);
/// A file without a name in memory, open for writing.
int cposix_memory_file(void);
/// From now on nobody changes the memory file.
int cposix_seal(int file);
/// At most `count` bytes of `file` from `offset` on, sent by the kernel. Never raises SIGPIPE.
ssize_t cposix_send_file(int socket, int file, int64_t offset, size_t count);

// Extended attributes, xattr(7)

ssize_t cposix_attribute(int descriptor, const char *name, uint8_t *buffer, size_t capacity);
/// Each name with its terminating zero.
ssize_t cposix_attribute_names(int descriptor, uint8_t *buffer, size_t capacity);
int cposix_set_attribute(int descriptor, const char *name, const uint8_t *value, size_t size);
int cposix_remove_attribute(int descriptor, const char *name);

// Readiness

struct cposix_event {
    uint64_t token;
    uint32_t events;
};

extern const uint32_t CPOSIX_READABLE, CPOSIX_WRITABLE, CPOSIX_PEER_CLOSED, CPOSIX_HANGUP, CPOSIX_ERROR;

int cposix_poller(void);
int cposix_poller_add(int poller, int descriptor, uint32_t events, uint64_t token);
int cposix_poller_modify(int poller, int descriptor, uint32_t events, uint64_t token);
int cposix_poller_remove(int poller, int descriptor);
int cposix_poller_wait(int poller, struct cposix_event *events, int capacity, int milliseconds);
/// 1 if `descriptor` became readable (or broken) within the time, 0 if not; negative waits for ever.
int cposix_wait_readable(int descriptor, int milliseconds);
int cposix_wait_writable(int descriptor, int milliseconds);
/// Bit i of the answer says that descriptors[i] is readable or broken. A negative descriptor is left out.
int cposix_wait_readable_any(const int *descriptors, int count, int milliseconds);
/// Bit 0 says that the descriptor is ready or broken, bit 1 that `other` is readable. A negative `other` is left out.
int cposix_wait_either(int descriptor, bool writable, int other, int milliseconds);

int cposix_event_counter(void);

/// Opens /dev/null in place of those of the descriptors 0 to 2 that are closed.
int cposix_open_missing_streams(void);

// Signals

int cposix_block_signals(const int *signals, int count);
int cposix_ignore_signal(int signal);
int cposix_signal_descriptor(const int *signals, int count);
/// The next pending signal; -1 with EAGAIN if there is none.
int cposix_next_signal(int descriptor);
/// "TERM", or NULL.
const char *_Nullable cposix_signal_name(int signal);

// Processes

/// Starts `path` as leader of a session and process group of its own, stdin from /dev/null, stdout and stderr
/// into `output`, no other descriptor, no signal blocked or ignored. A failure of any step in the child,
/// execve included, is this function's failure.
pid_t cposix_spawn(const char *path, char *_Nullable const *_Nonnull arguments,
                   char *_Nullable const *_Nonnull environment, int output, mode_t mask);
int cposix_process_descriptor(pid_t process);

struct cposix_end {
    /// The exit code or the signal's number.
    int status;
    bool was_signalled;
};
/// Waits for the process to end and takes it off the process table.
int cposix_reap(pid_t process, struct cposix_end *end);

char *_Nullable const *_Nonnull cposix_environment(void);

// Threads

int cposix_name_this_thread(const char *name);

// Sockets

struct cposix_peer {
    /// AF_UNIX, AF_INET or AF_INET6.
    int family;
    uint16_t port;
    /// Numeric, with a terminating zero; empty for AF_UNIX.
    char address[64];
};
struct cposix_credentials {
    int32_t process;
    uint32_t user, group;
};

int cposix_listen_tcp(const char *numeric_host, uint16_t port, int backlog, int unsent_limit);
int cposix_connect_tcp(const char *numeric_host, uint16_t port);
/// Begins to connect to the `index`-th address of a host's name or number, without blocking. -1 with ENXIO when there
/// is no such address, -2 when the name gives none at all; `reason` is getaddrinfo's then.
int cposix_begin_connect(const char *host, uint16_t port, int index, const char *_Nullable *_Nonnull reason);
/// 0, or the errno with which the connection has failed.
int cposix_connect_outcome(int socket);
/// Bound, not yet listening: the caller sets owner and mode between.
int cposix_bind_unix(const char *path, size_t length);
/// Unless it may block, a full queue is EAGAIN.
int cposix_connect_unix(const char *path, size_t length, bool blocking);
/// The new connection is non-blocking.
int cposix_accept(int listener, struct cposix_peer *peer);
int cposix_peer_credentials(int socket, struct cposix_credentials *credentials);
/// The supplementary groups of the process that connected: how many there are, of which no more than `capacity` are
/// written.
int cposix_peer_groups(int socket, uint32_t *groups, size_t capacity);
int cposix_local_port(int socket);
int cposix_set_no_delay(int socket);
/// More will follow at once: what is sent may wait for it.
ssize_t cposix_send_more(int socket, const void *_Nullable bytes, size_t count);
int cposix_set_blocking(int descriptor, bool blocking);
/// The pending error of the socket (SO_ERROR), which this call clears; -1 on failure.
int cposix_pending_error(int socket);
/// The size of the terminal behind a descriptor; ENOTTY if there is none.
int cposix_window_size(int descriptor, uint16_t *columns, uint16_t *rows);
/// One datagram to a Unix socket; a leading '@' stands for the abstract namespace.
int cposix_send_datagram(const char *path, size_t length, const void *bytes, size_t count);

// Memory

void cposix_keep_memory_small(void);
void cposix_give_back_memory(void);

// Accounts: 1 found, 0 unknown, -1 failed

int cposix_user_named(const char *name, uint32_t *user);
int cposix_group_named(const char *name, uint32_t *group);

// Crashes

/// Leaves one line on stderr, opened by `program`, for SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT and SIGFPE;
/// then the process dies of the signal.
int cposix_report_crashes(const char *program);
/// Gives the calling thread a signal stack, so that a stack overflow too can be reported.
int cposix_use_signal_stack(void);

#pragma clang assume_nonnull end

#endif
