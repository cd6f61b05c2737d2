/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kv/base/clock.h"
#include "kv/base/files.h"
#include "nss.h"

#define PATIENCE_MS 60000
#define ARGUMENTS_MAX 48
#define LAST_WORDS 30 /* lines of the log of a daemon that died */
#define TOKEN_LABEL "coffer test"
#define TOKEN_PIN "20746358"

static void make_token(struct daemon *daemon)
{
    snprintf(daemon->token, sizeof(daemon->token), "%s/nss", daemon->folder);
    if (mkdir(daemon->token, 0700) != 0 || !nss_make_token(daemon->token, TOKEN_PIN)) {
        exit(1);
    }
}

void daemon_prepare(struct daemon *daemon)
{
    *daemon = (struct daemon){ .ready = -1 };
    snprintf(daemon->folder, sizeof(daemon->folder), "/tmp/coffer-test-XXXXXX");
    if (mkdtemp(daemon->folder) == NULL) {
        perror("mkdtemp");
        exit(1);
    }
    snprintf(daemon->log, sizeof(daemon->log), "%s.log", daemon->folder);
    if (nss_is_chosen()) {
        make_token(daemon);
    }
}

#define WHOLE_LOG SIZE_MAX

/* The last `lines` lines of the log. */
static void show_log(const struct daemon *daemon, size_t lines)
{
    char line[4096];
    FILE *log = fopen(daemon->log, "r");
    size_t count = 0;

    if (log == NULL) {
        return;
    }
    while (fgets(line, sizeof(line), log) != NULL) {
        count++;
    }
    rewind(log);
    while (fgets(line, sizeof(line), log) != NULL) {
        if (count-- <= lines) {
            fputs(line, stderr);
        }
    }
    fclose(log);
}

/* The command line: wrapper, program, then the arguments. */
static void fill_command(const char **command, const char *const *arguments)
{
    static char wrapper[1024];
    const char *program = getenv("TEST_PROGRAM");
    size_t count = 0;

    snprintf(wrapper, sizeof(wrapper), "%s",
             getenv("TEST_WRAPPER") != NULL ? getenv("TEST_WRAPPER") : "");
    for (char *rest = wrapper, *word; (word = strsep(&rest, " ")) != NULL;) {
        if (word[0] != '\0' && count < ARGUMENTS_MAX / 2) {
            command[count++] = word;
        }
    }
    command[count++] = program != NULL ? program : "./coffer";
    for (; *arguments != NULL && count < ARGUMENTS_MAX - 1; arguments++) {
        command[count++] = *arguments;
    }
    command[count] = NULL;
}

