/* SPDX-License-Identifier: Apache-2.0 */
#include "keyvault_tools.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct reply keyvault_ask(const struct daemon *daemon, const char *method, const char *path,
                          const char *body)
{
    char target[2048];
    API_CLIENT_OF(daemon, dev);

    (void) snprintf(target, sizeof(target), "~%s", path);
    return arm_ask(&dev, method, target, "2023-07-01", body);
}

void keyvault_do(const struct daemon *daemon, const char *method, const char *path,
                 const char *body, long status)
{
    API_REPLY(reply, keyvault_ask(daemon, method, path, body));
    cr_assert_eq(reply.status, status, "%s %s: %ld %s", method, path, reply.status, reply.body);
}

void keyvault_expect_error(const struct daemon *daemon, const char *method, const char *path,
                           const char *body, long status, const char *code, const char *message)
{
    API_REPLY(reply, keyvault_ask(daemon, method, path, body));
    cr_expect_eq(reply.status, status, "%s %s %s: %ld %s", method, path, body != NULL ? body : "",
                 reply.status, reply.body);
    cr_expect_str_eq(reply_text(&reply, "error.code"), code);
    cr_expect_str_eq(reply_text(&reply, "error.message"), message);
}

/* Replaces every `from` by the shorter `to`. */
static void shorten(char *text, const char *from, const char *to)
{
    const size_t len = strlen(from);

    for (char *at = strstr(text, from); at != NULL; at = strstr(at, from)) {
        memmove(at + strlen(to), at + len, strlen(at + len) + 1);
        memcpy(at, to, strlen(to));
        at += strlen(to);
    }
}

/* The length of what looks like `form` at `text`, whose d stand for digits, x for those of base 16; 0. */
static size_t match(const char *text, const char *form)
{
    size_t i;

    for (i = 0; form[i] != '\0'; i++) {
        bool is_alike = form[i] == 'd'   ? isdigit((unsigned char) text[i]) != 0
                        : form[i] == 'x' ? isxdigit((unsigned char) text[i]) != 0
                                         : form[i] == text[i];
        if (!is_alike) {
            return 0;
        }
    }
    return i;
}

void keyvault_mask(const struct daemon *daemon, struct reply *reply)
{
    static const struct {
        const char *form, *mask;
    } forms[] = {
        { "dddd-dd-ddTdd:dd:dd.dddZ", "DATE" },
        { "dddd-dd-ddTdd:dd:ddZ", "DATE" },
        { "dddd-dd-dd dd:dd:ddZ", "SPACED" },
        { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "V" },
        { ":dddddddddd,", ":0," },
    };
    char port[16];

    (void) snprintf(port, sizeof(port), ":%u/", daemon->port);
    shorten(reply->body, port, ":P/");
    shorten(reply->body, arm_subscription_id + strlen("/subscriptions/"), "S");
    for (char *at = reply->body; *at != '\0'; at++) {
        for (size_t i = 0; i < KV_COUNT(forms); i++) {
            size_t len = match(at, forms[i].form);

            if (len > 0) {
                memmove(at + strlen(forms[i].mask), at + len, strlen(at + len) + 1);
                memcpy(at, forms[i].mask, strlen(forms[i].mask));
            }
        }
    }
}
