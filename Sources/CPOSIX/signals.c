#include "CPOSIX.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void fill(sigset_t *set, const int *signals, int count) {
    sigemptyset(set);
    for (int i = 0; i < count; i++) sigaddset(set, signals[i]);
}

int cposix_block_signals(const int *signals, int count) {
    sigset_t set;
    fill(&set, signals, count);
    errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
    return errno == 0 ? 0 : -1;
}

int cposix_ignore_signal(int signal) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    return sigaction(signal, &ignore, NULL);
}

int cposix_signal_descriptor(const int *signals, int count) {
    sigset_t set;
    fill(&set, signals, count);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int cposix_next_signal(int descriptor) {
    struct signalfd_siginfo found;
    ssize_t count = read(descriptor, &found, sizeof found);
    return count == sizeof found ? (int)found.ssi_signo : -1;
}

const char *cposix_signal_name(int signal) { return sigabbrev_np(signal); }

// Crashes. `report_crash` and what it calls run inside a signal handler: only write(2) and raise(3).

static char crash_program[64];

static size_t append(char *line, size_t used, size_t capacity, const char *text) {
    while (*text != '\0' && used < capacity) line[used++] = *text++;
    return used;
}

static size_t append_hex(char *line, size_t used, size_t capacity, uintptr_t number) {
    char digits[2 * sizeof number + 1];
    size_t position = sizeof digits - 1;
    digits[position] = '\0';
    do digits[--position] = "0123456789abcdef"[number & 15];
    while ((number >>= 4) != 0);
    return append(line, used, capacity, digits + position);
}

static const char *crash_name(int signal) {
    switch (signal) {
    case SIGILL: return "SIGILL (a failed check of the program's own)";
    case SIGTRAP: return "SIGTRAP (a failed check of the program's own)";
    case SIGSEGV: return "SIGSEGV (invalid memory)";
    case SIGBUS: return "SIGBUS (invalid memory)";
    case SIGABRT: return "SIGABRT";
    case SIGFPE: return "SIGFPE (arithmetic)";
    default: return "a signal";
    }
}

static void report_crash(int signal, siginfo_t *info, void *context) {
    (void)context;
    int error = errno;
    char line[256];
    const size_t capacity = sizeof line - 1;
    size_t used = append(line, 0, capacity, crash_program);
    used = append(line, used, capacity, ": crashed with ");
    used = append(line, used, capacity, crash_name(signal));
    if (signal != SIGABRT) {
        used = append(line, used, capacity, " at address 0x");
        used = append_hex(line, used, capacity, (uintptr_t)info->si_addr);
    }
    line[used++] = '\n';
    ssize_t ignored = write(2, line, used);
    (void)ignored;
    // SA_RESETHAND has restored the default action; the signal is pending until this handler returns.
    raise(signal);
    errno = error;
}

int cposix_use_signal_stack(void) {
    static _Thread_local char stack[32 * 1024] __attribute__((aligned(16)));
    stack_t wanted = {.ss_sp = stack, .ss_size = sizeof stack};
    return sigaltstack(&wanted, NULL);
}

int cposix_report_crashes(const char *program) {
    static const int fatal[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
    snprintf(crash_program, sizeof crash_program, "%s", program);
    if (cposix_use_signal_stack() != 0) return -1;
    struct sigaction action = {
        .sa_sigaction = report_crash,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND,
    };
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        if (sigaction(fatal[i], &action, NULL) != 0) return -1;
    return 0;
}