static _Noreturn void become(const char *const *arguments, int out, int errors)
{
    const char *command[ARGUMENTS_MAX];

    fill_command(command, arguments);
    /* Keys that nobody asked for take time, and tests count what is on the token. */
    setenv("COFFER_KEY_POOL", "off", 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is killed leaves no daemon behind */
    signal(SIGPIPE, SIG_DFL);         /* what a test ignores, the daemon must not have ignored */
    dup2(out, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    execvp(command[0], (char **) command);
    perror(command[0]);
    _exit(127);
}

/* Reads the ready line, byte by byte so that nothing behind it is lost. */
static bool read_ready_line(int descriptor, char *line, size_t size)
{
    kv_millis deadline = kv_clock_monotonic() + PATIENCE_MS;
    size_t len = 0;

    while (len + 1 < size) {
        struct pollfd wait = { .fd = descriptor, .events = POLLIN };
        kv_millis left = deadline - kv_clock_monotonic();

        if (left <= 0 || poll(&wait, 1, (int) left) != 1 || read(descriptor, line + len, 1) != 1) {
            return false;
        }
        if (line[len] == '\n') {
            line[len] = '\0';
            return true;
        }
        len++;
    }
    return false;
}

static bool parse_ports(struct daemon *daemon, const char *line)
{
    const char *control = strstr(line, " control ");
    const char *port = control != NULL ? strrchr(line, ':') : NULL;

    return control != NULL && sscanf(line, "coffer ready https://%*[^:]:%u", &daemon->port) == 1
           && sscanf(port, ":%u", &daemon->control_port) == 1;
}

/* Appends the options of a token that is not the daemon's own. */
static size_t add_token(const struct daemon *daemon, const char **arguments, size_t count)
{
    static char pin_file[sizeof(daemon->token) + sizeof("/pin")];
    static char init_args[sizeof(daemon->token) + 128];

    if (daemon->token[0] == '\0') {
        return count;
    }
    snprintf(pin_file, sizeof(pin_file), "%s/pin", daemon->token);
    nss_init_args(daemon->token, TOKEN_LABEL, init_args, sizeof(init_args));
    arguments[count++] = "--pkcs11-module";
    arguments[count++] = NSS_MODULE;
    arguments[count++] = "--pkcs11-token";
    arguments[count++] = TOKEN_LABEL;
    arguments[count++] = "--pkcs11-pin-file";
    arguments[count++] = pin_file;
    arguments[count++] = "--pkcs11-init-args";
    arguments[count++] = init_args;
    return count;
}

bool daemon_launch(struct daemon *daemon, const char *const *arguments)
{
    const char *all[ARGUMENTS_MAX] = { "serve",          "--data", daemon->folder, "--port", "0",
                                       "--control-port", "0" };
    size_t count = add_token(daemon, all, 7);
    int ready[2];
    int log = open(daemon->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    for (; arguments != NULL && *arguments != NULL && count < ARGUMENTS_MAX - 1; arguments++) {
        all[count++] = *arguments;
    }
    if (log < 0 || pipe2(ready, O_CLOEXEC) != 0) {
        perror("daemon");
        return false;
    }
    daemon->pid = fork();
    if (daemon->pid == 0) {
        become(all, ready[1], log);
    }
    close(ready[1]);
    close(log);
    daemon->ready = ready[0];
    return daemon->pid > 0;
}

static void forget_ready_line(struct daemon *daemon)
{
    if (daemon->ready >= 0) {
        close(daemon->ready);
    }
    daemon->ready = -1;
}

bool daemon_await(struct daemon *daemon)
{
    char line[512];
    bool started = read_ready_line(daemon->ready, line, sizeof(line)) && parse_ports(daemon, line);

    forget_ready_line(daemon);
    if (!started) {
        show_log(daemon, WHOLE_LOG);
        daemon_kill(daemon);
    }
    return started;
}

bool daemon_start(struct daemon *daemon, const char *const *arguments)
{
    return daemon_launch(daemon, arguments) && daemon_await(daemon);
}

bool daemon_is_running(const struct daemon *daemon)
{
    siginfo_t info = { .si_pid = 0 };

    /* WNOWAIT leaves the end, if it came, for whoever stops or kills. */
    return daemon->pid > 0
           && waitid(P_PID, (id_t) daemon->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0
           && info.si_pid == 0;
}

/* -1: it still runs, against all waiting. */
static void say_end(int status)
{
    if (status == -1) {
        fprintf(stderr, "the daemon does not end");
    } else if (WIFSIGNALED(status)) {
        fprintf(stderr, "the daemon died of signal %d (%s)", WTERMSIG(status),
                strsignal(WTERMSIG(status)));
    } else {
        fprintf(stderr, "the daemon ended with status %d", WEXITSTATUS(status));
    }
}

void daemon_report_end(struct daemon *daemon)
{
    int status = 0;

    waitpid(daemon->pid, &status, 0);
    daemon->pid = 0;
    say_end(status);
    fprintf(stderr, "; the end of its log, %s:\n", daemon->log);
    show_log(daemon, LAST_WORDS);
}

/* Waits at most a minute; -1 when it still runs then. */
static int wait_for_end(pid_t pid)
{
    const struct timespec pause = { .tv_nsec = 5000000 };
    kv_millis deadline = kv_clock_monotonic() + PATIENCE_MS;
    int status;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (kv_clock_monotonic() > deadline) {
            return -1;
        }
        nanosleep(&pause, NULL);
    }
    return status;
}

bool daemon_stop(struct daemon *daemon)
{
    int status;

    if (daemon->pid <= 0) {
        return true;
    }
    kill(daemon->pid, SIGTERM);
    status = wait_for_end(daemon->pid);
    if (status != 0) {
        show_log(daemon, WHOLE_LOG);
        say_end(status);
        fputc('\n', stderr);
        kill(daemon->pid, SIGKILL);
    }
    daemon->pid = 0;
    return status == 0;
}

void daemon_kill(struct daemon *daemon)
{
    if (daemon->pid > 0) {
        kill(daemon->pid, SIGKILL);
        waitpid(daemon->pid, NULL, 0);
    }
    daemon->pid = 0;
    forget_ready_line(daemon);
}

void daemon_discard(struct daemon *daemon)
{
    KV_IGNORE(kv_folder_remove(daemon->folder, NULL)); /* a test's leavings hurt nobody */
    unlink(daemon->log);
}

int program_run(const char *const *arguments, char *ret_output, size_t size)
{
    int out[2];
    size_t len = 0;
    ssize_t got;
    pid_t pid;
    int status;

    if (pipe2(out, O_CLOEXEC) != 0) {
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        become(arguments, out[1], out[1]);
    }
    close(out[1]);
    while (len + 1 < size && (got = read(out[0], ret_output + len, size - 1 - len)) > 0) {
        len += (size_t) got;
    }
    ret_output[len] = '\0';
    close(out[0]);
    status = wait_for_end(pid);
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
