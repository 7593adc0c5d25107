/* Runs a command and does one thing to one of its system calls: the K-th of that name, counted over all of its threads
 * and children in the order in which they happen. (strace counts each thread by itself, so that it can't reach the
 * first calls of a thread after another thread has made as many.)
 *
 *     fault DIR REPORT NAME K ACTION COMMAND...
 *
 * Counting begins when a file below DIR is opened: what the loader does before is no part of it. Reads, writes and
 * closes count on files only, not on pipes, sockets and event counters, which have no disk that could be full or broken.
 * A close that fails closes all the same, as the kernel's does.
 * With FAULT_REFUSED in the environment the first renameat to that last name is refused before all that, with EIO; the
 * report says `refused`.
 * ACTION: list (NAME and K say nothing; each call is written to REPORT), kill (everything dies before the call is made,
 * as if the machine did), kill-caller (only the process that makes it), kill-torn (everything dies when half of a write
 * of the command's own process is done), or an errno's number.
 * REPORT ends with `fired NAME K agent|child`, if it did, and `end exit N` or `end signal N`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <linux/ptrace.h>
#include <stddef.h>
#include <unistd.h>

#ifndef __x86_64__
#error "fault.c knows the registers of x86-64 only"
#endif

#define CALL(name) { #name, SYS_##name, 0 }
static struct { const char *name; long number; int count; } calls[] = {
    CALL(openat), CALL(read), CALL(write), CALL(close), CALL(fsync), CALL(fdatasync), CALL(renameat), CALL(renameat2),
    CALL(linkat), CALL(unlinkat), CALL(unlink), CALL(mkdirat), CALL(fchmod), CALL(fchown), CALL(ftruncate),
    CALL(newfstatat), CALL(statx), CALL(getdents64), CALL(flock), CALL(fallocate), CALL(fgetxattr), CALL(fsetxattr),
    CALL(flistxattr), CALL(fremovexattr), CALL(lseek), CALL(execve), CALL(exit_group),
};
enum { kinds = sizeof calls / sizeof *calls, most = 4096 };

/* What is known of a thread between the entry and the exit of its call. */
static struct { pid_t thread; int injected, torn; } threads[most];
static int known;

static int slot(pid_t thread) {
    for (int i = 0; i < known; i++) if (threads[i].thread == thread) return i;
    if (known == most) { fputs("fault: too many threads\n", stderr); exit(125); }
    threads[known].thread = thread;
    threads[known].injected = threads[known].torn = 0;
    return known++;
}

static int opens_below(pid_t thread, unsigned long address, const char *directory) {
    char path[256] = {0};
    struct iovec here = {path, sizeof path - 1}, there = {(void *)address, sizeof path - 1};
    if (process_vm_readv(thread, &here, 1, &there, 1, 0) <= 0) return 0;
    return strncmp(path, directory, strlen(directory)) == 0;
}

static int is_on_a_file(pid_t thread, unsigned long call, unsigned long descriptor) {
    char path[64], target[16];
    if (call != SYS_read && call != SYS_write && call != SYS_close) return 1;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", thread, (int)descriptor);
    return readlink(path, target, sizeof target) > 0 && target[0] == '/';
}

/* A rename of a staged file to `name`, whatever the directory. */
static int renames_to(pid_t thread, unsigned long address, const char *name) {
    char path[256] = {0};
    struct iovec here = {path, sizeof path - 1}, there = {(void *)address, sizeof path - 1};
    return process_vm_readv(thread, &here, 1, &there, 1, 0) > 0 && !strcmp(path, name);
}

static pid_t process_of(pid_t thread) {
    char path[64], line[256];
    pid_t process = thread;
    snprintf(path, sizeof path, "/proc/%d/status", thread);
    FILE *file = fopen(path, "r");
    if (!file) return thread;
    while (fgets(line, sizeof line, file)) if (sscanf(line, "Tgid: %d", &process) == 1) break;
    fclose(file);
    return process;
}

