/* SPDX-License-Identifier: Apache-2.0 */
/* How connections and answers end by a rule: seen by a raw socket and by libcurl, over TLS at a
 * vault and plainly at an endpoint that gives out tokens. */
#include "fault_tools.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/raw.h"

TestSuite(fault_ends, .timeout = 240);

#define SEEN_MAX 65536
#define BODY "{\"a\":\"0123456789\"}" /* 18 bytes */

/* How a socket sees the end of a connection. */
enum ending { ENDED, RESET };

struct row {
    const char *effect;
    enum ending ending;
    const char *body; /* NULL: no head comes */
    const char *length;
    CURLcode curl;
};

/* A forced answer, so that both places have the same body. */
#define ANSWER "\"status\":200,\"body\":\"{\\\"a\\\":\\\"0123456789\\\"}\""

static const struct row rows[] = {
    { "{\"cut\":\"reset\"}", RESET, NULL, NULL, CURLE_RECV_ERROR },
    { "{\"cut\":\"CONNECTION_RESET_BY_PEER\"}", RESET, NULL, NULL, CURLE_RECV_ERROR },
    { "{\"cut\":\"empty\"}", ENDED, NULL, NULL, CURLE_GOT_NOTHING },
    { "{\"cut\":\"EMPTY_RESPONSE\"}", ENDED, NULL, NULL, CURLE_GOT_NOTHING },
    { "{\"cut\":\"garbage\"}", ENDED, NULL, NULL, CURLE_UNSUPPORTED_PROTOCOL },
    { "{\"cut\":\"reset\",\"delay\":50}", RESET, NULL, NULL, CURLE_RECV_ERROR },
    { "{\"cut\":\"reset\",\"carried_out\":true}", RESET, NULL, NULL, CURLE_RECV_ERROR },
    { "{" ANSWER ",\"cut\":\"bad_chunk\"}", ENDED, "no size\r\nno chunk\r\n", NULL,
      CURLE_RECV_ERROR },
    { "{" ANSWER ",\"cut\":\"truncated\",\"length\":7}", ENDED, "{\"a\":\"0", "18",
      CURLE_PARTIAL_FILE },
    { "{" ANSWER ",\"cut\":\"truncated\",\"length\":7,\"carried_out\":true}", ENDED, "{\"a\":\"0",
      "18", CURLE_PARTIAL_FILE },
    { "{" ANSWER ",\"cut\":\"wrong_length\",\"length\":99}", ENDED, BODY, "99",
      CURLE_PARTIAL_FILE },
    { "{" ANSWER ",\"cut\":\"wrong_length\",\"length\":4}", ENDED, BODY, "4", CURLE_OK },
    { "{" ANSWER ",\"malformed_json\":true}", ENDED, "{\"a\":\"0123456789\"", "17", CURLE_OK },
    { "{" ANSWER ",\"dribble\":{\"chunks\":6,\"duration\":120}}", ENDED, BODY, "18", CURLE_OK },
};

struct place {
    const char *name, *match, *path, *header;
    bool secure, takes_token;
};

static const struct place places[] = {
    { "TLS", "\"match\":{\"session\":\"ends\",\"operation\":\"getKey\"}",
      "/keys/ends?api-version=7.6", "Authorization: Bearer ", true, true },
    { "login", "\"match\":{\"session\":\"ends\",\"operation\":\"authorityDiscovery\"}",
      "/common/v2.0/.well-known/openid-configuration", "Accept: */*", true, false },
    { "plain", "\"match\":{\"session\":\"ends\",\"operation\":\"imdsToken\"}",
      "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net",
      "Metadata: true", false, false },
};

static void add_rule(const struct place *place, const char *effect)
{
    char rest[1024];

    (void) snprintf(rest, sizeof(rest), "%s,\"effect\":%s", place->match, effect);
    fault_add("ends", rest);
}

static ssize_t read_some(const struct raw *raw, char *into, size_t size)
{
    return raw->ssl != NULL ? SSL_read(raw->ssl, into, (int) size)
                            : recv(raw->descriptor, into, size, 0);
}

/* Reads to the end, and tells how that came. */
static enum ending read_all(const struct raw *raw, char ret_seen[SEEN_MAX])
{
    size_t len = 0;
    ssize_t got;

    while ((got = read_some(raw, ret_seen + len, SEEN_MAX - 1 - len)) > 0) {
        len += (size_t) got;
    }
    ret_seen[len] = '\0';
    if (raw->ssl != NULL) {
        return SSL_get_error(raw->ssl, (int) got) == SSL_ERROR_ZERO_RETURN ? ENDED : RESET;
    }
    return got == 0 ? ENDED : RESET;
}

