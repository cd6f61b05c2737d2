/* SPDX-License-Identifier: Apache-2.0 */
/* From a vault's refusal to a managed HSM's. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

static const struct wording {
    enum kv_code code;
    const char *vault_text;
    const char *operation;
    enum kv_code hsm_code;
    const char *hsm_text;
    bool has_url;
} wordings[] = {
#define X(code, vault_text, operation, hsm_code, hsm_text, url)                                    \
    { code, vault_text, operation, hsm_code, hsm_text, url },
#include "kv/app/hsm_text.def"
#undef X
};

/* What stands for the * of a pattern; false when the text does not follow it. */
static bool match(const char *pattern, const char *text, const char **ret_part, size_t *ret_len)
{
    size_t head = strcspn(pattern, "*");
    size_t len = strlen(text);

    if (strncmp(pattern, text, head) != 0) {
        return false;
    }
    *ret_part = text + head;
    *ret_len = 0;
    if (pattern[head] == '\0') {
        return len == head;
    }

    const char *tail = pattern + head + 1;

    if (len < head + strlen(tail) || strcmp(text + len - strlen(tail), tail) != 0) {
        return false;
    }
    *ret_len = len - head - strlen(tail);
    return true;
}

static bool is_of_operation(const struct wording *wording, const struct kv_request *request)
{
    size_t last = request->segments < KV_SEGMENTS_MAX ? request->segments : KV_SEGMENTS_MAX;

    return wording->operation[0] == '\0'
           || (last > 0 && strcasecmp(request->segment[last - 1], wording->operation) == 0);
}

/* The key is the one that the vault's text names, which need not be the request's: an import can
 * lack its key exchange key. */
static void render_url(const struct wording *wording, const struct kv_request *request,
                       const char *part, char *ret_text, size_t size)
{
    const char *collection = request->segments > 0 ? request->segment[0] : "";

    snprintf(ret_text, size, "%shttps://%s/%s/%.*s", wording->hsm_text, request->authority,
             collection, (int) strcspn(part, " /"), part);
}

/* False when the row is of another refusal. */
static bool reword(const struct wording *wording, const struct kv_request *request,
                   struct kv_err *err)
{
    size_t head = strcspn(wording->hsm_text, "*");
    char text[sizeof(err->message)];
    const char *part;
    size_t len;

    if (wording->code != err->code || !is_of_operation(wording, request)
        || !match(wording->vault_text, err->message, &part, &len)) {
        return false;
    }
    if (wording->has_url) {
        render_url(wording, request, part, text, sizeof(text));
    } else if (wording->hsm_text[head] == '*') {
        snprintf(text, sizeof(text), "%.*s%.*s%s", (int) head, wording->hsm_text, (int) len, part,
                 wording->hsm_text + head + 1);
    } else {
        snprintf(text, sizeof(text), "%s", wording->hsm_text);
    }
    err->code = wording->hsm_code;
    memcpy(err->message, text, sizeof(text));
    return true;
}

/* A refusal with an inner code at a vault ends without a period (contract §19 row 19). */
static void cut_period(struct kv_err *err)
{
    size_t len = strlen(err->message);

    if (kv_err_row(err->code)->inner != NULL && len > 0 && err->message[len - 1] == '.') {
        err->message[len - 1] = '\0';
    }
}

/* What does not fit is cut from the text, so that the id is always whole. */
static void append_activity(const struct kv_request *request, struct kv_err *err)
{
    char activity[KV_UUID_LENGTH + sizeof(" (Activity ID: )")];
    size_t len = strnlen(err->message, sizeof(err->message) - sizeof(activity));

    snprintf(activity, sizeof(activity), " (Activity ID: %s)", request->id);
    memcpy(err->message + len, activity, strlen(activity) + 1);
}

void gate_word_for_hsm(const struct kv_request *request, struct kv_err *err)
{
    size_t row = 0;

    while (row < KV_COUNT(wordings) && !reword(&wordings[row], request, err)) {
        row++;
    }
    cut_period(err);
    append_activity(request, err);
}
