/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every hostile shape, thousands of times each, to one daemon over TLS and plain. What it holds
 * after the first of them it may hold after the last, and no more.
 *
 *   hostile [REQUESTS [WARM-UP]]    or $HOSTILE_REQUESTS, $HOSTILE_WARM_UP; of each shape and port
 *
 * HOSTILE_REQUESTS=20000 HOSTILE_WARM_UP=1000 is the long form: one to two hours.
 */
#include "hostile.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/client.h"
#include "../support/program.h"
#include "../support/tally.h"

#define REQUESTS_DEFAULT 200
#define WARM_UP_DEFAULT 100
#define GROWTH_MAX_KIB 2048
#define PATIENCE_MS 30000 /* for connections to go away */
#define AT_ONCE 50        /* connections that nobody has closed on the other side yet */

enum promise {
    PROMISE_START,
    PROMISE_REACHED,
    PROMISE_REFUSED,
    PROMISE_MEMORY,
    PROMISE_DESCRIPTORS,
    PROMISE_THREADS,
    PROMISE_SERVICE,
    PROMISE_STOP,
    PROMISE_COUNT
};

static const char *const promises[PROMISE_COUNT] = {
    [PROMISE_START] = "the daemon starts",
    [PROMISE_REACHED] = "a connection can always be made",
    [PROMISE_REFUSED] = "what is answered is that the client is at fault",
    [PROMISE_MEMORY] = "no shape leaves more than 2 MiB behind",
    [PROMISE_DESCRIPTORS] = "no shape leaves a descriptor behind",
    [PROMISE_THREADS] = "no shape leaves a thread behind",
    [PROMISE_SERVICE] = "a good request is answered after each shape",
    [PROMISE_STOP] = "the daemon stops in order",
};

/* What a process holds. */
struct holding {
    long rss; /* KiB */
    long threads;
    long descriptors; /* but for the files of the store, which are opened when first needed */
};

struct soak {
    struct tally tally;
    struct daemon daemon;
    struct client client, hsm;
    SSL_CTX *ctx;
    unsigned long requests, warm_up;
    struct holding start; /* with a connection for each client */
};

static long read_field(const char *status, const char *label)
{
    const char *at = strstr(status, label);

    return at != NULL ? strtol(at + strlen(label), NULL, 10) : -1;
}

static bool is_of_store(const char *folder, const char *name)
{
    char path[512];
    char target[512] = "";

    (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
    return readlink(path, target, sizeof(target) - 1) < 0 || strstr(target, "coffer.db") != NULL;
}

static long count_descriptors(pid_t pid)
{
    char folder[64];
    struct dirent *entry;
    long count = 0;
    DIR *directory;

    (void) snprintf(folder, sizeof(folder), "/proc/%d/fd", (int) pid);
    directory = opendir(folder);
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        count += entry->d_name[0] != '.' && !is_of_store(folder, entry->d_name);
    }
    if (directory != NULL) {
        closedir(directory);
    }
    return count;
}

static struct holding look(pid_t pid)
{
    char path[64];
    char status[8192] = "";
    FILE *file;

    (void) snprintf(path, sizeof(path), "/proc/%d/status", (int) pid);
    file = fopen(path, "re");
    if (file != NULL) {
        status[fread(status, 1, sizeof(status) - 1, file)] = '\0';
        fclose(file);
    }
    return (struct holding){
        .rss = read_field(status, "VmRSS:"),
        .threads = read_field(status, "Threads:"),
        .descriptors = count_descriptors(pid),
    };
}

/* Once the connections of the shape are gone: as many descriptors are open as at the start. */
static struct holding look_when_quiet(const struct soak *soak)
{
    kv_millis give_up = kv_clock_monotonic() + PATIENCE_MS;
    struct holding now = look(soak->daemon.pid);

    while (now.descriptors > soak->start.descriptors && kv_clock_monotonic() < give_up) {
        program_pause(20);
        now = look(soak->daemon.pid);
    }
    return now;
}

static bool is_client_at_fault(int status)
{
    return status <= 0 || (status >= 400 && status < 500) || status == 501 || status == 505;
}

/*
 * Connections whose clients left in the middle of something are held for a moment. What many of them
 * at once take is no growth: so they come in groups, and a group waits for the one before.
 */
static void let_go(const struct soak *soak, const struct shape *shape, unsigned long sent)
{
    if ((shape->way == WAY_HALF || shape->way == WAY_HALF_RESET) && sent % AT_ONCE == 0) {
        (void) look_when_quiet(soak);
    }
}

static bool repeat(struct soak *soak, const struct shape *shape, const struct target *target,
                   const struct kv_buf *text, unsigned long times)
{
    for (unsigned long i = 0; i < times; i++) {
        int status = hostile_send(shape, target, text);

        let_go(soak, shape, i + 1);
        if (!tally_check(&soak->tally, PROMISE_REACHED, status >= 0, "%s: request %lu", shape->name,
                         i)) {
            return false;
        }
        tally_check(&soak->tally, PROMISE_REFUSED, is_client_at_fault(status), "%s: %d",
                    shape->name, status);
    }
    return true;
}

static void check_service(struct soak *soak, const char *after)
{
    struct reply reply = client_call(&soak->client, "GET", "/keys/ec", NULL);

    tally_check(&soak->tally, PROMISE_SERVICE, reply.status == 200, "%s: %ld %s", after,
                reply.status, reply.body);
    reply_done(&reply);
}

