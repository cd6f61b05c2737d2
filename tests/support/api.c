/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "jwk.h"

#define VARIABLE "TEST_DAEMON"

void api_publish_daemon(const struct daemon *daemon)
{
    char text[1024];

    snprintf(text, sizeof(text), "%d %u %u %s %s", (int) daemon->pid, daemon->port,
             daemon->control_port, daemon->folder, daemon->log);
    setenv(VARIABLE, text, 1);
}

const struct daemon *api_daemon(void)
{
    static struct daemon daemon;
    const char *text = getenv(VARIABLE);

    if (daemon.port == 0) {
        cr_assert_eq(sscanf(text, "%d %u %u %255s %299s", &daemon.pid, &daemon.port,
                            &daemon.control_port, daemon.folder, daemon.log),
                     5);
    }
    return &daemon;
}

void api_begin(struct daemon *daemon, const char *const *arguments)
{
    daemon_prepare(daemon);
    cr_assert(daemon_start(daemon, arguments));
}

void api_end(struct daemon *daemon)
{
    cr_expect(daemon_stop(daemon));
    daemon_discard(daemon);
}

void api_create_key(struct client *client, const char *name, const char *extra,
                    char ret_version[33])
{
    char path[256];
    char body[2048];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    snprintf(body, sizeof(body), "{\"kty\":\"RSA\"%s}", extra);

    API_REPLY(reply, client_call(client, "POST", path, body));
    cr_assert_eq(reply.status, 200, "create %s: %ld %s", name, reply.status, reply.body);

    const char *kid = reply_text(&reply, "key.kid");

    cr_assert_gt(strlen(kid), 32);
    snprintf(ret_version, 33, "%s", kid + strlen(kid) - 32);
}

/* The key in that file; NULL when nobody has made it yet. */
static EVP_PKEY *read_key(const char *path)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key = file != NULL ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;

    if (file != NULL) {
        fclose(file);
    }
    return key;
}

/* Puts a whole file in its place, or none: tests may run side by side. */
static void write_key(const char *path, const EVP_PKEY *key)
{
    char draft[512];
    FILE *file;

    snprintf(draft, sizeof(draft), "%s.%d", path, (int) getpid());
    file = fopen(draft, "wxe");
    cr_assert_not_null(file, "%s", draft);
    cr_assert_eq(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(rename(draft, path), 0);
}

EVP_PKEY *api_rsa(unsigned bits)
{
    char path[400];
    EVP_PKEY *key;

    snprintf(path, sizeof(path), "%s/rsa-%u-of-the-tests.pem", api_daemon()->folder, bits);
    key = read_key(path);
    if (key == NULL) {
        key = jwk_new_rsa(bits);
        cr_assert_not_null(key);
        write_key(path, key);
    }
    return key;
}

static struct reply operate(struct client *client, const char *name, const char *version,
                            const char *operation, const char *alg, const char *value)
{
    char path[512];
    char body[4096];

    snprintf(path, sizeof(path), "/keys/%s/%s/%s", name, version != NULL ? version : "", operation);
    snprintf(body, sizeof(body), "{\"alg\":\"%s\",\"value\":\"%s\"}", alg, value);
    return client_call(client, "POST", path, body);
}

void api_wrap(struct client *client, const char *name, const char *version, const char *alg,
              const char *value, char ret_wrapped[1024])
{
    API_REPLY(reply, operate(client, name, version, "wrapkey", alg, value));

    cr_assert_eq(reply.status, 200, "wrap with %s: %ld %s", name, reply.status, reply.body);
    snprintf(ret_wrapped, 1024, "%s", reply_text(&reply, "value"));
}

struct reply api_unwrap(struct client *client, const char *name, const char *version,
                        const char *alg, const char *value)
{
    return operate(client, name, version, "unwrapkey", alg, value);
}

long api_metric(const struct daemon *daemon, const char *name)
{
    struct client client = { .curl = curl_easy_init(), .daemon = daemon };
    const struct request request = { .method = "GET", .target = "/metrics", .control = true };
    struct reply reply = client_send(&client, &request);
    char line[128];
    const char *found;
    long value = -1;

    snprintf(line, sizeof(line), "\n%s ", name);
    found = strstr(reply.body, line);
    if (found != NULL) {
        sscanf(found + strlen(line), "%ld", &value);
    }
    reply_done(&reply);
    client_close(&client);
    return value;
}

static unsigned count_lines(const struct daemon *daemon, const char *one, const char *other)
{
    unsigned count = 0;
    char line[8192];
    FILE *log = fopen(daemon->log, "r");

    cr_assert_not_null(log, "%s", daemon->log);
    while (fgets(line, sizeof(line), log) != NULL) {
        count += strstr(line, one) != NULL && strstr(line, other) != NULL;
    }
    fclose(log);
    return count;
}

/* A thread of the daemon writes the log, in order: once the line of a request of our own is there,
 * all before it are. */
static void await_log(const struct daemon *daemon)
{
    static unsigned asked;
    __attribute__((cleanup(client_close))) struct client client = { .curl = curl_easy_init(),
                                                                    .daemon = daemon };
    char target[48];
    const struct request request = { .method = "GET", .target = target, .control = true };

    snprintf(target, sizeof(target), "/nothing/%d/%u.", (int) getpid(), ++asked);

    API_REPLY(reply, client_send(&client, &request));
    cr_assert_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
    for (int i = 0; i < 600 && count_lines(daemon, target, " status=404 ") == 0; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    }
}

unsigned api_count_lines(const struct daemon *daemon, const char *one, const char *other)
{
    await_log(daemon);
    return count_lines(daemon, one, other);
}

void api_set_clock(const struct daemon *daemon, const char *order)
{
    __attribute__((cleanup(client_close))) struct client client;
    const struct request request = {
        .method = "POST",
        .target = "/control/v1/clock",
        .body = order,
        .control = true,
    };

    client_open(&client, daemon, "dev");

    API_REPLY(reply, client_send(&client, &request));
    cr_assert_eq(reply.status, 200, "%s: %ld %s", order, reply.status, reply.body);
}

void api_advance(const struct daemon *daemon, long seconds)
{
    char order[64];

    snprintf(order, sizeof(order), "{\"advance\":%ld}", seconds);
    api_set_clock(daemon, order);
}
