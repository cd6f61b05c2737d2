/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A web-hook: the handshakes of Event Grid and of CloudEvents, and the delivery of an event. Whatever
 * a receiver answers is bounded in time and size; where it sends us is not followed.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "courier.h"
#include "kv/base/json.h"
#include "kv/base/secret.h"
#include "transfer.h"

#define TIMEOUT_MS 10000L
#define CONNECT_TIMEOUT_MS 5000L
#define ANSWER_MAX (64 * 1024) /* bytes of a body, and of a head */
#define SENT_MAX (512 * 1024)
#define ALLOWED_MAX 256
#define ORIGIN "eventgrid.azure.net"

struct exchange {
    const char *verb;
    struct curl_slist *headers;
    struct kv_buf sent, answer;
    size_t head;               /* bytes of the answer's */
    char allowed[ALLOWED_MAX]; /* WebHook-Allowed-Origin */
    long status;
    transfer_wanted_fn *is_wanted; /* NULL: until the process ends */
    void *wanted_context;
};

static void exchange_init(struct exchange *exchange, const char *verb)
{
    *exchange = (struct exchange){ .verb = verb };
    kv_buf_init(&exchange->sent, SENT_MAX);
    kv_buf_init(&exchange->answer, ANSWER_MAX);
}

static void exchange_done(struct exchange *exchange)
{
    curl_slist_free_all(exchange->headers);
    kv_buf_done(&exchange->sent);
    kv_buf_done(&exchange->answer);
}
KV_DEFINE_CLEANUP_VALUE(struct exchange, exchange_done)

static void cleanup_curl(CURL *curl)
{
    curl_easy_cleanup(curl);
}
KV_DEFINE_CLEANUP(CURL *, cleanup_curl)

static bool add_header(struct exchange *exchange, const char *line)
{
    struct curl_slist *longer = curl_slist_append(exchange->headers, line);

    exchange->headers = longer != NULL ? longer : exchange->headers;
    return longer != NULL;
}

/* A body that is too large ends the transfer. */
static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;

    return kv_buf_append(&exchange->answer, bytes, size * count, NULL) == KV_OK ? size * count : 0;
}

static void read_allowed(struct exchange *exchange, const char *line, size_t len)
{
    static const char name[] = "WebHook-Allowed-Origin:";
    size_t skip = sizeof(name) - 1;

    if (len < skip || strncasecmp(line, name, skip) != 0) {
        return;
    }
    skip += strspn(line + skip, " \t");
    (void) snprintf(exchange->allowed, sizeof(exchange->allowed), "%.*s",
                    (int) strcspn(line + skip, "\r\n"), line + skip);
}

/* Each line ends with CR LF; a head that is too large ends the transfer. */
static size_t take_head(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    size_t len = size * count;
    char line[ALLOWED_MAX];

    exchange->head += len;
    if (exchange->head > ANSWER_MAX) {
        return 0;
    }
    (void) snprintf(line, sizeof(line), "%.*s", len < sizeof(line) ? (int) len : ALLOWED_MAX - 1,
                    bytes);
    read_allowed(exchange, line, strlen(line));
    return len;
}

static void set_up(CURL *curl, const struct hook *hook, struct exchange *exchange)
{
    transfer_set_up(curl, hook->target, TIMEOUT_MS, CONNECT_TIMEOUT_MS);
    if (hook->ca != NULL) { /* the system's own are trusted all the same, by their folder */
        curl_easy_setopt(curl, CURLOPT_CAINFO, hook->ca);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, exchange->verb);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->headers);
    if (exchange->sent.len > 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, exchange->sent.data);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long) exchange->sent.len);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
}

static void fail(struct verdict *verdict, const char *why)
{
    verdict->outcome = OUTCOME_LATER;
    (void) snprintf(verdict->error, sizeof(verdict->error), "%s", why);
}

/* False, with the reason, when there was no whole answer. */
static bool exchange_run(struct exchange *exchange, const struct hook *hook,
                         struct verdict *verdict)
{
    kv_auto(cleanup_curl) CURL *curl = curl_easy_init();

    if (curl == NULL) {
        fail(verdict, "out of memory");
        return false;
    }
    set_up(curl, hook, exchange);

    CURLcode result = exchange->is_wanted != NULL
                          ? transfer_run_while(curl, exchange->is_wanted, exchange->wanted_context)
                          : transfer_run(curl);

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &exchange->status);
    verdict->status = exchange->status;
    if (result == CURLE_WRITE_ERROR) {
        fail(verdict, "the answer is too large");
    } else if (result != CURLE_OK) {
        fail(verdict, curl_easy_strerror(result));
    }
    return result == CURLE_OK;
}

static bool print_and_delete(cJSON *tree, struct kv_buf *buf)
{
    kv_auto(cJSON_Delete) cJSON *object = tree;

    return object != NULL && kv_json_print(object, buf, NULL) == KV_OK;
}

/* Event Grid brings lists, here of one. */
static bool print_list(cJSON *event, struct kv_buf *buf)
{
    return kv_buf_printf(buf, NULL, "[") == KV_OK && print_and_delete(event, buf)
           && kv_buf_printf(buf, NULL, "]") == KV_OK;
}

