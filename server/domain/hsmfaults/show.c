/* SPDX-License-Identifier: Apache-2.0 */
/* Faults as the control port shows them. */
#include "core.h"

static void add_functions(cJSON *body, const struct fault *fault, bool *ok)
{
    cJSON *list = kv_json_add_array(body, "functions", ok);

    for (enum hsm_function i = 0; i < HSM_FUNCTIONS; i++) {
        if ((fault->calls & CALL_BIT(i)) != 0) {
            kv_json_append_text(list, hsm_function_name(i), ok);
        }
    }
}

static void add_mechanisms(cJSON *body, const struct fault *fault, bool *ok)
{
    cJSON *list = kv_json_add_array(body, "mechanisms", ok);

    for (unsigned i = 0; i < fault->mechanism_count; i++) {
        kv_json_append_text(list, hsm_mechanism_name(fault->mechanisms[i]), ok);
    }
}

static void add_key(cJSON *body, const struct fault *fault, bool *ok)
{
    kv_json_add_text(body, "vault", fault->vault, ok);
    kv_json_add_text(body, "key", fault->key, ok);
    kv_json_add_text(body, "version", fault->version, ok);
}

static void add_when(cJSON *body, const struct fault *fault, bool *ok)
{
    kv_json_add_int(body, "skip", (int64_t) fault->skip, ok);
    kv_json_add_int(body, "every", (int64_t) fault->every, ok);
    if (fault->times != 0) {
        kv_json_add_int(body, "times", (int64_t) fault->times, ok);
    }
}

/* What it can have, where there is something to say. */
static void add_members(cJSON *body, const struct fault *fault, bool *ok)
{
    unsigned members = kind_row(fault->kind)->members;

    if ((members & MEMBER_FUNCTIONS) != 0) {
        add_functions(body, fault, ok);
    }
    if (fault->rv != CKR_OK) {
        kv_json_add_text(body, "rv", hsm_rv_name(fault->rv), ok);
    }
    if (fault->delay != 0) {
        kv_json_add_int(body, "delay", fault->delay, ok);
    }
    if ((members & MEMBER_LIMIT) != 0) {
        kv_json_add_int(body, "limit", (int64_t) fault->limit, ok);
    }
    if (fault->mechanism_count > 0) {
        add_mechanisms(body, fault, ok);
    }
    if (fault->has_object) {
        add_key(body, fault, ok);
    }
    if ((members & MEMBER_WHEN) != 0) {
        add_when(body, fault, ok);
    }
}

static void add_ends(cJSON *body, const struct fault *fault, kv_millis monotonic, bool *ok)
{
    char iso[KV_ISO_DATE_SIZE];

    if (fault->until != INT64_MAX) {
        kv_time_render_iso(fault->until, iso);
        kv_json_add_text(body, "until", iso, ok);
    }
    if (fault->real_end != INT64_MAX) {
        kv_millis left = fault->real_end - monotonic;

        kv_json_add_int(body, "expires_in", left > 0 ? (left + 999) / 1000 : 0, ok);
    }
}

cJSON *fault_show(const struct fault *fault, kv_millis monotonic)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_text(body, "id", fault->id, &ok);
    kv_json_add_text(body, "kind", kind_row(fault->kind)->name, &ok);
    add_members(body, fault, &ok);
    kv_json_add_int(body, "seen", (int64_t) fault->seen, &ok);
    kv_json_add_int(body, "hits", (int64_t) fault->hits, &ok);
    add_ends(body, fault, monotonic, &ok);
    return ok ? kv_take(body) : NULL;
}
