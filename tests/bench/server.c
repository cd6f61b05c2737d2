/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "guard.h"
#include "kv/base/base64.h"
#include "kv/base/uuid.h"

#define DIGEST_LENGTH 32   /* of ES256 */
#define DATA_KEY_LENGTH 32 /* what is usually wrapped: an AES-256 key */
#define VERSION_QUERY "?api-version=7.6"

bool server_start(struct server *server)
{
    const char *arguments[5] = { NULL };
    size_t count = 0;

    if (server->is_guarded) {
        arguments[count++] = "--vault";
        arguments[count++] = VAULT ",access=rbac";
    }
    if (server->log != NULL) {
        arguments[count++] = "--log-level";
        arguments[count++] = server->log;
    }
    if (!daemon_start(&server->daemon, arguments)) {
        return false;
    }
    client_open(&server->client, &server->daemon, VAULT);
    if (server->client.token == NULL) {
        fputs("bench: the daemon gives no token\n", stderr);
        return false;
    }
    return true;
}

bool server_init(struct server *server)
{
    return server_init_as(server, false);
}

static bool read_caller(struct server *server, char ret_id[KV_UUID_LENGTH + 1])
{
    const struct request request = {
        .method = "GET",
        .target = "/control/v1/identity",
        .control = true,
    };
    struct reply reply = client_send(&server->client, &request);

    (void) snprintf(ret_id, KV_UUID_LENGTH + 1, "%s", reply_text(&reply, "object_id"));
    reply_done(&reply);
    return *ret_id != '\0';
}

bool server_init_as(struct server *server, bool is_guarded)
{
    char caller[KV_UUID_LENGTH + 1];

    *server = (struct server){ .is_guarded = is_guarded };
    daemon_prepare(&server->daemon);
    if (!server_start(server) || !is_guarded) {
        return server->client.token != NULL;
    }
    return read_caller(server, caller) && server_stop(server) && guard_fill(server, caller)
           && server_start(server);
}

bool server_init_with_log(struct server *server, const char *level)
{
    *server = (struct server){ .log = level };
    daemon_prepare(&server->daemon);
    return server_start(server);
}

bool server_stop(struct server *server)
{
    client_close(&server->client);
    return daemon_stop(&server->daemon);
}

void server_done(struct server *server)
{
    if (server->daemon.folder[0] != '\0') {
        KV_IGNORE(server_stop(server)); /* it says so itself when it does not stop */
        daemon_discard(&server->daemon);
    }
}

double server_cpu_us(const struct server *server)
{
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(server->daemon.pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
        return NAN;
    }
    return (double) used.tv_sec * 1e6 + (double) used.tv_nsec / 1e3;
}

double server_memory_mib(const struct server *server)
{
    static const char label[] = "VmRSS:";
    char path[64], line[256];
    double kib = NAN;
    FILE *status;

    snprintf(path, sizeof(path), "/proc/%d/status", (int) server->daemon.pid);
    status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, label, strlen(label)) == 0) {
            kib = strtod(line + strlen(label), NULL);
        }
    }
    if (status != NULL) {
        fclose(status);
    }
    return kib / 1024;
}

/* Whether the answer was a 200; else shows it. */
static bool is_good(const struct reply *reply, const char *what)
{
    if (reply->status != 200) {
        fprintf(stderr, "bench: %s: %ld %s\n", what, reply->status, reply->body);
    }
    return reply->status == 200;
}

static bool create_key(struct client *client, const char *name, const char *body)
{
    char path[256];
    struct reply reply;
    bool created;

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    reply = client_call(client, "POST", path, body);
    created = is_good(&reply, path);
    reply_done(&reply);
    return created;
}

bool server_create_key(struct client *client, const char *name, unsigned bits)
{
    char body[128];

    snprintf(body, sizeof(body), "{\"kty\":\"RSA-HSM\",\"key_size\":%u}", bits);
    return create_key(client, name, body);
}

bool server_create_ec_key(struct client *client, const char *name)
{
    return create_key(client, name, "{\"kty\":\"EC-HSM\",\"crv\":\"P-256\"}");
}

