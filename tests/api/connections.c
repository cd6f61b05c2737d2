/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong before there is a request, seen by a raw socket and by libcurl: connections that are
 * refused or cut, and certificates that are bad. Each test has a daemon of its own, because a port is
 * everybody's. */
#include "connections.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(connections, .init = connections_begin, .fini = connections_end, .timeout = 240);

static const struct row {
    const char *rest; /* of the rule */
    struct seen raw;
    CURLcode curl;
    bool is_counted, is_of_vault;
} rows[] = {
    { "\"effect\":{\"refuse\":true}",
      { SEEN_REFUSED, 0, false },
      CURLE_COULDNT_CONNECT,
      false,
      false },
    { "\"stage\":\"connection\",\"effect\":{\"refuse\":true}",
      { SEEN_REFUSED, 0, false },
      CURLE_COULDNT_CONNECT,
      false,
      false },
    { "\"stage\":\"connection\",\"effect\":{\"cut\":\"reset\"}",
      { SEEN_RESET, 0, false },
      CURLE_SSL_CONNECT_ERROR,
      true,
      false },
    { "\"stage\":\"connection\",\"effect\":{\"cut\":\"empty\"}",
      { SEEN_END, 0, false },
      CURLE_SSL_CONNECT_ERROR,
      true,
      false },
    { "\"stage\":\"handshake\",\"match\":{\"vault\":\"dev\"},\"effect\":{\"cut\":\"reset\"}",
      { SEEN_RESET, 0, false },
      CURLE_SSL_CONNECT_ERROR,
      true,
      true },
    { "\"stage\":\"handshake\",\"match\":{\"vault\":\"d*\"},\"effect\":{\"cut\":\"empty\"}",
      { SEEN_END, 0, false },
      CURLE_SSL_CONNECT_ERROR,
      true,
      true },
    { "\"match\":{\"vault\":\"dev\"},\"effect\":{\"certificate\":\"expired\"}",
      { SEEN_CERTIFICATE, X509_V_ERR_CERT_HAS_EXPIRED, false },
      CURLE_PEER_FAILED_VERIFICATION,
      true,
      true },
    { "\"match\":{\"vault\":\"dev\"},\"effect\":{\"certificate\":\"not_yet_valid\"}",
      { SEEN_CERTIFICATE, X509_V_ERR_CERT_NOT_YET_VALID, false },
      CURLE_PEER_FAILED_VERIFICATION,
      true,
      true },
    { "\"match\":{\"vault\":[\"none\",\"dev\"]},\"effect\":{\"certificate\":\"wrong_name\"}",
      { SEEN_CERTIFICATE, X509_V_ERR_HOSTNAME_MISMATCH, false },
      CURLE_PEER_FAILED_VERIFICATION,
      true,
      true },
    { "\"match\":{\"vault\":\"dev\",\"client\":\"127.0.0.*\"},"
      "\"effect\":{\"certificate\":\"foreign_ca\"}",
      { SEEN_CERTIFICATE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, false },
      CURLE_PEER_FAILED_VERIFICATION,
      true,
      true },
};

static void expect_all_well(const struct row *row)
{
    struct seen seen = connections_look("dev", 0);

    cr_expect_eq(seen.how, SEEN_GOOD, "%s: %d after the rule", row->rest, seen.how);
    cr_expect_eq(connections_curl("dev"), CURLE_OK, "%s after the rule", row->rest);
}

static void expect_others_well(const struct row *row)
{
    if (row->is_of_vault) {
        cr_expect_eq(connections_look("std", 0).how, SEEN_GOOD, "%s at std", row->rest);
        cr_expect_eq(connections_curl("std"), CURLE_OK, "%s at std", row->rest);
        cr_expect_eq(connections_look("login", 0).how, SEEN_GOOD, "%s at login", row->rest);
    }
}

static void expect_row(const struct row *row)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    connections_add("row", row->rest);
    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        struct seen seen = connections_look("dev", versions[i]);

        cr_expect(seen.how == row->raw.how && seen.verdict == row->raw.verdict,
                  "%s by TLS %x: %d %ld", row->rest, versions[i], seen.how, seen.verdict);
    }
    CURLcode code = connections_curl("dev");
    /* a reset may be faster than its connect() */
    bool is_early = row->raw.how == SEEN_RESET && code == CURLE_COULDNT_CONNECT;
    cr_expect(is_early || code == row->curl, "%s: %d", row->rest, code);
    expect_others_well(row);
    int hits = connections_count("row");
    cr_expect(row->is_counted ? hits >= 3 : hits == 0, "%s: %d", row->rest, hits);
    connections_remove("row");
    expect_all_well(row);
}

Test(connections, are_seen_as_such_by_a_socket_and_by_curl)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_row(&rows[i]);
    }
}

/* The control port is where rules are taken away, and identities get tokens. */
Test(connections, to_the_control_port_are_never_concerned)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        connections_add("row", rows[i].rest);
        API_REPLY(reply, connections_control("GET", "/ready", NULL));
        cr_expect_eq(reply.status, 200, "%s: %ld", rows[i].rest, reply.status);
        connections_remove("row");
    }
}

