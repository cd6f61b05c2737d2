/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of the control API: orders it refuses, then how it is read and moved. */
#include <criterion/criterion.h>

#include "exchange.h"
#include "kv/app/api.h"

static struct kv_err err;

static void set_up_clock(void)
{
    app = (struct kv_app){ .port = 8443, .control_port = 8080 };
    cr_assert_eq(kv_clock_new(&app.clock, &err), KV_OK);
    cr_assert_eq(kv_agenda_new(app.clock, &app.agenda, &err), KV_OK);
}

static void tear_down_clock(void)
{
    end_exchange();
    kv_agenda_free(app.agenda);
    kv_clock_free(app.clock);
}

TestSuite(control_clock, .init = set_up_clock, .fini = tear_down_clock, .timeout = 60);

static void get_clock(void)
{
    begin(KV_GET, "/control/v1/clock");
    perform(&kv_control_site);
}

static void post_clock(const char *body)
{
    begin(KV_POST, "/control/v1/clock");
    add_header("Content-Type", "application/json");
    set_body(body);
    perform(&kv_control_site);
}

/* Refused whole: the clock afterwards stands where it stood. */
Test(control_clock, refuses_clock_orders_it_cannot_carry_out)
{
    static const char *const rows[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"advance\":\"60\"}",
        "{\"advance\":1.5}",
        "{\"advance\":1e300}",
        "{\"advance\":true}",
        "{\"advance\":\"\"}",
        "{\"advance\":\"-\"}",
        "{\"advance\":\"P\"}",
        "{\"advance\":\"+P1D\"}",
        "{\"advance\":\"--P1D\"}",
        "{\"advance\":\"P9999Y\"}",
        "{\"advance\":\"-P100Y\"}",
        "{\"advance\":[\"P1D\"]}",
        "{\"set\":\"1700000000\"}",
        "{\"set\":\"2030-02-30\"}",
        "{\"set\":\"1969-12-31\"}",
        "{\"set\":\"9999-12-31T23:59:59-01:00\"}",
        "{\"set\":{}}",
        "{\"set\":\"2030-01-01\",\"advance\":\"P1D\"}",
        "{\"set\":null}",
        "{\"set\":-1}",
        "{\"set\":253402300800}",
        "{\"set\":-9007199254740992,\"frozen\":false}",
        "{\"advance\":9007199254740992,\"frozen\":false}",
        "{\"frozen\":1}",
        "{\"frozen\":true,\"frozen\":false}",
        "{\"reset\":false}",
        "{\"reset\":\"true\"}",
        "{\"set\":0,\"advance\":1}",
        "{\"reset\":true,\"advance\":1}",
        "{\"to\":\"last\"}",
        "{\"to\":1}",
        "{\"to\":\"next\",\"advance\":1}",
        "{\"to\":\"next\",\"reset\":true}",
        "{\"reset\":true,\"set\":1,\"frozen\":true}",
        "{\"advance\":1,\"speed\":2}",
        "{\"Advance\":1}",
        "{\"tokens\":\"age\"}",
        "{\"tokens\":\"age\",\"frozen\":true}",
        "{\"tokens\":\"age\",\"reset\":true}",
        "{\"tokens\":\"keep\",\"reset\":true}",
        "{\"tokens\":\"Age\",\"advance\":1}",
        "{\"tokens\":\"\",\"advance\":1}",
        "{\"tokens\":true,\"advance\":1}",
    };

    kv_clock_freeze(app.clock, true);
    kv_millis before = kv_clock_now(app.clock);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        post_clock(rows[i]);
        expect_error(400, "BadParameter");
        cr_assert_eq(kv_clock_now(app.clock), before, "%s", rows[i]);
        cr_assert(kv_clock_is_frozen(app.clock), "%s", rows[i]);
    }
}

Test(control_clock, refuses_a_pace_it_cannot_keep)
{
    static const char *const rows[] = {
        "{\"rate\":0}",   "{\"rate\":-60,\"frozen\":false}", "{\"rate\":86401}",
        "{\"rate\":1.5}", "{\"rate\":\"60\",\"advance\":1}", "{\"rate\":true}",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        post_clock(rows[i]);
        expect_error(400, "BadParameter");
        cr_expect_str_eq(answer_text("error.message"), "rate is a whole number from 1 to 86400.");
        cr_expect_eq(kv_clock_rate(app.clock), 1, "%s", rows[i]);
    }
    post_clock("{\"rate\":60,\"tokens\":\"age\"}");
    cr_expect_str_eq(answer_text("error.message"), "tokens goes with advance, set or to.");
    cr_expect_eq(kv_clock_rate(app.clock), 1, "a refused order changes nothing");
}

Test(control_clock, names_a_member_it_does_not_know)
{
    post_clock("{\"advance\":1,\"spe\\\"ed\":2}");
    cr_assert_str_eq(answer_text("error.message"),
                     "'spe\"ed' is not one of advance, set, to, frozen, rate, reset and tokens.");
}

