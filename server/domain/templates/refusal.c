/* SPDX-License-Identifier: Apache-2.0 */
/* How templates are refused. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <unistr.h>

#include "load.h"

#define TEXT_SIZE sizeof(((struct kv_err *) NULL)->message)

enum kv_code template_invalid(struct kv_err *err, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;

    va_start(args, format);
    (void) vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "Deployment template validation failed: '%s.'.",
                   text);
}

enum kv_code template_invalid_at(struct kv_err *err, enum kv_code code, bool is_secret,
                                 const char *format, ...)
{
    char text[TEXT_SIZE], reason[TEXT_SIZE];
    va_list args;

    if (code != KV_INVALID_TEMPLATE) {
        return code;
    }
    (void) snprintf(reason, sizeof(reason), "%s",
                    is_secret ? "An expression that uses a secure parameter cannot be evaluated."
                    : err != NULL ? err->message
                                  : "");
    va_start(args, format);
    (void) vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!is_secret && strncmp(reason, "Deployment template validation failed", 37) == 0) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "%s", reason); /* it has been said in full */
    }
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "Deployment template validation failed: '%s is not valid: %s. Please see "
                   "https://aka.ms/arm-template-expressions for usage details.'.",
                   text, reason);
}

enum kv_code template_mend(struct kv_err *err, enum kv_code code)
{
    uint8_t *bad;

    if (code == KV_OK || err == NULL) {
        return code;
    }
    while ((bad = (uint8_t *) u8_check((const uint8_t *) err->message, strlen(err->message)))
           != NULL) {
        *bad = '?';
    }
    return code;
}
