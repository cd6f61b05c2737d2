/* SPDX-License-Identifier: Apache-2.0 */
/* A request without a connection, from its text to its answer. */
#include <string.h>

#include <unistr.h>

#include "fuzz.h"
#include "kv/app/api.h"
#include "kv/base/json.h"
#include "server/http/uri.h"
#include "world.h"

#define NOW (INT64_C(1800000000) * 1000)
#define STEPS_MAX 8

static enum kv_code refuse(struct kv_request *request, struct kv_response *response,
                           unsigned verbs_of_path, struct kv_err *err)
{
    (void) request;
    (void) response;
    (void) verbs_of_path;
    return KV_FAIL(err, KV_NOT_FOUND, 0, "no row has this path");
}

static bool offers(const struct kv_request *request, const struct kv_route *route)
{
    unsigned hosts = kv_terms_of(route)->hosts;

    return hosts == 0 || (hosts & 1U << kv_call_of(request)->vault->kind) != 0;
}

static const struct kv_site data_site = {
    .tables = (const struct kv_route *const[]){ kv_key_routes, kv_hsm_routes, NULL },
    .offers = offers,
    .unmatched = refuse,
};
static const struct kv_site control_site = {
    .tables = (const struct kv_route *const[]){ kv_token_routes, kv_control_routes, NULL },
    .unmatched = refuse,
};

struct asked {
    struct kv_request request;
    struct kv_response response;
    struct kv_call call;
    struct kv_uri uri;
    char host[64], authority[80];
};

static bool find_verb(const char *name, enum kv_verb *ret_verb)
{
    for (enum kv_verb verb = KV_GET; verb < KV_VERB_OTHER; verb++) {
        if (strcmp(name, kv_verb_name(verb)) == 0) {
            *ret_verb = verb;
            return true;
        }
    }
    return false;
}

/* What the gates of the data plane would have found out. */
static bool choose_vault(struct asked *asked, const char *name)
{
    const struct kv_app *app = world();
    struct kv_request *request = &asked->request;

    const struct kv_vault *vault = kv_vaults_acquire(app->vaults, name); /* given back at the end */

    if (vault != NULL) {
        asked->call = (struct kv_call){
            .vault = vault,
            .api_version = "7.6",
            .shows_hsm_platform = true,
            .knows_release = true,
            .knows_external = vault->kind == KV_MANAGED_HSM,
        };
        (void) snprintf(asked->call.principal.object_id, sizeof(asked->call.principal.object_id),
                        "%s", "11111111-2222-3333-4444-555555555555");
        kv_vault_host(vault, asked->host);
        request->site = &data_site;
        request->context = &asked->call;
        return true;
    }
    if (strcmp(name, "control") != 0) {
        return false;
    }
    (void) snprintf(asked->host, sizeof(asked->host), "localhost");
    request->site = &control_site;
    return true;
}

static void fill_request(struct asked *asked)
{
    struct kv_request *request = &asked->request;

    (void) snprintf(asked->authority, sizeof(asked->authority), "%s:8443", asked->host);
    request->app = world();
    request->now = NOW;
    request->method = kv_verb_name(request->verb);
    request->target_is_valid = true;
    request->authority = asked->authority;
    request->host = asked->host;
    request->segments = asked->uri.segments;
    memcpy(request->segment, asked->uri.segment, sizeof(request->segment));
    request->query = (struct kv_pairs){ asked->uri.pair, asked->uri.pairs };
}

/* VERB VAULT TARGET, and a body on the lines below. */
static bool read_text(struct fuzz_input *input, struct asked *asked)
{
    fuzz_auto char *line = fuzz_take_text(input, '\n');
    char *rest = line;
    const char *verb = strsep(&rest, " ");
    const char *vault = strsep(&rest, " ");

    if (rest == NULL || !find_verb(verb, &asked->request.verb) || !choose_vault(asked, vault)
        || kv_uri_parse(rest, &asked->uri, NULL) != KV_OK) {
        return false;
    }
    fill_request(asked);
    kv_buf_init(&asked->request.body, KV_BODY_MAX);
    return input->left == 0
           || kv_buf_append(&asked->request.body, input->at, input->left, NULL) == KV_OK;
}

static void check_refusal(const struct kv_err *err)
{
    size_t len = strnlen(err->message, sizeof(err->message));

    if (err->code == KV_INTERNAL) {
        (void) fprintf(stderr, "500: %s (%lu, %s)\n", err->message, err->cause, err->where);
    }
    FUZZ_HOLDS(err->code != KV_INTERNAL && len > 0 && len < sizeof(err->message));
    FUZZ_HOLDS(u8_check((const uint8_t *) err->message, len) == NULL);
}

static void check_answer(const struct kv_response *response)
{
    kv_auto(cJSON_Delete) cJSON *json = NULL;

    FUZZ_HOLDS(response->status >= 200 && response->status < 600 && response->status != 500);
    if (response->content_type != NULL
        && strncmp(response->content_type, "application/json", 16) == 0) {
        FUZZ_HOLDS(kv_json_parse(response->body.data, response->body.len, &json, NULL) == KV_OK);
    }
}

/* Each step on this thread, whatever lane it is for. */
static enum kv_code run(struct asked *asked, struct kv_err *err)
{
    kv_handler_fn *step = asked->request.route->handler;

    for (unsigned steps = 0; step != NULL; steps++) {
        FUZZ_HOLDS(steps < STEPS_MAX);
        asked->request.next = NULL;
        KV_TRY(step(&asked->request, &asked->response, err));
        step = asked->request.next;
    }
    return KV_OK;
}

static int answer(struct asked *asked)
{
    struct kv_err err = { .message = "" };
    int status;

    if (kv_route_match(&asked->request, &asked->response, &err) != KV_OK) {
        return 0;
    }
    kv_response_init(&asked->response);
    if (run(asked, &err) == KV_OK) {
        check_answer(&asked->response);
        status = asked->response.status;
    } else {
        check_refusal(&err);
        status = kv_err_row(err.code)->status;
    }
    kv_response_done(&asked->response);
    return status;
}

int world_ask(const char *text, size_t len)
{
    struct fuzz_input input = { (const uint8_t *) text, len };
    struct asked asked = { .request = { .route = NULL } };
    int status = 0;

    if (read_text(&input, &asked)) {
        status = answer(&asked);
    }
    if (asked.request.state_free != NULL) {
        asked.request.state_free(asked.request.state);
    }
    kv_vault_release(asked.call.vault);
    kv_buf_done(&asked.request.body);
    kv_uri_done(&asked.uri);
    return status;
}