static bool render(const struct server *server, const char *method, const char *target,
                   const char *body, struct load_request *ret_request)
{
    char type[96] = "";
    char *bytes;

    if (body != NULL) {
        snprintf(type, sizeof(type), "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                 strlen(body));
    }

    int len = asprintf(&bytes,
                       "%s %s HTTP/1.1\r\nHost: %s:%u\r\nAuthorization: Bearer %s\r\n"
                       "Accept: application/json\r\n%s\r\n%s",
                       method, target, server->client.host, server->daemon.port,
                       server->client.token, type, body != NULL ? body : "");

    if (len < 0) {
        return false;
    }
    *ret_request = (struct load_request){ .bytes = bytes, .len = (size_t) len };
    return true;
}

/* `value`: what the answer must have as "value"; NULL: anything. */
static bool prepare(struct server *server, const char *method, const char *target, const char *body,
                    const char *value, struct load_request *ret_request)
{
    const struct request once = { .method = method, .target = target, .body = body };
    struct reply reply = client_send(&server->client, &once);
    bool good = is_good(&reply, target);

    if (good && value != NULL && strcmp(reply_text(&reply, "value"), value) != 0) {
        fprintf(stderr, "bench: %s gave other bytes than were wrapped\n", target);
        good = false;
    }
    good = good && render(server, method, target, body, ret_request);
    if (good) {
        ret_request->expected_len = reply.len;
        ret_request->expected_same = reply.len;
        ret_request->expected = kv_take(reply.body);
    }
    reply_done(&reply);
    return good;
}

bool server_prepare_get(struct server *server, const char *target, struct load_request *ret_request)
{
    return prepare(server, "GET", target, NULL, NULL, ret_request);
}

/* The body of both directions: {"alg","value"}. */
static void render_operation(const char *value, char *body, size_t size)
{
    snprintf(body, size, "{\"alg\":\"RSA-OAEP-256\",\"value\":\"%s\"}", value);
}

bool server_prepare_unwrap(struct server *server, const char *key, struct load_request *ret_request)
{
    unsigned char bytes[DATA_KEY_LENGTH];
    char plain[KV_BASE64URL_LENGTH(DATA_KEY_LENGTH) + 1];
    char path[256], body[2048];
    struct reply wrapped;
    bool good;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return false;
    }
    kv_base64url_encode(bytes, sizeof(bytes), plain);
    render_operation(plain, body, sizeof(body));
    snprintf(path, sizeof(path), "/keys/%s/wrapkey", key);
    wrapped = client_call(&server->client, "POST", path, body);
    good = is_good(&wrapped, path);
    render_operation(reply_text(&wrapped, "value"), body, sizeof(body));
    reply_done(&wrapped);
    snprintf(path, sizeof(path), "/keys/%s/unwrapkey" VERSION_QUERY, key);
    return good && prepare(server, "POST", path, body, plain, ret_request);
}

bool server_prepare_sign(struct server *server, const char *key, struct load_request *ret_request)
{
    static const char before[] = "\"value\":\"";
    unsigned char digest[DIGEST_LENGTH];
    char text[KV_BASE64URL_LENGTH(DIGEST_LENGTH) + 1];
    char path[256], body[256];
    const char *value;

    if (RAND_bytes(digest, sizeof(digest)) != 1) {
        return false;
    }
    kv_base64url_encode(digest, sizeof(digest), text);
    snprintf(body, sizeof(body), "{\"alg\":\"ES256\",\"value\":\"%s\"}", text);
    snprintf(path, sizeof(path), "/keys/%s/sign" VERSION_QUERY, key);
    if (!prepare(server, "POST", path, body, NULL, ret_request)) {
        return false;
    }
    value = strstr(ret_request->expected, before);
    if (value == NULL) {
        return false;
    }
    ret_request->expected_same = (size_t) (value - ret_request->expected) + strlen(before);
    return true;
}

struct load *server_open_load(const struct server *server, unsigned connections,
                              const struct load_request *request, size_t requests)
{
    const struct load_config config = {
        .port = server->daemon.port,
        .host = server->client.host,
        .ca = server->client.ca,
        .connections = connections,
        .request = request,
        .requests = requests,
    };

    return load_open(&config);
}