Test(control_clock, tells_the_time)
{
    cr_assert_eq(kv_clock_shift(app.clock, -kv_clock_now(app.clock), &err), KV_OK);
    kv_clock_freeze(app.clock, true);
    cr_assert_eq(kv_clock_shift(app.clock, 1700000000123 - kv_clock_now(app.clock), &err), KV_OK);
    get_clock();
    cr_assert_eq(response.status, 200);
    cr_assert_str_eq(answer_text("now"), "2023-11-14T22:13:20.123Z");
    cr_assert_eq(answer_number("epoch"), 1700000000);
    cr_assert(cJSON_IsTrue(answer_member("frozen")));
    cr_assert_lt(answer_number("offset"), 0);
}

/* The two readings it takes are not of one instant, and a millisecond is no second. */
Test(control_clock, tells_no_offset_of_less_than_half_a_second)
{
    cr_assert_eq(kv_clock_shift(app.clock, -100, &err), KV_OK);
    get_clock();
    cr_assert_eq(answer_number("offset"), 0);
    cr_assert(cJSON_IsFalse(answer_member("frozen")));
}

Test(control_clock, moves_the_clock_by_seconds)
{
    post_clock("{\"advance\":7776000}");
    cr_assert_eq(response.status, 200);
    cr_assert_eq(answer_number("offset"), 7776000);
    post_clock("{\"advance\":-7776060}");
    cr_assert_eq(answer_number("offset"), -60);
}

Test(control_clock, moves_the_clock_by_a_duration)
{
    post_clock("{\"set\":\"2023-01-31T12:00:00Z\",\"frozen\":true}");
    post_clock("{\"advance\":\"P1M\"}");
    cr_assert_str_eq(answer_text("now"), "2023-02-28T12:00:00.000Z");
    post_clock("{\"advance\":\"P1DT1H1M1S\"}");
    cr_assert_str_eq(answer_text("now"), "2023-03-01T13:01:01.000Z");
    post_clock("{\"advance\":\"-PT1H1M1S\"}");
    cr_assert_str_eq(answer_text("now"), "2023-03-01T12:00:00.000Z");
    post_clock("{\"advance\":\"-P1M\"}");
    cr_assert_str_eq(answer_text("now"), "2023-02-01T12:00:00.000Z");
    cr_assert(cJSON_IsTrue(answer_member("frozen")));
}

Test(control_clock, sets_the_clock_to_a_date)
{
    post_clock("{\"set\":\"2030-01-01\",\"frozen\":true}");
    cr_assert_str_eq(answer_text("now"), "2030-01-01T00:00:00.000Z");
    post_clock("{\"set\":\"2023-11-14T23:13:20.123+01:00\"}");
    cr_assert_str_eq(answer_text("now"), "2023-11-14T22:13:20.123Z");
}

Test(control_clock, says_what_a_span_and_a_date_look_like)
{
    post_clock("{\"advance\":\"90 days\"}");
    cr_assert_str_eq(answer_text("error.message"),
                     "advance is whole seconds or a duration such as P90D, PT15M or -PT1H.");
    post_clock("{\"set\":\"tomorrow\"}");
    cr_assert_str_eq(answer_text("error.message"),
                     "set is whole seconds since 1970 or a date such as 2030-01-01T00:00:00Z.");
}

Test(control_clock, sets_a_clock_that_stands_to_the_millisecond)
{
    for (int i = 0; i < 2000; i++) { /* now and then a millisecond ends between two steps */
        kv_clock_reset(app.clock);
        post_clock("{\"set\":1700000000,\"frozen\":true}");
        cr_assert_eq(kv_clock_now(app.clock), 1700000000000);
    }
    cr_assert_eq(response.status, 200);
    cr_assert_str_eq(answer_text("now"), "2023-11-14T22:13:20.000Z");
}

Test(control_clock, lets_a_clock_run_on_and_resets_it)
{
    post_clock("{\"advance\":3600,\"frozen\":true}");
    cr_assert(kv_clock_is_frozen(app.clock));
    post_clock("{\"frozen\":false}");
    cr_assert_not(kv_clock_is_frozen(app.clock));
    cr_assert_eq(answer_number("offset"), 3600);
    post_clock("{\"frozen\":true}");
    post_clock("{\"reset\":true}");
    cr_assert_eq(answer_number("offset"), 0);
    cr_assert(cJSON_IsFalse(answer_member("frozen")));
}

/* A row that is due at one time, and knows nothing before it was asked. */
static kv_millis due_at;

static enum kv_code say_when(void *context, const struct kv_trip *trip, kv_millis after,
                             kv_millis *ret_due, struct kv_err *ret_err)
{
    (void) context;
    (void) trip;
    if (due_at == 0) {
        return KV_FAIL(ret_err, KV_UNAVAILABLE, 0, "the store is away");
    }
    *ret_due = due_at > after ? due_at : INT64_MAX;
    return KV_OK;
}