static enum ending ask_by_hand(const struct place *place, const char *token,
                               char ret_seen[SEEN_MAX])
{
    const struct daemon *daemon = api_daemon();
    struct raw raw;
    char *text = NULL;
    int len = asprintf(&text,
                       "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s%s\r\n"
                       "x-coffer-session: ends\r\n\r\n",
                       place->path, place->secure ? "dev.vault.localhost" : "localhost",
                       place->header, place->takes_token ? token : "");

    cr_assert_gt(len, 0);
    cr_assert(raw_open(&raw, place->secure ? daemon->port : daemon->control_port, place->secure));
    cr_assert(raw_send(&raw, text, (size_t) len));
    enum ending ending = read_all(&raw, ret_seen);
    raw_close(&raw);
    free(text);
    return ending;
}

static void expect_by_hand(const struct place *place, const struct row *row, const char *token)
{
    static char seen[SEEN_MAX];
    enum ending ending = ask_by_hand(place, token, seen);
    const char *body = strstr(seen, "\r\n\r\n");
    char length[64];

    cr_expect_eq(ending, row->ending, "%s %s: %s", place->name, row->effect, seen);
    if (row->body == NULL) {
        cr_expect_null(strstr(seen, "HTTP"), "%s %s: %s", place->name, row->effect, seen);
        return;
    }
    cr_assert_not_null(body, "%s %s: %s", place->name, row->effect, seen);
    cr_expect_str_eq(body + 4, row->body, "%s %s", place->name, row->effect);
    if (row->length != NULL) {
        (void) snprintf(length, sizeof(length), "\r\nContent-Length: %s\r\n", row->length);
        cr_expect_not_null(strstr(seen, length), "%s %s: %s", place->name, row->effect, seen);
    }
}

static size_t drop(char *bytes, size_t size, size_t count, void *context)
{
    (void) bytes;
    (void) context;
    return size * count;
}

static CURLcode ask_by_curl(const struct place *place, const char *token)
{
    const struct daemon *daemon = api_daemon();
    CURL *curl = curl_easy_init();
    char url[512], host[64], header[8192];

    (void) snprintf(url, sizeof(url), "%s:%u%s",
                    place->secure ? "https://dev.vault.localhost" : "http://localhost",
                    place->secure ? daemon->port : daemon->control_port, place->path);
    (void) snprintf(host, sizeof(host), "dev.vault.localhost:%u:127.0.0.1", daemon->port);
    (void) snprintf(header, sizeof(header), "%s%s", place->header, place->takes_token ? token : "");
    struct curl_slist *headers = curl_slist_append(NULL, header);
    struct curl_slist *hosts = curl_slist_append(NULL, host);
    headers = curl_slist_append(headers, "x-coffer-session: ends");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_RESOLVE, hosts);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    curl_slist_free_all(hosts);
    curl_easy_cleanup(curl);
    return code;
}

static void expect_place(const struct place *place)
{
    char *token = client_fetch_token(api_daemon(), "https://vault.azure.net");

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        add_rule(place, rows[i].effect);
        expect_by_hand(place, &rows[i], token);
        CURLcode code = ask_by_curl(place, token);
        cr_expect_eq(code, rows[i].curl, "%s %s: %d, %s", place->name, rows[i].effect, code,
                     curl_easy_strerror(code));
        cr_expect_eq(fault_count("ends", "hits"), 2, "%s %s", place->name, rows[i].effect);
        fault_remove("ends");
    }
    free(token);
}

Test(fault_ends, are_seen_as_such_over_tls_and_plainly)
{
    for (size_t i = 0; i < KV_COUNT(places); i++) {
        expect_place(&places[i]);
    }
}

/* A socket from that address, which gets nothing but its end. */
static void expect_no_handshake(const char *cut)
{
    const struct sockaddr_in from = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(0x7f000009),
    };
    const struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t) api_daemon()->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    char byte;
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(bind(descriptor, (const struct sockaddr *) &from, sizeof(from)), 0);
    bool is_up = connect(descriptor, (const struct sockaddr *) &to, sizeof(to)) == 0;
    ssize_t got = is_up ? recv(descriptor, &byte, 1, 0) : -1;
    cr_expect_eq(got, strcmp(cut, "reset") == 0 ? -1 : 0, "%s: %zd", cut, got);
    close(descriptor);
}

