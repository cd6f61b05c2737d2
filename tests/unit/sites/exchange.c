/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <criterion/criterion.h>

#include "kv/http/route.h"

#define PAIRS_MAX 8

struct kv_app app;
struct kv_request request;
struct kv_response response;

static struct kv_pair query[PAIRS_MAX], headers[PAIRS_MAX];
static char path_copy[256];
static cJSON *body;

static void split_path(const char *path)
{
    char *rest = path_copy;

    snprintf(path_copy, sizeof(path_copy), "%s", path);
    for (char *segment; (segment = strsep(&rest, "/")) != NULL;) {
        if (*segment != '\0') {
            request.segment[request.segments++] = segment;
        }
    }
}

void begin(enum kv_verb verb, const char *path)
{
    end_exchange();
    request = (struct kv_request){
        .app = &app,
        .now = 1700000000123,
        .verb = verb,
        .method = kv_verb_name(verb),
        .target = path,
        .target_is_valid = true,
        .query = { .pair = query },
        .headers = { .pair = headers },
        .authority = "localhost:8080",
        .host = "localhost",
    };
    kv_buf_init(&request.body, KV_BODY_MAX);
    kv_response_init(&response);
    split_path(path);
}

void add_query(const char *name, const char *value)
{
    cr_assert_lt(request.query.count, PAIRS_MAX);
    query[request.query.count++] = (struct kv_pair){ name, value };
}

void add_header(const char *name, const char *value)
{
    cr_assert_lt(request.headers.count, PAIRS_MAX);
    headers[request.headers.count++] = (struct kv_pair){ name, value };
}

void set_body(const char *text)
{
    cr_assert_eq(kv_buf_append(&request.body, text, strlen(text), NULL), KV_OK);
}

static enum kv_code take_through(const struct kv_site *site, struct kv_err *err)
{
    for (const struct kv_gate *gate = site->gates; gate->pass != NULL; gate++) {
        KV_TRY(gate->pass(&request, &response, err));
        if (request.choice.next == KV_NEXT_ANSWER) { /* as http/ does: no further one is asked */
            return KV_OK;
        }
    }
    return request.route == NULL ? KV_OK : request.route->handler(&request, &response, err);
}

void perform(const struct kv_site *site)
{
    struct kv_err err = { 0 };

    request.site = site;
    if (take_through(site, &err) != KV_OK) {
        kv_response_reset(&response);
        site->render_error(&request, &err, &response);
    }
    site->finish(&request, &response);
}

void end_exchange(void)
{
    if (request.context_free != NULL) { /* as http/ does at the end of a request */
        request.context_free(request.context);
        request.context_free = NULL;
    }
    kv_buf_done(&request.body);
    kv_response_done(&response);
    cJSON_Delete(body);
    body = NULL;
}

const char *answer_header(const char *name)
{
    for (size_t i = 0; i < response.headers; i++) {
        if (strcasecmp(response.header[i].name, name) == 0) {
            return response.header[i].value;
        }
    }
    return "";
}

const cJSON *answer_member(const char *path)
{
    char copy[64];
    char *rest = copy;

    if (body == NULL) {
        cr_assert_eq(kv_json_parse(response.body.data, response.body.len, &body, NULL), KV_OK);
    }
    const cJSON *at = body;
    snprintf(copy, sizeof(copy), "%s", path);
    for (char *name; (name = strsep(&rest, ".")) != NULL;) {
        at = cJSON_GetObjectItemCaseSensitive(at, name);
    }
    return at;
}

const char *answer_text(const char *path)
{
    const char *text = cJSON_GetStringValue(answer_member(path));

    return text == NULL ? "(none)" : text;
}

int64_t answer_number(const char *path)
{
    const cJSON *member = answer_member(path);

    cr_assert(cJSON_IsNumber(member), "%s", path);
    return (int64_t) member->valuedouble;
}

void expect_error(int status, const char *code)
{
    cr_assert_eq(response.status, status);
    cr_assert_str_eq(answer_text("error.code"), code);
    cr_assert_neq(strlen(answer_text("error.message")), 0);
    cr_assert_str_eq(answer_header("Cache-Control"), "no-store");
}
