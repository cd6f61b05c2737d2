/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the service that uses the key was moved. coffer's own resource manager moves nothing, so that a
 * service which it has is where it was deployed; of any other only its own resource manager can tell.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "doctor.h"
#include "journal.h"

/* The same version of the same key, whatever host and port the two URLs name. */
static bool is_same_key(const struct kv_cmk_url *url, const char *text)
{
    struct kv_cmk_url other;

    return kv_cmk_url_parse(text, &other, NULL) == KV_OK && strcasecmp(url->vault, other.vault) == 0
           && strcasecmp(url->key, other.key) == 0 && strcasecmp(url->version, other.version) == 0;
}

/* The name that a resource id ends in, or all of it. */
static const char *last_segment(const char *id)
{
    const char *slash = strrchr(id, '/');

    return slash != NULL ? slash + 1 : id;
}

/* One that acts as another identity is another service. The system-assigned one of a resource has the
 * name of that. */
static bool is_asked_about(const struct doctor *doctor, const cJSON *consumer)
{
    const char *wanted = doctor->facts.identity;
    const char *identity = cli_text_of(consumer, "identity");
    bool is_any = wanted == NULL || strcmp(wanted, "system-assigned") == 0;

    return is_same_key(&doctor->url, cli_text_of(consumer, "key"))
           && (is_any || strcasecmp(last_segment(identity), last_segment(wanted)) == 0);
}

static const cJSON *find_service(const struct doctor *doctor, const cJSON *consumers)
{
    const cJSON *consumer, *found = NULL;

    cJSON_ArrayForEach (consumer, consumers) {
        if (is_asked_about(doctor, consumer)
            && (found == NULL || *cli_text_of(consumer, "resource") != '\0')) {
            found = consumer;
        }
    }
    return found;
}

enum kv_code doctor_ask_service(struct doctor *doctor, struct kv_err *err)
{
    struct kv_cmk_answer *moved = &doctor->facts.moved;
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const cJSON *service;
    const char *resource;

    KV_TRY(kv_cli_get_json(&doctor->server, "/control/v1/consumers", &answer, err));
    service = find_service(doctor, cJSON_GetObjectItemCaseSensitive(answer, "consumers"));
    resource = cli_text_of(service, "resource");
    if (service == NULL) {
        DOCTOR_SAY(moved, doctor->texts.moved, "no service of coffer's uses this key so");
    } else if (*resource == '\0') {
        DOCTOR_SAY(moved, doctor->texts.moved,
                   "%.63s was not deployed by a template, and has no resource",
                   cli_text_of(service, "name"));
    } else {
        moved->is = KV_CMK_NO;
        DOCTOR_SAY(moved, doctor->texts.moved, "coffer has moved nothing: %.200s", resource);
    }
    return KV_OK;
}
