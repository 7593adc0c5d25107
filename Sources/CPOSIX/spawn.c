#include "CPOSIX.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// fork and execve rather than posix_spawn: the latter cannot set a umask, and the way round it,
// unshare(CLONE_FS), is refused inside common container sandboxes. Between the two calls the child may only use
// async-signal-safe functions: another thread may have held any lock at the moment of the fork.

enum { report = 3 };

static void close_from(int first) {
    if (close_range((unsigned)first, ~0u, 0) == 0) return;
    struct rlimit limit;
    int last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;
    for (int descriptor = first; descriptor < last; descriptor++) close(descriptor);
}

static void reset_signals(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/// Moves `output` and `failure` out of the way of 0–3, so that no dup2 overwrites one still needed.
static int become(int output, int failure, mode_t mask) {
    if ((output = fcntl(output, F_DUPFD, report + 1)) < 0) return -1;
    if ((failure = fcntl(failure, F_DUPFD, report + 1)) < 0) return -1;
    int null = open("/dev/null", O_RDONLY);
    if (null < 0) return -1;
    if (null != 0 && dup2(null, 0) < 0) return -1;
    if (dup2(output, 1) < 0 || dup2(output, 2) < 0) return -1;
    if (dup3(failure, report, O_CLOEXEC) < 0) return -1;
    close_from(report + 1);
    if (setsid() < 0) return -1;
    umask(mask);
    // The agent's own capabilities are not the child's. EINVAL: a kernel before 4.3 has none of this kind.
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) return -1;
    reset_signals();
    return 0;
}

pid_t cposix_spawn(const char *path, char *const *arguments, char *const *environment, int output,
                   mode_t mask) {
    int failure[2];
    if (pipe2(failure, O_CLOEXEC) != 0) return -1;
    // No handler of this process may run in the child, where it would act on copied state.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0) {
        int told = failure[1];
        if (become(output, failure[1], mask) == 0) {
            told = report;
            execve(path, arguments, environment);
        }
        int error = errno;
        ssize_t ignored = write(told, &error, sizeof error);
        (void)ignored;
        _exit(127);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(failure[1]);
    if (child > 0) {
        // End of file means that execve has happened: it closed the last copy of the writing end.
        int told = 0;
        ssize_t count;
        do count = read(failure[0], &told, sizeof told);
        while (count < 0 && errno == EINTR);
        error = count == sizeof told ? told : 0;
        if (error != 0) {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
            child = -1;
        }
    }
    close(failure[0]);
    errno = error;
    return child;
}

int cposix_reap(pid_t process, struct cposix_end *end) {
    int status;
    if (waitpid(process, &status, 0) < 0) return -1;
    end->was_signalled = WIFSIGNALED(status);
    end->status = end->was_signalled ? WTERMSIG(status) : WEXITSTATUS(status);
    return 0;
}
