/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vault that gave no answer: how far the request came, what was tried, and the command that shows why.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "doctor.h"

/* How far a request came. */
enum stage { STAGE_NAME, STAGE_CONNECTION, STAGE_TLS, STAGE_ANSWER };

static const struct {
    const char *said;           /* behind it host and port */
    const char *coffer, *azure; /* what to do, with blanks as in rule.def */
} stages[] = {
    [STAGE_NAME] = {
        "no address for",
        "getent hosts {host}  # if it prints nothing: coffer hosts has the lines for /etc/hosts",
        "getent hosts {host}  # if it prints nothing: is the name right, is the vault there, is the "
        "private DNS zone privatelink.vaultcore.azure.net linked to this network?",
    },
    [STAGE_CONNECTION] = {
        "no connection to",
        "coffer env  # prints coffer's own address: does the key's URL have that port, or one that is "
        "mapped to it?",
        "nc -vz {host} {port}  # if it fails: is the port right, is a firewall or no route in between, "
        "does https_proxy name the proxy?",
    },
    [STAGE_TLS] = {
        "no TLS with",
        "coffer fault list  # is there a rule for certificates? If not: does something else listen at "
        "that port?",
        "openssl s_client -connect {host}:{port} -servername {host} -verify_return_error </dev/null  "
        "# whose certificate is it: a proxy's, one past its end, of a CA that is not trusted here?",
    },
    [STAGE_ANSWER] = {
        "no answer of HTTP from",
        "coffer fault list  # is there a rule that cuts or delays? If not: coffer healthcheck",
        "curl -sv \"https://{host}:{port}/keys?api-version=7.4\"  # a vault answers 401",
    },
};

/* A name of this machine, and no coffer that answers. */
#define NOT_RUNNING                                                                                \
    "coffer healthcheck  # does coffer run here? If so: does the key's URL have the port that "    \
    "coffer "                                                                                      \
    "env prints?"

static bool has_taken(CURL *curl, CURLINFO what)
{
    curl_off_t micros = 0;

    return curl_easy_getinfo(curl, what, &micros) == CURLE_OK && micros > 0;
}

/* Older versions of libcurl time a connection once TLS stands, too. */
static bool is_connected(CURL *curl)
{
    long port = 0;

    return has_taken(curl, CURLINFO_CONNECT_TIME_T)
           || (curl_easy_getinfo(curl, CURLINFO_LOCAL_PORT, &port) == CURLE_OK && port > 0);
}

/* Silence is where nothing came after what was there last. */
static enum stage find_silence(CURL *curl)
{
    if (has_taken(curl, CURLINFO_APPCONNECT_TIME_T)) {
        return STAGE_ANSWER;
    }
    if (is_connected(curl)) {
        return STAGE_TLS;
    }
    return has_taken(curl, CURLINFO_NAMELOOKUP_TIME_T) ? STAGE_CONNECTION : STAGE_NAME;
}

static enum stage find_stage(CURL *curl, CURLcode rc)
{
    static const struct {
        CURLcode rc;
        enum stage stage;
    } rows[] = {
        { CURLE_COULDNT_RESOLVE_HOST, STAGE_NAME },    { CURLE_COULDNT_RESOLVE_PROXY, STAGE_NAME },
        { CURLE_COULDNT_CONNECT, STAGE_CONNECTION },   { CURLE_SSL_CONNECT_ERROR, STAGE_TLS },
        { CURLE_PEER_FAILED_VERIFICATION, STAGE_TLS }, { CURLE_SSL_CERTPROBLEM, STAGE_TLS },
        { CURLE_SSL_CACERT_BADFILE, STAGE_TLS },       { CURLE_SSL_INVALIDCERTSTATUS, STAGE_TLS },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (rows[i].rc == rc) {
            return rows[i].stage;
        }
    }
    return find_silence(curl);
}

/* What the system says where it says something, "Connection refused"; else what curl does. */
static const char *find_reason(CURL *curl, CURLcode rc, const char *detail)
{
    long number = 0;

    if (rc == CURLE_COULDNT_CONNECT
        && curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number > 0) {
        return strerror((int) number);
    }
    return *detail != '\0' ? detail : curl_easy_strerror(rc);
}

/* A coffer's own names are looked for where its control port is. */
static void add_address(const struct doctor *doctor, CURL *curl, char *text, size_t size)
{
    const char *address = NULL;

    if (curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address != NULL
        && *address != '\0') {
        (void) snprintf(text, size, " (%s)", address);
    } else if (doctor->is_coffer) {
        (void) snprintf(text, size, " (at the host of %.80s)", doctor->server.url);
    }
}

/* RFC 6761: names below localhost lead to nobody else. */
static bool is_local_name(const char *host)
{
    static const char top[] = ".localhost";
    size_t len = strlen(host);

    return len >= sizeof(top) && strcasecmp(host + len - (sizeof(top) - 1), top) == 0;
}

const char *doctor_describe_silence(const struct doctor *doctor, CURL *curl, CURLcode rc,
                                    const char *detail, char ret_said[DOCTOR_SAID_SIZE])
{
    const enum stage stage = find_stage(curl, rc);
    char address[128] = "", own[64] = "";

    if (stage != STAGE_NAME) {
        add_address(doctor, curl, address, sizeof(address));
    }
    const bool is_elsewhere = doctor->own_port != 0 && doctor->own_port != doctor->url.port;
    if (is_elsewhere) {
        (void) snprintf(own, sizeof(own), "; coffer listens at port %u", doctor->own_port);
    }
    (void) snprintf(ret_said, DOCTOR_SAID_SIZE, "%s %.80s port %u%s: %.80s%s", stages[stage].said,
                    doctor->url.host, doctor->url.port, address, find_reason(curl, rc, detail),
                    own);
    if (is_elsewhere) {
        return stages[STAGE_CONNECTION].coffer;
    }
    if (stage == STAGE_CONNECTION && !doctor->is_coffer && is_local_name(doctor->url.host)) {
        return NOT_RUNNING;
    }
    return doctor->is_coffer ? stages[stage].coffer : stages[stage].azure;
}