static void kill_all(void) {
    for (int each = 0; each < known; each++) kill(threads[each].thread, SIGKILL);
}

int main(int count, char **argument) {
    if (count < 7) { fputs("usage: fault DIR REPORT NAME K ACTION COMMAND...\n", stderr); return 125; }
    const char *directory = argument[1], *name = argument[3], *action = argument[5];
    const int wanted = atoi(argument[4]), error = atoi(action);
    const int lists = !strcmp(action, "list"), kills_caller = !strcmp(action, "kill-caller");
    const int tears = !strcmp(action, "kill-torn");
    FILE *report = fopen(argument[2], "w");
    if (!report) { perror(argument[2]); return 125; }
    const char *refused = getenv("FAULT_REFUSED");
    int counting = 0, fired = 0, outcome = 125;

    pid_t root = fork();
    if (root == 0) {
        fclose(report);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        execv(argument[6], argument + 6);
        _exit(127);
    }
    int status;
    waitpid(root, &status, 0);
    ptrace(PTRACE_SETOPTIONS, root, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK
        | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
    slot(root);
    ptrace(PTRACE_SYSCALL, root, 0, 0);

    for (pid_t thread; (thread = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (thread == root) {
                outcome = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                fprintf(report, WIFEXITED(status) ? "end exit %d\n" : "end signal %d\n",
                    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
            }
            int i = slot(thread);
            threads[i] = threads[--known];
            continue;
        }
        int i = slot(thread), signal = 0;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
            struct ptrace_syscall_info info;
            if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) < 0) continue;
            if (info.op == PTRACE_SYSCALL_INFO_EXIT && threads[i].injected) {
                ptrace(PTRACE_POKEUSER, thread, offsetof(struct user_regs_struct, rax), -(long)threads[i].injected);
                threads[i].injected = 0;
            } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && threads[i].torn) {
                kill_all();
            } else if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
                if (!counting && info.entry.nr == SYS_openat)
                    counting = opens_below(thread, info.entry.args[1], directory);
                if (counting && refused && info.entry.nr == SYS_renameat
                    && renames_to(thread, info.entry.args[3], refused)) {
                    refused = 0;
                    fprintf(report, "refused\n");
                    fflush(report);
                    ptrace(PTRACE_POKEUSER, thread, offsetof(struct user_regs_struct, orig_rax), -1L);
                    threads[i].injected = EIO;
                    ptrace(PTRACE_SYSCALL, thread, 0, 0);
                    continue;
                }
                for (int kind = 0; counting && kind < kinds; kind++) {
                    if (calls[kind].number != (long)info.entry.nr) continue;
                    if (!is_on_a_file(thread, info.entry.nr, info.entry.args[0])) continue;
                    const int k = ++calls[kind].count;
                    const char *who = process_of(thread) == root ? "agent" : "child";
                    if (lists) fprintf(report, "%s %d %s\n", calls[kind].name, k, who);
                    if (fired || lists || k != wanted || strcmp(calls[kind].name, name)) continue;
                    if (tears && (info.entry.nr != SYS_write || *who != 'a')) continue;
                    fired = 1;
                    fprintf(report, "fired %s %d %s\n", name, k, who);
                    fflush(report);
                    if (tears) {
                        threads[i].torn = 1;
                        ptrace(PTRACE_POKEUSER, thread, offsetof(struct user_regs_struct, rdx),
                            (long)(info.entry.args[2] / 2));
                        continue;
                    }
                    /* The call itself isn't made. */
                    if (!error || info.entry.nr != SYS_close)
                        ptrace(PTRACE_POKEUSER, thread, offsetof(struct user_regs_struct, orig_rax), -1L);
                    if (error) threads[i].injected = error;
                    else if (kills_caller) kill(thread, SIGKILL);
                    else kill_all();
                }
            }
        } else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP && WSTOPSIG(status) != SIGTRAP) {
            signal = WSTOPSIG(status);
        }
        ptrace(PTRACE_SYSCALL, thread, 0, signal);
    }
    fclose(report);
    return outcome;
}