/* Of both addresses, and the port is not given away. */
Test(connections, are_refused_by_the_system_again_and_again)
{
    for (unsigned i = 0; i < 25; i++) {
        connections_add("again", "\"effect\":{\"refuse\":true}");
        cr_expect_eq(connections_try(AF_INET), ECONNREFUSED, "IPv4, %u", i);
        cr_expect_neq(connections_try(AF_INET6), 0, "IPv6, %u", i);
        connections_remove("again");
        cr_expect_eq(connections_try(AF_INET), 0, "IPv4, %u, after it", i);
        cr_expect_eq(connections_look("dev", 0).how, SEEN_GOOD, "%u", i);
    }
}

/* The incident of that name is no less than the rule. */
Test(connections, are_refused_by_a_scenario)
{
    static const char path[] = "/control/v1/scenarios/connection-failures";
    char apply[96], revert[96];

    (void) snprintf(apply, sizeof(apply), "%s/apply", path);
    (void) snprintf(revert, sizeof(revert), "%s/revert", path);
    API_REPLY(applied, connections_control("POST", apply, "{\"how\":\"refused\"}"));
    cr_assert_eq(applied.status, 200, "%s", applied.body);
    cr_expect_eq(connections_try(AF_INET), ECONNREFUSED);
    API_REPLY(reverted, connections_control("POST", revert, "{}"));
    cr_expect_eq(reverted.status, 200, "%s", reverted.body);
    cr_expect_eq(connections_try(AF_INET), 0);
}

/* One that was there before goes on, request after request. */
Test(connections, that_are_there_go_on_while_others_are_refused)
{
    long made = 0;
    API_CLIENT_OF(&connections_daemon, dev);
    API_REPLY(first, client_call(&dev, "GET", "/keys", NULL));
    cr_assert_eq(first.status, 200, "%s", first.body);

    connections_add("others", "\"effect\":{\"refuse\":true}");
    for (unsigned i = 0; i < 5; i++) {
        API_REPLY(reply, client_call(&dev, "GET", "/keys", NULL));
        cr_expect_eq(reply.status, 200, "%u: %ld %s", i, reply.status, reply.body);
        curl_easy_getinfo(dev.curl, CURLINFO_NUM_CONNECTS, &made);
        cr_expect_eq(made, 0, "%u: another connection", i);
    }
    cr_expect_eq(connections_try(AF_INET), ECONNREFUSED);
    connections_remove("others");
}

/* By its own time to live, by being suspended, and by the virtual clock. */
Test(connections, heal_when_the_rule_is_not_due)
{
    connections_add("ttl", "\"ttl\":1,\"effect\":{\"refuse\":true}");
    cr_expect_eq(connections_try(AF_INET), ECONNREFUSED);
    cr_expect(connections_await(0), "the rule has run out");
    connections_add("off", "\"enabled\":false,\"effect\":{\"refuse\":true}");
    cr_expect_eq(connections_try(AF_INET), 0, "it is suspended");
    connections_change("off", "{\"enabled\":true}");
    cr_expect_eq(connections_try(AF_INET), ECONNREFUSED, "it is not suspended any more");
    connections_change("off", "{\"enabled\":false}");
    cr_expect_eq(connections_try(AF_INET), 0, "it is suspended again");
    connections_add("clock", "\"when\":{\"from\":\"2090-01-01\",\"for\":60},"
                             "\"effect\":{\"refuse\":true}");
    cr_expect_eq(connections_try(AF_INET), 0, "it is not due yet");
    api_set_clock(&connections_daemon, "{\"frozen\":true}");
    api_set_clock(&connections_daemon, "{\"set\":3786912030}");
    cr_expect(connections_await(ECONNREFUSED), "it is due");
    api_advance(&connections_daemon, 60);
    cr_expect(connections_await(0), "it is over");
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

/* An old session would hide the certificate that is due. */
Test(connections, are_not_resumed_when_a_bad_certificate_is_due)
{
    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        SSL_SESSION *session = connections_keep_session("dev", versions[i]);
        connections_add("old", "\"match\":{\"vault\":\"dev\"},"
                               "\"effect\":{\"certificate\":\"expired\"}");
        struct seen seen = connections_look_with("dev", versions[i], session);
        cr_expect_eq(seen.how, SEEN_CERTIFICATE, "TLS %x: %d", versions[i], seen.how);
        cr_expect_eq(seen.verdict, X509_V_ERR_CERT_HAS_EXPIRED);
        connections_remove("old");
        connections_add("old", "\"stage\":\"handshake\",\"effect\":{\"cut\":\"reset\"}");
        seen = connections_look_with("dev", versions[i], session);
        cr_expect_eq(seen.how, SEEN_RESET, "TLS %x: %d", versions[i], seen.how);
        connections_remove("old");
        SSL_SESSION_free(session);
    }
}

