/* SPDX-License-Identifier: Apache-2.0 */
/* From a vault's refusal to a managed HSM's. */
#include <stdio.h>
#include <string.h>

#include "private.h"

static const struct wording {
    enum kv_code code;
    const char *vault_text;
    enum kv_code hsm_code;
    const char *hsm_text;
    bool has_url;
} wordings[] = {
#define X(code, vault_text, hsm_code, hsm_text, url) { code, vault_text, hsm_code, hsm_text, url },
#include "kv/tbl/hsm_text.def"
#undef X
};

static bool fits(const struct wording *wording, const struct kv_err *err)
{
    size_t head = strcspn(wording->vault_text, "*");

    return wording->code == err->code && strncmp(err->message, wording->vault_text, head) == 0
           && (wording->vault_text[head] == '*' || err->message[head] == '\0');
}

/* The key is the one that the vault's text names, which need not be the request's: an import can
 * lack its key exchange key. */
static void reword(const struct wording *wording, const struct kv_request *request,
                   struct kv_err *err)
{
    const char *collection = request->segments > 0 ? request->segment[0] : "";
    char key[KV_KEY_NAME_MAX + KV_VERSION_LENGTH + sizeof("/")];
    const char *start = err->message + strcspn(wording->vault_text, "*");

    snprintf(key, sizeof(key), "%.*s", (int) strcspn(start, " "), start);
    err->code = wording->hsm_code;
    if (wording->has_url) {
        snprintf(err->message, sizeof(err->message), "%shttps://%s/%s/%s", wording->hsm_text,
                 request->authority, collection, key);
    } else {
        snprintf(err->message, sizeof(err->message), "%s", wording->hsm_text);
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
    for (size_t i = 0; i < KV_COUNT(wordings); i++) {
        if (fits(&wordings[i], err)) {
            reword(&wordings[i], request, err);
            break;
        }
    }
    append_activity(request, err);
}
