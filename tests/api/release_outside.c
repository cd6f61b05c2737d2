/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An attestation authority that takes connections and never says a word, and who waits for it:
 * those who ask for a release, and nobody else.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kv/base/base64.h"
#include "release_tools.h"

#define RELEASES 12
#define TOKEN_MAX 2048

struct silence {
    int listener;
    char url[64];
};

static void fall_silent(struct silence *silence)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    silence->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(silence->listener, (struct sockaddr *) &address, sizeof(address)), 0);
    cr_assert_eq(listen(silence->listener, 64), 0);
    cr_assert_eq(getsockname(silence->listener, (struct sockaddr *) &address, &len), 0);
    snprintf(silence->url, sizeof(silence->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
}

/* Waits until somebody is at the door. */
static void await_visitor(const struct silence *silence)
{
    struct pollfd polled = { .fd = silence->listener, .events = POLLIN };

    cr_assert_eq(poll(&polled, 1, 60000), 1, "nobody has come");
}

static void create_key(struct client *client, const char *name, const struct silence *silence)
{
    char json[512];
    char data[1024];

    snprintf(json, sizeof(json),
             "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"%s\",\"allOf\":[" MAA "]}]}",
             silence->url);
    kv_base64url_encode(json, strlen(json), data);
    API_REPLY(reply, release_create(client, name, "EC-HSM", data));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

/* Signed by nobody: whoever looks has to ask for the keys first. */
static void make_token(const struct silence *silence, char ret_token[TOKEN_MAX])
{
    static const char header[] = "{\"alg\":\"RS256\",\"kid\":\"k\"}";
    char claims[256];
    char part[2][512];
    char signature[512];
    unsigned char zeros[256] = { 0 };

    snprintf(claims, sizeof(claims), "{\"iss\":\"%s\"}", silence->url);
    kv_base64url_encode(header, strlen(header), part[0]);
    kv_base64url_encode(claims, strlen(claims), part[1]);
    kv_base64url_encode(zeros, sizeof(zeros), signature);
    snprintf(ret_token, TOKEN_MAX, "%s.%s.%s", part[0], part[1], signature);
}

struct visit {
    pthread_t thread;
    const struct daemon *daemon;
    const char *key, *token;
    atomic_uint *answered;
    struct reply reply;
};

static void *ask_for_release(void *argument)
{
    struct visit *visit = argument;
    API_CLIENT_OF(visit->daemon, dev);

    visit->reply = release_send(&dev, visit->key, visit->token, "CKM_RSA_AES_KEY_WRAP");
    atomic_fetch_add(visit->answered, 1);
    return NULL;
}

static void begin(struct visit *visit, const struct visit *like)
{
    *visit = *like;
    cr_assert_eq(pthread_create(&visit->thread, NULL, ask_for_release, visit), 0);
}

Test(release, UNAVAILABLE_from_a_silent_authority_while_others_are_served)
{
    struct silence silence;
    char token[TOKEN_MAX];
    struct visit visits[RELEASES];
    atomic_uint answered = 0;
    const struct visit like = {
        .daemon = api_daemon(), .key = "release-unheard", .token = token, .answered = &answered
    };
    API_CLIENT(dev);

    fall_silent(&silence);
    create_key(&dev, like.key, &silence);
    API_REPLY(made, client_call(&dev, "POST", "/keys/release-beside/create", "{\"kty\":\"EC\"}"));
    make_token(&silence, token);
    for (size_t i = 0; i < RELEASES; i++) {
        begin(&visits[i], &like);
    }
    await_visitor(&silence);
    API_REPLY(got, client_call(&dev, "GET", "/keys/release-beside", NULL));
    API_REPLY(signature, client_call(&dev, "POST", "/keys/release-beside/sign",
                                     "{\"alg\":\"ES256\","
                                     "\"value\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}"));
    cr_expect_eq(got.status, 200, "%s", got.body);
    cr_expect_eq(signature.status, 200, "%s", signature.body);
    cr_expect_eq(answered, 0, "%u releases were answered first", answered);
    for (size_t i = 0; i < RELEASES; i++) {
        pthread_join(visits[i].thread, NULL);
        cr_expect_eq(visits[i].reply.status, 503, "%s", visits[i].reply.body);
        cr_expect_not_null(strstr(visits[i].reply.body, "could not be asked: Timeout"), "%s",
                           visits[i].reply.body);
        reply_done(&visits[i].reply);
    }
    close(silence.listener);
}

#define CROWD 60

/* A release by coffer's own authority, whose keys are not known yet, among `count` releases that
 * wait for the first `silences` of the silent ones in turn: it is the first to be answered. */
static void release_among(const struct daemon *daemon, struct silence *silent, size_t silences,
                          size_t count)
{
    char keys[CROWD][32];
    char tokens[CROWD][TOKEN_MAX];
    char data[1024];
    char name[32];
    struct visit visits[CROWD];
    atomic_uint answered = 0;
    API_CLIENT_OF(daemon, dev);

    for (size_t i = 0; i < silences; i++) {
        fall_silent(&silent[i]);
        snprintf(keys[i], sizeof(keys[i]), "unheard-%zu-%zu", silences, i);
        create_key(&dev, keys[i], &silent[i]);
        make_token(&silent[i], tokens[i]);
    }
    release_make_policy(&dev, MAA, data);
    snprintf(name, sizeof(name), "heard-%zu", silences);
    API_REPLY(made, release_create(&dev, name, "EC-HSM", data));
    cr_assert_eq(made.status, 200, "%s", made.body);
    API_REPLY(token, release_ask_authority(&dev, "/generate-test-token"));
    for (size_t i = 0; i < count; i++) {
        const struct visit like = { .daemon = daemon,
                                    .key = keys[i % silences],
                                    .token = tokens[i % silences],
                                    .answered = &answered };
        begin(&visits[i], &like);
    }
    for (size_t i = 0; i < silences; i++) {
        await_visitor(&silent[i]);
    }
    API_REPLY(reply, release_send(&dev, name, reply_text(&token, "token"), "CKM_RSA_AES_KEY_WRAP"));
    cr_expect_eq(reply.status, 200, "%s", reply.body);
    cr_expect_eq(answered, 0, "%u releases were answered first", answered);
    for (size_t i = 0; i < count; i++) {
        pthread_join(visits[i].thread, NULL);
        cr_expect_eq(visits[i].reply.status, 503, "%s", visits[i].reply.body);
        reply_done(&visits[i].reply);
    }
    for (size_t i = 0; i < silences; i++) {
        close(silent[i].listener);
    }
}

/* Start and end of a daemon that has asked nobody yet. */
static void release_beside(size_t silences, size_t count)
{
    static const char *const arguments[] = { "--vault", "dev,sku=premium", NULL };
    struct silence silent[CROWD];
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    release_among(&own, silent, silences, count);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(release, is_not_delayed_by_a_crowd_that_waits_for_one_silent_authority)
{
    release_beside(1, CROWD);
}

Test(release, is_not_delayed_by_many_silent_authorities)
{
    release_beside(12, 12);
}

/* One connection for all of them, and none for who comes a moment later. */
Test(release, asks_a_silent_authority_once_for_all)
{
    struct silence silence;
    char token[TOKEN_MAX];
    struct visit visits[RELEASES];
    atomic_uint answered = 0;
    const struct visit like = {
        .daemon = api_daemon(), .key = "release-once", .token = token, .answered = &answered
    };
    unsigned asked = 0;
    API_CLIENT(dev);

    fall_silent(&silence);
    create_key(&dev, like.key, &silence);
    make_token(&silence, token);
    for (size_t i = 0; i < RELEASES; i++) {
        begin(&visits[i], &like);
    }
    for (size_t i = 0; i < RELEASES; i++) {
        pthread_join(visits[i].thread, NULL);
        cr_expect_eq(visits[i].reply.status, 503, "%s", visits[i].reply.body);
        reply_done(&visits[i].reply);
    }
    while (accept4(silence.listener, NULL, NULL, SOCK_CLOEXEC) >= 0 && ++asked > 0) {
        struct pollfd polled = { .fd = silence.listener, .events = POLLIN };

        if (poll(&polled, 1, 0) == 0) {
            break;
        }
    }
    cr_expect_eq(asked, 1, "%u", asked);
    close(silence.listener);
}

/* The answer says that nobody waited for the end of the fetch's time. */
Test(release, does_not_delay_the_end_by_a_silent_authority)
{
    static const char *const arguments[] = { "--vault", "dev", NULL };
    struct daemon own;
    struct silence silence;
    char token[TOKEN_MAX];
    struct visit visit;
    atomic_uint answered = 0;
    const struct visit like = {
        .daemon = &own, .key = "release-end", .token = token, .answered = &answered
    };

    fall_silent(&silence);
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    {
        API_CLIENT_OF(&own, dev);
        create_key(&dev, like.key, &silence);
    }
    make_token(&silence, token);
    begin(&visit, &like);
    await_visitor(&silence);
    cr_expect(daemon_stop(&own));
    pthread_join(visit.thread, NULL);
    cr_expect_eq(visit.reply.status, 503, "%s", visit.reply.body);
    cr_expect_not_null(strstr(visit.reply.body, "aborted"), "%s", visit.reply.body);
    reply_done(&visit.reply);
    daemon_discard(&own);
    close(silence.listener);
}
