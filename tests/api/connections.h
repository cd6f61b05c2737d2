/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connections.h - a daemon of the test's own, its fault rules, and how a connection to it is seen by
 * OpenSSL over a socket and by libcurl.
 */
#pragma once

#include "../support/api.h"

#include <openssl/ssl.h>

extern struct daemon connections_daemon; /* dev, std */
void connections_begin(void);
void connections_end(void);

struct reply connections_control(const char *method, const char *target, const char *body);

/* Rules: `rest` follows the id. The test fails when one is refused. */
void connections_add(const char *id, const char *rest);
void connections_change(const char *id, const char *body);
void connections_remove(const char *id);
/* Its hits. */
int connections_count(const char *id);

enum how { SEEN_GOOD, SEEN_REFUSED, SEEN_RESET, SEEN_END, SEEN_CERTIFICATE, SEEN_OTHER };
struct seen {
    enum how how;
    long verdict; /* of the certificate: X509_V_... */
    bool resumed;
};

/* A handshake over IPv4 with that vault, by its name, or with "login"; of that TLS version, 0: any. */
struct seen connections_look(const char *vault, int version);
/* The same, with a session to be resumed. */
struct seen connections_look_with(const char *vault, int version, SSL_SESSION *session);
/* A session of a good connection, after an answer; free with SSL_SESSION_free(). */
SSL_SESSION *connections_keep_session(const char *vault, int version);
CURLcode connections_curl(const char *vault);

/* connect(): 0, or errno. */
int connections_try(int family);
/* Waits until it is that; false after a while. */
bool connections_await(int reason);
