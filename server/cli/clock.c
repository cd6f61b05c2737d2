/* SPDX-License-Identifier: Apache-2.0 */
/* coffer clock ...: what the virtual clock shows, and moving it. */

#include "cli.h"

#include <stdlib.h>
#include <string.h>

#include "server.h"

#define CLOCK_PATH "/control/v1/clock"
#define TRAVEL_MS 120000 /* a travel is answered in 90 seconds, whatever is due on the way */

/* What of the answer is printed, in this order, as the control port names it. */
static const char *const shown[] = { "now", "mode", "rate", "offset", "tokens_aged" };

static void print_value(const char *name, const cJSON *value)
{
    (void) printf("%s=", name);
    if (cJSON_IsNumber(value)) {
        (void) printf("%.0f", value->valuedouble);
    }
    if (cJSON_IsString(value)) {
        kv_cli_print_text(value->valuestring);
    }
    (void) putchar('\n');
}

/* "2026-12-01T00:00:00.000Z purge vault=dev key=a": after the first two whatever else there is, by
 * its name. */
static void print_event(const char *name, const cJSON *event)
{
    const cJSON *member;

    (void) printf("%s=", name);
    cJSON_ArrayForEach (member, event) {
        const char *text = cJSON_GetStringValue(member);
        bool is_named = strcmp(member->string, "at") != 0 && strcmp(member->string, "what") != 0;

        (void) printf("%s", member != event->child ? " " : "");
        if (is_named) {
            kv_cli_print_text(member->string);
            (void) putchar('=');
        }
        kv_cli_print_text(text != NULL ? text : "");
    }
    (void) putchar('\n');
}

static void print_way(const cJSON *answer)
{
    const cJSON *event;

    cJSON_ArrayForEach (event, cJSON_GetObjectItemCaseSensitive(answer, "ran")) {
        print_event("ran", event);
    }
    if (cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(answer, "left_off")) > 0) {
        print_value("left_off", cJSON_GetObjectItemCaseSensitive(answer, "left_off"));
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "unfinished"))) {
        (void) puts("unfinished=true");
    }
}

static void print_answer(const cJSON *answer)
{
    const cJSON *next = cJSON_GetObjectItemCaseSensitive(answer, "next");

    for (size_t i = 0; i < KV_COUNT(shown); i++) {
        print_value(shown[i], cJSON_GetObjectItemCaseSensitive(answer, shown[i]));
    }
    if (cJSON_IsObject(next)) {
        print_event("next", next);
    }
    print_way(answer);
}

enum kv_code kv_cli_clock_show(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;

    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, CLOCK_PATH, &answer, err));
    print_answer(answer);
    return KV_OK;
}

static enum kv_code send_order(const struct kv_options *options, const char *below,
                               const cJSON *body, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    char path[64];

    (void) snprintf(path, sizeof(path), CLOCK_PATH "%s", below);
    KV_TRY(kv_cli_find_server(options, &server, err));
    server.patience = TRAVEL_MS;
    KV_TRY(kv_cli_send(&server, "POST", path, body, &answer, err));
    print_answer(answer);
    return KV_OK;
}

/* Digits are seconds, as in JSON; what else it is, the server says. */
static void add_place(cJSON *body, const char *name, const char *text, bool *ok)
{
    size_t sign = text[0] == '-';
    size_t len = strlen(text);
    bool is_number =
        len > sign && len - sign <= 15 && strspn(text + sign, "0123456789") == len - sign;

    if (is_number) {
        kv_json_add_int(body, name, strtoll(text, NULL, 10), ok);
        return;
    }
    kv_json_add_text(body, name, text, ok);
}

/* `name` NULL: the route says where to. */
static enum kv_code send_move(const struct kv_options *options, const char *below, const char *name,
                              const char *place, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    if (name != NULL) {
        add_place(body, name, place, &ok);
    }
    if (kv_option_flag(options, KV_OPTION_FREEZE)) {
        kv_json_add_bool(body, "frozen", true, &ok);
    }
    if (kv_option_flag(options, KV_OPTION_AGE_TOKENS)) {
        kv_json_add_text(body, "tokens", "age", &ok);
    }
    return ok ? send_order(options, below, body, err) : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_cli_clock_advance(const struct kv_options *options, struct kv_err *err)
{
    return send_move(options, "/advance", "by", kv_option_text(options, KV_OPTION_CLOCK_BY), err);
}

enum kv_code kv_cli_clock_set(const struct kv_options *options, struct kv_err *err)
{
    return send_move(options, "/advance", "to", kv_option_text(options, KV_OPTION_CLOCK_TO), err);
}

enum kv_code kv_cli_clock_next(const struct kv_options *options, struct kv_err *err)
{
    return send_move(options, "/run-to-next-event", NULL, NULL, err);
}

static enum kv_code send_flag(const struct kv_options *options, const char *name, bool value,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_bool(body, name, value, &ok);
    return ok ? send_order(options, "", body, err) : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_cli_clock_freeze(const struct kv_options *options, struct kv_err *err)
{
    return send_flag(options, "frozen", true, err);
}

enum kv_code kv_cli_clock_run(const struct kv_options *options, struct kv_err *err)
{
    return send_flag(options, "frozen", false, err);
}

enum kv_code kv_cli_clock_reset(const struct kv_options *options, struct kv_err *err)
{
    return send_flag(options, "reset", true, err);
}

/* A clock that stands runs from now on. */
enum kv_code kv_cli_clock_scale(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_int(body, "rate", kv_option_number(options, KV_OPTION_CLOCK_RATE), &ok);
    kv_json_add_bool(body, "frozen", false, &ok);
    return ok ? send_order(options, "", body, err) : KV_OUT_OF_MEMORY(err);
}
