/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon.h - the built program as tests drive it: started with a data folder of its own on free
 * ports, spoken to over HTTPS, stopped or killed.
 *
 * The binary is ./coffer, or $TEST_PROGRAM; $TEST_WRAPPER (for example a valgrind command line) is put
 * before it. With TEST_TOKEN=nss it gets a token of NSS by its --pkcs11 options. What it writes to
 * standard error is kept in a file that a failed stop shows. It does not outlive the thread that
 * started it.
 * Thread rule: start and stop from one thread; the fields may be read by any in between.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct daemon {
    pid_t pid;        /* 0: not running */
    char folder[256]; /* --data; made by daemon_prepare() */
    char log[300];    /* its standard error */
    char token[300];  /* the folder of its token, when that is not its own business */
    unsigned port, control_port;
    int ready; /* where its ready line comes from, between launch and await; -1 otherwise */
};

/* Makes a fresh data folder. */
void daemon_prepare(struct daemon *daemon);

/*
 * Starts `coffer serve --data FOLDER --port 0 --control-port 0` with further arguments
 * (NULL-terminated list) and waits until it is ready. False, with the log on standard error, when
 * it does not get there in a minute.
 */
bool daemon_start(struct daemon *daemon, const char *const *arguments);

/* The same in two steps, for whoever wants to end it in between. */
bool daemon_launch(struct daemon *daemon, const char *const *arguments);
bool daemon_await(struct daemon *daemon);

/* False once it has ended, whatever the reason. */
bool daemon_is_running(const struct daemon *daemon);

/* Of one that has ended by itself: says how on standard error, with the end of its log. */
void daemon_report_end(struct daemon *daemon);

/* SIGTERM, then waits. True when it ended with status 0 within a minute. */
bool daemon_stop(struct daemon *daemon);

/* SIGKILL, then waits. */
void daemon_kill(struct daemon *daemon);

/* Removes the data folder and the log. */
void daemon_discard(struct daemon *daemon);

/* Runs the program with `arguments` (NULL-terminated, without its name), collects at most
 * `size` - 1 bytes of standard output and error, and returns its exit status, -1 for a signal. */
int program_run(const char *const *arguments, char *ret_output, size_t size);