static CURLcode connect_from(const char *address)
{
    CURL *curl = curl_easy_init();
    char url[64];

    (void) snprintf(url, sizeof(url), "https://127.0.0.1:%u/", api_daemon()->port);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_INTERFACE, address);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code;
}

/* Nothing comes, and others do not wait with it. */
Test(fault_ends, hang_until_the_client_leaves)
{
    const struct daemon *daemon = api_daemon();
    static const char request[] =
        "GET /metadata/identity/oauth2/token?api-version=2018-02-01&client_id=hung"
        "&resource=https://vault.azure.net HTTP/1.1\r\nHost: localhost\r\nMetadata: true\r\n\r\n";
    struct raw raw;

    fault_add("hang", "\"match\":{\"operation\":\"imdsToken\",\"principal\":\"hung\"},"
                      "\"effect\":{\"hang\":true}");
    cr_assert(raw_open(&raw, daemon->control_port, false));
    struct pollfd answer = { .fd = raw.descriptor, .events = POLLIN };
    cr_assert(raw_send(&raw, request, strlen(request)));
    while (fault_count("hang", "hits") == 0) {
    }
    cr_expect_eq(poll(&answer, 1, 300), 0);
    raw_close(&raw);
    fault_remove("hang");
    API_CLIENT(dev);
    API_REPLY(next, client_call(&dev, "GET", "/keys", NULL));
    cr_expect_eq(next.status, 200);
}

/* Before the handshake, of the clients of an address of their own; the control port stays, so that the
 * rule can be taken away. */
Test(fault_ends, come_before_the_handshake)
{
    static const char *const cuts[] = { "reset", "empty" };
    char rest[256];

    for (size_t i = 0; i < KV_COUNT(cuts); i++) {
        (void) snprintf(rest, sizeof(rest),
                        "\"stage\":\"connection\",\"match\":{\"client\":\"127.0.0.9\"},"
                        "\"when\":{\"times\":2},\"effect\":{\"cut\":\"%s\"}",
                        cuts[i]);
        fault_add("handshake", rest);
        expect_no_handshake(cuts[i]);
        CURLcode code = connect_from("127.0.0.9"); /* a reset may be faster than its connect() */
        bool is_early = i == 0 && code == CURLE_COULDNT_CONNECT;
        cr_expect(is_early || code == CURLE_SSL_CONNECT_ERROR, "%s: %d, %s", cuts[i], code,
                  curl_easy_strerror(code));
        cr_expect_eq(connect_from("127.0.0.9"), CURLE_OK, "used up");
        cr_expect_eq(fault_count("handshake", "hits"), 2);
        fault_remove("handshake");
    }
}

/* Never sooner than it says; a rule that is removed meanwhile goes on for those it has hit. */
Test(fault_ends, come_after_the_delay)
{
    static const char *const effects[] = {
        "{\"delay\":250}",
        "{\"delay\":250,\"status\":503}",
        "{\"delay\":250,\"status\":503,\"carried_out\":true}",
        "{\"delay\":{\"uniform\":{\"lower\":250,\"upper\":260}},\"error\":\"THROTTLED\"}",
    };
    static const long statuses[] = { 404, 503, 503, 429 };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(effects); i++) {
        double seconds = 0;

        fault_add_for_key("late", "late", effects[i]);
        API_REPLY(reply, client_call(&dev, "GET", "/keys/late", NULL));
        cr_expect_eq(reply.status, statuses[i], "%s: %s", effects[i], reply.body);
        curl_easy_getinfo(dev.curl, CURLINFO_TOTAL_TIME, &seconds);
        cr_expect_geq(seconds, 0.25, "%s", effects[i]);
        fault_remove("late");
    }
}

/* The real answer, whole, in no less time than its pieces take. */
Test(fault_ends, dribble_the_real_answer)
{
    char version[33];
    double seconds = 0;
    API_CLIENT(dev);

    api_create_key(&dev, "dribble", "", version);
    API_REPLY(whole, client_call(&dev, "GET", "/keys/dribble", NULL));
    fault_add_for_key("dribble", "dribble", "{\"dribble\":{\"chunks\":5,\"duration\":250}}");
    API_REPLY(slow, client_call(&dev, "GET", "/keys/dribble", NULL));
    curl_easy_getinfo(dev.curl, CURLINFO_TOTAL_TIME, &seconds);
    cr_expect_str_eq(slow.body, whole.body);
    cr_expect_geq(seconds, 0.25);
    fault_remove("dribble");
}