/* A sanitizer keeps what was freed, to see who uses it: what it holds says nothing. */
static bool is_memory_kept(void)
{
    const char *sanitizers = getenv("SANITIZERS");

    return sanitizers != NULL && sanitizers[0] != '\0' && strcmp(sanitizers, "no") != 0;
}

static void compare(struct soak *soak, const struct shape *shape, bool tls,
                    const struct holding *before, const struct holding *after)
{
    const char *port = tls ? "TLS" : "plain";

    printf("%-42s %-5s %+6ld KiB\n", shape->name, port, after->rss - before->rss);
    fflush(stdout);
    tally_check(&soak->tally, PROMISE_MEMORY,
                is_memory_kept() || after->rss <= before->rss + GROWTH_MAX_KIB,
                "%s, %s: from %ld to %ld KiB", shape->name, port, before->rss, after->rss);
    tally_check(&soak->tally, PROMISE_DESCRIPTORS, after->descriptors <= soak->start.descriptors,
                "%s, %s: %ld instead of %ld", shape->name, port, after->descriptors,
                soak->start.descriptors);
    tally_check(&soak->tally, PROMISE_THREADS, after->threads <= soak->start.threads,
                "%s, %s: %ld instead of %ld", shape->name, port, after->threads,
                soak->start.threads);
}

/* False when there is nobody any more to go on with. */
static bool run_shape(struct soak *soak, const struct shape *shape, bool tls)
{
    const struct target target = {
        .daemon = &soak->daemon,
        .token = soak->client.token,
        .hsm_token = soak->hsm.token,
        .tls = tls,
        .ctx = soak->ctx,
    };
    kv_auto(kv_buf_done) struct kv_buf text;
    struct holding before;
    struct holding after;

    kv_buf_init(&text, HOSTILE_TEXT_MAX);
    hostile_write(shape, &target, &text);
    if (!repeat(soak, shape, &target, &text, soak->warm_up)) {
        return false;
    }
    check_service(soak, shape->name);
    before = look_when_quiet(soak);
    if (!repeat(soak, shape, &target, &text, soak->requests)) {
        return false;
    }
    check_service(soak, shape->name);
    after = look_when_quiet(soak);
    compare(soak, shape, tls, &before, &after);
    return true;
}

static void run_all(struct soak *soak)
{
    for (const struct shape *shape = hostile_shapes; shape->name != NULL; shape++) {
        if ((shape->where != ON_PLAIN && !run_shape(soak, shape, true))
            || (shape->where != ON_TLS && !run_shape(soak, shape, false))) {
            return;
        }
    }
}

static bool furnish(struct soak *soak)
{
    static const char *const releasable =
        "{\"kty\":\"EC\",\"attributes\":{\"exportable\":true},\"release_policy\":{\"data\":"
        "\"eyJ2ZXJzaW9uIjoiMS4wLjAiLCJhbnlPZiI6W3siYXV0aG9yaXR5IjoiaHR0cHM6Ly9hLnRlc3QiLCJhbGxPZiI6"
        "W3siY2xhaW0iOiJjIiwiZXF1YWxzIjoidiJ9XX1dfQ\"}}";
    struct reply ec;
    struct reply release;
    bool made;

    client_open(&soak->client, &soak->daemon, "dev");
    client_open_hsm(&soak->hsm, &soak->daemon, "pool");
    ec = client_call(&soak->client, "POST", "/keys/ec/create", "{\"kty\":\"EC\"}");
    release = client_call(&soak->hsm, "POST", "/keys/free/create", releasable);
    made = tally_check(&soak->tally, PROMISE_SERVICE, ec.status == 200 && release.status == 200,
                       "%s %s", ec.body, release.body);
    reply_done(&ec);
    reply_done(&release);
    soak->start = look(soak->daemon.pid);
    return made;
}

static void run(struct soak *soak)
{
    static const char *const arguments[] = { "--vault",     "dev",   "--vault", "pool,kind=hsm",
                                             "--log-level", "error", NULL };

    daemon_prepare(&soak->daemon);
    if (!tally_check(&soak->tally, PROMISE_START, daemon_start(&soak->daemon, arguments),
                     "its log is above")) {
        return;
    }
    if (furnish(soak)) {
        run_all(soak);
    }
    client_close(&soak->hsm);
    client_close(&soak->client);
    tally_check(&soak->tally, PROMISE_STOP, daemon_stop(&soak->daemon), "its log is above");
    if (tally_is_clean(&soak->tally)) {
        daemon_discard(&soak->daemon);
    }
}

int main(int argc, char **argv)
{
    const struct program_arguments given = { argc, argv, "[REQUESTS [WARM-UP]]" };
    struct soak soak = {
        .requests = program_number(&given, 1, "HOSTILE_REQUESTS", REQUESTS_DEFAULT),
        .warm_up = program_number(&given, 2, "HOSTILE_WARM_UP", WARM_UP_DEFAULT),
    };
    int status;

    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    soak.ctx = SSL_CTX_new(TLS_client_method());
    tally_init(&soak.tally, promises, PROMISE_COUNT);
    run(&soak);
    status = tally_close(&soak.tally);
    SSL_CTX_free(soak.ctx);
    curl_global_cleanup();
    return status;
}
