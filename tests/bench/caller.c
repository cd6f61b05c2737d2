/* SPDX-License-Identifier: Apache-2.0 */
#include "caller.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CALL_SECONDS 60L
#define SHOWN_MAX 300 /* of an answer that is an error */

/* What to do about what went wrong: the first row that fits. */
static const struct hint {
    CURLcode code;
    long status;
    const char *text;
} hints[] = {
    { CURLE_PEER_FAILED_VERIFICATION, 0,
      "; --ca names the PEM of its CA or of its own certificate, --insecure takes any" },
    { CURLE_SSL_CACERT_BADFILE, 0, "; --ca wants a PEM file" },
    { CURLE_COULDNT_RESOLVE_HOST, 0, "; --connect says where it is" },
    { CURLE_WRITE_ERROR, 0, "; the answer is too long" },
    { CURLE_OK, 401, "; --token or --header say who asks" },
    { CURLE_OK, 0, "" },
};

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct caller *caller = context;
    size_t len = size * count;

    if (len >= sizeof(caller->answer) - caller->answer_len) {
        return 0; /* which ends the request */
    }
    memcpy(caller->answer + caller->answer_len, bytes, len);
    caller->answer_len += len;
    caller->answer[caller->answer_len] = '\0';
    return len;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    static const char wanted[] = "WWW-Authenticate:";
    struct caller *caller = context;
    size_t len = size * count;

    if (len > strlen(wanted) && strncasecmp(bytes, wanted, strlen(wanted)) == 0) {
        (void) snprintf(caller->challenge, sizeof(caller->challenge), "%.*s", (int) len, bytes);
    }
    return len;
}

static void set_trust(CURL *curl, const struct caller_way *way)
{
    if (way->ca != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, way->ca);
    }
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, way->is_insecure ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, way->is_insecure ? 0L : 2L);
}

/* HTTP/1.1 with everybody: where one speaks HTTP/2, too, that would compare protocols. */
bool caller_open(struct caller *caller, const struct caller_way *way)
{
    CURL *curl = curl_easy_init();

    memset(caller, 0, sizeof(*caller));
    caller->way = way;
    caller->curl = curl;
    if (curl == NULL) {
        (void) snprintf(caller->error, sizeof(caller->error), "out of memory");
        return false;
    }
    set_trust(curl, way);
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, way->place);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, way->headers);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, CALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, caller);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, caller);
    return true;
}

void caller_close(struct caller *caller)
{
    if (caller->curl != NULL) {
        curl_easy_cleanup(caller->curl);
        caller->curl = NULL;
    }
}

/* Of a server, which may send anything: one line, and nothing that a terminal acts on. */
static void flatten(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char) *text < ' ' || *text == 0x7f) {
            *text = ' ';
        }
    }
}

static const char *find_hint(const struct caller *caller)
{
    const struct hint *hint = hints;

    while ((hint->code != caller->code || hint->status != caller->status)
           && hint->text[0] != '\0') {
        hint++;
    }
    return hint->text;
}

static void say_why(struct caller *caller)
{
    const char *hint = find_hint(caller);

    if (caller->code != CURLE_OK) {
        (void) snprintf(caller->error, sizeof(caller->error), "%s%s",
                        curl_easy_strerror(caller->code), hint);
    } else {
        (void) snprintf(caller->error, sizeof(caller->error), "%ld %.*s%s%s%s", caller->status,
                        SHOWN_MAX, caller->answer, *caller->challenge != '\0' ? " " : "",
                        caller->challenge, hint);
    }
    flatten(caller->error);
}

static void set_request(struct caller *caller, const char *target, const char *body)
{
    char url[2048];

    (void) snprintf(url, sizeof(url), "%s%s", caller->way->url, target);
    curl_easy_setopt(caller->curl, CURLOPT_URL, url);
    if (body == NULL) {
        curl_easy_setopt(caller->curl, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(caller->curl, CURLOPT_POSTFIELDSIZE, (long) strlen(body));
    curl_easy_setopt(caller->curl, CURLOPT_COPYPOSTFIELDS, body);
}

bool caller_call(struct caller *caller, const char *target, const char *body)
{
    caller->answer_len = 0;
    caller->answer[0] = '\0';
    caller->challenge[0] = '\0';
    caller->status = 0;
    set_request(caller, target, body);
    caller->code = curl_easy_perform(caller->curl);
    if (caller->code == CURLE_OK) {
        curl_easy_getinfo(caller->curl, CURLINFO_RESPONSE_CODE, &caller->status);
    }
    if (caller->code == CURLE_OK && caller->status / 100 == 2) {
        return true;
    }
    say_why(caller);
    return false;
}