static enum kv_code run_never(void *context, const struct kv_trip *trip, kv_millis at,
                              struct kv_agenda_report *report, struct kv_err *ret_err)
{
    (void) context;
    (void) trip;
    (void) at;
    (void) report;
    return KV_FAIL(ret_err, KV_INTERNAL, 0, "it runs where it must not");
}

static void add_row(void)
{
    kv_agenda_add(app.agenda, &(struct kv_agenda_row){
                                  .name = "purge",
                                  .next = say_when,
                                  .run = run_never,
                              });
    post_clock("{\"set\":1700000000,\"frozen\":true}");
}

Test(control_clock, has_no_next_time_to_go_to_when_nothing_is_due)
{
    post_clock("{\"to\":\"next\"}");
    expect_error(409, "Conflict");
    get_clock();
    cr_assert(cJSON_IsNull(answer_member("next")));
    cr_assert_null(answer_member("ran"));
}

Test(control_clock, can_be_read_and_moved_while_nobody_knows_what_is_next)
{
    add_row();
    post_clock("{\"to\":\"next\"}");
    expect_error(503, "ServiceUnavailable");
    post_clock("{\"advance\":-60}");
    cr_assert_eq(response.status, 200);
    get_clock();
    cr_assert_eq(answer_number("epoch"), 1699999940);
    cr_assert_null(answer_member("next"));
}

Test(control_clock, tells_what_is_due_next)
{
    due_at = 1700000060000;
    add_row();
    get_clock();
    cr_assert_str_eq(answer_text("next.at"), "2023-11-14T22:14:20.000Z");
    cr_assert_str_eq(answer_text("next.what"), "purge");
}

Test(control_clock, moves_at_once_where_nothing_is_due_on_the_way)
{
    due_at = 1700000060000;
    add_row();
    post_clock("{\"advance\":59}");
    cr_assert_eq(answer_number("epoch"), 1700000059);
    cr_assert_eq(cJSON_GetArraySize(answer_member("ran")), 0);
    cr_assert_eq(answer_number("left_off"), 0);
    cr_assert(cJSON_IsFalse(answer_member("unfinished")));
    cr_assert_null(request.next);
}

/* Here there are no lanes: the request only says where it would go on. */
Test(control_clock, leaves_the_thread_of_the_connection_where_something_is_due)
{
    static const char *const orders[] = { "{\"advance\":60}", "{\"to\":\"next\"}",
                                          "{\"reset\":true}", "{\"set\":\"2024-01-01\"}" };

    due_at = 1700000060000;
    add_row();
    for (size_t i = 0; i < KV_COUNT(orders); i++) {
        post_clock(orders[i]);
        cr_assert_not_null(request.next, "%s", orders[i]);
        cr_assert_eq(request.next_lane, KV_LANE_ALONE);
        cr_assert_eq(kv_clock_now(app.clock), 1700000000000);
    }
    cr_assert(kv_agenda_try_acquire(app.agenda), "it has given the turn back");
    post_clock("{\"frozen\":true}");
    cr_assert_not_null(request.next, "somebody else has the turn");
    kv_agenda_release(app.agenda);
}

Test(control_clock, ages_tokens_only_when_it_is_told_to)
{
    static const struct {
        const char *body;
        double aged;
    } rows[] = {
        { "{\"advance\":7776000}", 0 },
        { "{\"advance\":7776000,\"tokens\":\"keep\"}", 0 },
        { "{\"advance\":3600,\"tokens\":\"age\"}", 3600 },
        { "{\"advance\":\"-PT2H\",\"tokens\":\"age\"}", -3600 },
        { "{\"advance\":\"P1D\",\"frozen\":true,\"tokens\":\"age\"}", 82800 },
        { "{\"frozen\":false}", 82800 },
        { "{\"reset\":true}", 0 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        post_clock(rows[i].body);
        cr_assert_eq(response.status, 200, "%s", rows[i].body);
        cr_expect_eq(answer_number("tokens_aged"), rows[i].aged, "%s", rows[i].body);
    }
}

Test(control_clock, ages_tokens_by_the_way_to_a_date)
{
    cr_assert_eq(kv_clock_shift(app.clock, 1700000000000 - kv_clock_now(app.clock), &err), KV_OK);
    kv_clock_freeze(app.clock, true);
    post_clock("{\"set\":1700000000}");
    post_clock("{\"set\":1700086400,\"tokens\":\"age\"}");
    cr_expect_eq(answer_number("tokens_aged"), 86400);
}

Test(control_clock, ages_no_tokens_by_a_refused_order)
{
    post_clock("{\"advance\":\"P9999Y\",\"tokens\":\"age\"}");
    cr_assert_eq(response.status, 400);
    cr_expect_eq(kv_clock_token_time(app.clock).aged, 0);
}