/* RFC 6066 §3: a session is of the server that it was made with. */
Test(connections, are_not_resumed_under_another_name)
{
    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        SSL_SESSION *session = connections_keep_session("dev", versions[i]);
        struct seen seen = connections_look_with("std", versions[i], session);

        cr_expect_eq(seen.how, SEEN_GOOD, "TLS %x: %d", versions[i], seen.how);
        cr_expect_not(seen.resumed, "TLS %x", versions[i]);
        SSL_SESSION_free(session);
    }
}

Test(connections, are_not_resumed_after_a_restart)
{
    SSL_SESSION *session[KV_COUNT(versions)];

    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        session[i] = connections_keep_session("dev", versions[i]);
    }
    cr_assert(daemon_stop(&connections_daemon));
    cr_assert(daemon_start(&connections_daemon, (const char *const[]){ "--vault", "dev", NULL }));
    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        struct seen seen = connections_look_with("dev", versions[i], session[i]);

        cr_expect_eq(seen.how, SEEN_GOOD, "TLS %x: %d", versions[i], seen.how);
        cr_expect_not(seen.resumed, "TLS %x", versions[i]);
        SSL_SESSION_free(session[i]);
    }
}

Test(connections, are_resumed_by_a_ticket)
{
    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        SSL_SESSION *session = connections_keep_session("dev", versions[i]);
        struct seen seen = connections_look_with("dev", versions[i], session);

        cr_expect_eq(seen.how, SEEN_GOOD, "TLS %x: %d", versions[i], seen.how);
        cr_expect(seen.resumed, "TLS %x", versions[i]);
        SSL_SESSION_free(session);
    }
}

/* By number: the second handshake alone; and by chance, which is the same each time. */
Test(connections, are_chosen_as_requests_are)
{
    static const enum how expected[] = { SEEN_GOOD, SEEN_CERTIFICATE, SEEN_GOOD };
    uint64_t chosen[2] = { 0 };

    connections_add("second", "\"match\":{\"vault\":\"dev\"},\"when\":{\"skip\":1,\"times\":1},"
                              "\"effect\":{\"certificate\":\"wrong_name\"}");
    for (size_t i = 0; i < KV_COUNT(expected); i++) {
        cr_expect_eq(connections_look("dev", 0).how, expected[i], "%zu", i);
    }
    connections_remove("second");
    for (unsigned run = 0; run < 2; run++) {
        connections_add("chance", "\"stage\":\"handshake\",\"when\":{\"probability\":0.4,"
                                  "\"seed\":5},\"effect\":{\"cut\":\"reset\"}");
        for (unsigned i = 0; i < 64; i++) {
            bool hit = connections_look("dev", 0).how == SEEN_RESET;
            chosen[run] |= (uint64_t) hit << i;
        }
        connections_remove("chance");
    }
    cr_expect_eq(chosen[0], chosen[1]);
    cr_expect(chosen[0] != 0 && ~chosen[0] != 0);
}

/* A daemon that refuses ends like any other, and starts again without the rule. */
Test(connections, are_accepted_again_after_a_restart)
{
    connections_add("down", "\"effect\":{\"refuse\":true}");
    cr_assert(daemon_stop(&connections_daemon));
    cr_assert(daemon_start(&connections_daemon, (const char *const[]){ "--vault", "dev", NULL }));
    cr_expect_eq(connections_look("dev", 0).how, SEEN_GOOD);
}

static long add_certificate(const struct daemon *daemon, const char *certificate)
{
    char body[128];
    const struct request request = {
        .method = "POST",
        .target = "/control/v1/faults",
        .body = body,
        .without_token = true,
        .control = true,
    };
    API_CLIENT_OF(daemon, dev);

    (void) snprintf(body, sizeof(body), "{\"effect\":{\"certificate\":\"%s\"}}", certificate);
    API_REPLY(reply, client_send(&dev, &request));
    return reply.status;
}

/* A given server certificate cannot be signed anew by a CA that clients trust. */
Test(connections, have_foreign_certificates_alone_without_a_ca)
{
    char certificate[320], key[320], ca[320];
    struct daemon given;

    (void) snprintf(certificate, sizeof(certificate), "%s/tls/server.pem",
                    connections_daemon.folder);
    (void) snprintf(key, sizeof(key), "%s/tls/server.key", connections_daemon.folder);
    (void) snprintf(ca, sizeof(ca), "%s/ca.pem", connections_daemon.folder);
    api_begin(&given, (const char *const[]){ "--vault", "dev", "--tls-cert", certificate,
                                             "--tls-key", key, "--ca-cert", ca, NULL });
    cr_expect_eq(add_certificate(&given, "expired"), 400);
    cr_expect_eq(add_certificate(&given, "not_yet_valid"), 400);
    cr_expect_eq(add_certificate(&given, "wrong_name"), 400);
    cr_expect_eq(add_certificate(&given, "foreign_ca"), 201);
    api_end(&given);
}