/* --- shaking hands --- */

static bool gives_back(const struct exchange *exchange, const char *code)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    if (kv_json_parse(exchange->answer.data, exchange->answer.len, &body, NULL) != KV_OK) {
        return false;
    }

    const char *given =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "validationResponse"));

    return given != NULL && kv_secret_equal(given, strlen(given), code, strlen(code));
}

static void validate(const struct parcel *parcel, struct verdict *verdict)
{
    kv_auto(exchange_done) struct exchange exchange;
    char code[KV_UUID_LENGTH + 1];

    exchange_init(&exchange, "POST");
    kv_uuid_random(code);
    if (!print_list(kv_event_render_validation(parcel->place, code, kv_clock_real()),
                    &exchange.sent)
        || !add_header(&exchange, "Content-Type: application/json; charset=utf-8")
        || !add_header(&exchange, "aeg-event-type: SubscriptionValidation")) {
        fail(verdict, "out of memory");
        return;
    }
    if (!exchange_run(&exchange, parcel->hook, verdict)) {
        return;
    }
    if (exchange.status != 200 || !gives_back(&exchange, code)) {
        fail(verdict, "it did not answer 200 with the validationCode as validationResponse");
        return;
    }
    verdict->outcome = OUTCOME_TAKEN;
}

/* CloudEvents' HTTP 1.1 Web Hooks for Event Delivery, §4. */
static void ask(const struct parcel *parcel, struct verdict *verdict)
{
    kv_auto(exchange_done) struct exchange exchange;

    exchange_init(&exchange, "OPTIONS");
    if (!add_header(&exchange, "WebHook-Request-Origin: " ORIGIN)) {
        fail(verdict, "out of memory");
        return;
    }
    if (!exchange_run(&exchange, parcel->hook, verdict)) {
        return;
    }
    if (exchange.status < 200 || exchange.status > 299
        || (strcmp(exchange.allowed, "*") != 0 && strcasecmp(exchange.allowed, ORIGIN) != 0)) {
        fail(verdict, "it did not allow " ORIGIN " by WebHook-Allowed-Origin");
        return;
    }
    verdict->outcome = OUTCOME_TAKEN;
}

void webhook_shake_hands(const struct parcel *parcel, struct verdict *ret_verdict)
{
    if (parcel->schema == KV_CLOUD_EVENTS) {
        ask(parcel, ret_verdict);
        return;
    }
    validate(parcel, ret_verdict);
}

/* --- delivering --- */

static bool print_event(const struct parcel *parcel, struct kv_buf *buf)
{
    cJSON *event = kv_event_render(parcel->event, parcel->schema, parcel->place);

    return parcel->schema == KV_CLOUD_EVENTS ? print_and_delete(event, buf)
                                             : print_list(event, buf);
}

static bool add_headers(const struct parcel *parcel, struct exchange *exchange)
{
    const char *type = parcel->schema == KV_CLOUD_EVENTS
                           ? "Content-Type: application/cloudevents+json; charset=utf-8"
                           : "Content-Type: application/json; charset=utf-8";
    char count[64];

    (void) snprintf(count, sizeof(count), "aeg-delivery-count: %lld", (long long) parcel->attempts);
    return add_header(exchange, type) && add_header(exchange, "aeg-event-type: Notification")
           && add_header(exchange, "aeg-metadata-version: 1") && add_header(exchange, count);
}

/* 400, 401 and 413 do not get better by asking again, as Event Grid has it. */
static enum outcome judge(long status)
{
    if (status >= 200 && status <= 204) {
        return OUTCOME_TAKEN;
    }
    return status == 400 || status == 401 || status == 413 ? OUTCOME_NEVER : OUTCOME_LATER;
}

/* Sends what was put into the exchange. */
static void deliver(struct exchange *exchange, const struct hook *hook, struct verdict *ret_verdict)
{
    if (!exchange_run(exchange, hook, ret_verdict)) {
        return;
    }
    ret_verdict->outcome = judge(exchange->status);
    if (ret_verdict->outcome != OUTCOME_TAKEN) {
        (void) snprintf(ret_verdict->error, sizeof(ret_verdict->error), "it answered %ld",
                        exchange->status);
    }
}

void webhook_send(const struct parcel *parcel, struct verdict *ret_verdict)
{
    kv_auto(exchange_done) struct exchange exchange;

    exchange_init(&exchange, "POST");
    if (!print_event(parcel, &exchange.sent) || !add_headers(parcel, &exchange)) {
        fail(ret_verdict, "out of memory");
        return;
    }
    deliver(&exchange, parcel->hook, ret_verdict);
}

void webhook_post(const struct posting *posting, struct verdict *ret_verdict)
{
    kv_auto(exchange_done) struct exchange exchange;

    exchange_init(&exchange, "POST");
    exchange.is_wanted = posting->is_wanted;
    exchange.wanted_context = posting->context;
    if (kv_buf_append(&exchange.sent, posting->body->data, posting->body->len, NULL) != KV_OK
        || !add_header(&exchange, "Content-Type: application/json; charset=utf-8")) {
        fail(ret_verdict, "out of memory");
        return;
    }
    deliver(&exchange, posting->hook, ret_verdict);
}
