/* SPDX-License-Identifier: Apache-2.0 */
/* What differs from run to run, taken out of a body. */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "kv/base/base.h"

/* The first group stays, the second one is replaced; NULL: by the number of its characters. */
static const struct mask {
    const char *pattern;
    const char *name;
} masks[] = {
    { "(/)([0-9a-f]{32})", "{version}" },
    { "(\"(created|updated|deletedDate|scheduledPurgeDate|iat)\":)([0-9]+)", "{time}" },
    { "(\"(n|x|y|iv|tag)\":\")([A-Za-z0-9_-]+)", NULL },
    { "(\"(kid|x5t|x5t#S256)\":\")([A-Za-z0-9_-]+)\"", NULL },
    { "(\"(key_hsm|ciphertext|certificatePemFile|certificates|privateKeyAttestation"
      "|publicKeyAttestation)\":\")([A-Za-z0-9_-]+)",
      "{...}" },
    { "([[,]\")([A-Za-z0-9+/=]{200,})", "{...}" }, /* a certificate of x5c */
    { "(\"(access_token|refresh_token|device_code)\":\")([A-Za-z0-9_.-]+)", "{...}" },
    { "(\"(expires_on|not_before)\":\")([0-9]+)", "{time}" },
    { "([Tt]imestamp[:\" ]+)([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}Z)", "{date}" },
};

/* What an operation made, where the file does not say what it must be. */
#define VALUE "(\"value\":\")([A-Za-z0-9_.-]+)"
static const struct mask counted_value = { VALUE, NULL };
static const struct mask any_value = { VALUE, "{...}" };

struct text {
    char *data;
    size_t len;
};

static void append(struct text *text, const char *bytes, size_t len)
{
    char *data = realloc(text->data, text->len + len + 1);

    if (data == NULL) {
        abort();
    }
    memcpy(data + text->len, bytes, len);
    text->data = data;
    text->len += len;
    data[text->len] = '\0';
}

static char *replace_matches(char *body, const struct mask *mask)
{
    struct text out = { .data = NULL };
    regmatch_t match[4];
    regex_t regex;
    const char *at = body;

    if (regcomp(&regex, mask->pattern, REG_EXTENDED) != 0) {
        abort();
    }
    while (regexec(&regex, at, KV_COUNT(match), match, 0) == 0) {
        const regmatch_t *last = &match[regex.re_nsub];
        char count[32];

        snprintf(count, sizeof(count), "{%d}", (int) (last->rm_eo - last->rm_so));
        append(&out, at, (size_t) last->rm_so);
        append(&out, mask->name != NULL ? mask->name : count,
               strlen(mask->name != NULL ? mask->name : count));
        at += last->rm_eo;
    }
    append(&out, at, strlen(at));
    regfree(&regex);
    free(body);
    return out.data;
}

static char *replace_text(char *body, const char *old, const char *new)
{
    struct text out = { .data = NULL };
    const char *at = body;

    for (const char *hit; (hit = strstr(at, old)) != NULL; at = hit + strlen(old)) {
        append(&out, at, (size_t) (hit - at));
        append(&out, new, strlen(new));
    }
    append(&out, at, strlen(at));
    free(body);
    return out.data;
}

char *golden_mask(char *body, const struct reply *reply, unsigned port, const char *expected)
{
    const char *id = reply_header(reply, "x-ms-request-id");
    char port_text[16];

    if (body == NULL) {
        abort();
    }
    snprintf(port_text, sizeof(port_text), ":%u", port);
    body = replace_text(body, port_text, ":{port}");
    body = replace_text(body, "\r\n", "{crlf}");
    if (id != NULL) {
        body = replace_text(body, id, "{request-id}");
    }
    for (size_t i = 0; i < KV_COUNT(masks); i++) {
        body = replace_matches(body, &masks[i]);
    }
    if (strstr(expected, "\"value\":\"{...}") != NULL) {
        body = replace_matches(body, &any_value);
    } else if (strstr(expected, "\"value\":\"{") != NULL) {
        body = replace_matches(body, &counted_value);
    }
    return body;
}
