/* SPDX-License-Identifier: Apache-2.0 */
/* The clock's further routes: how it is to be (PUT), by how much it is moved, and its pace. */
#include <stdio.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "exchange.h"
#include "kv/app/api.h"

#define START INT64_C(1700000000000) /* 2023-11-14T22:13:20Z */

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

TestSuite(clock_routes, .init = set_up_clock, .fini = tear_down_clock, .timeout = 60);

static void ask(enum kv_verb verb, const char *path, const char *body)
{
    begin(verb, path);
    add_header("Content-Type", "application/json");
    set_body(body);
    perform(&kv_control_site);
}

static void put(const char *body)
{
    ask(KV_PUT, "/control/v1/clock", body);
}

static void advance(const char *body)
{
    ask(KV_POST, "/control/v1/clock/advance", body);
}

static void stand_at_start(void)
{
    put("{\"mode\":\"frozen\",\"now\":1700000000}");
    cr_assert_eq(response.status, 200);
    cr_assert_eq(kv_clock_now(app.clock), START);
}

Test(clock_routes, refuses_orders_it_cannot_carry_out)
{
    static const struct {
        enum kv_verb verb;
        const char *path, *body, *message;
    } rows[] = {
        { KV_PUT, "", "{}", "mode is \"system\", \"offset\", \"frozen\" or \"scaled\"." },
        { KV_PUT, "", "{\"mode\":\"slow\"}",
          "mode is \"system\", \"offset\", \"frozen\" or \"scaled\"." },
        { KV_PUT, "", "{\"mode\":\"system\",\"offset\":60}",
          "mode system goes with neither now nor offset." },
        { KV_PUT, "", "{\"mode\":\"offset\"}", "Give now or offset, one of the two." },
        { KV_PUT, "", "{\"mode\":\"frozen\",\"now\":1,\"offset\":1}",
          "Give now or offset, one of the two." },
        { KV_PUT, "", "{\"mode\":\"scaled\"}", "rate goes with mode scaled, which needs it." },
        { KV_PUT, "", "{\"mode\":\"frozen\",\"rate\":60}",
          "rate goes with mode scaled, which needs it." },
        { KV_PUT, "", "{\"mode\":\"scaled\",\"rate\":86401}",
          "rate is a whole number from 1 to 86400." },
        { KV_PUT, "", "{\"mode\":\"scaled\",\"rate\":0,\"now\":1}",
          "rate is a whole number from 1 to 86400." },
        { KV_PUT, "", "{\"mode\":\"offset\",\"offset\":\"P1D\"}",
          "offset is whole seconds ahead of the system's clock, and stays within the years 1970 to "
          "9999." },
        { KV_PUT, "", "{\"mode\":\"offset\",\"offset\":9007199254740992}",
          "offset is whole seconds ahead of the system's clock, and stays within the years 1970 to "
          "9999." },
        { KV_PUT, "", "{\"mode\":\"offset\",\"offset\":253402300799}",
          "the clock cannot leave the years 1970 to 9999" },
        { KV_PUT, "", "{\"mode\":\"offset\",\"now\":\"soon\"}",
          "now is whole seconds since 1970 or a date such as 2030-01-01T00:00:00Z." },
        { KV_PUT, "", "{\"mode\":\"system\",\"tokens\":\"age\"}",
          "tokens goes with now or offset." },
        { KV_PUT, "", "{\"mode\":\"frozen\",\"advance\":1}",
          "'advance' is not one of mode, now, offset, rate and tokens." },
        { KV_POST, "/advance", "{}", "Give by or to, one of the two." },
        { KV_POST, "/advance", "{\"by\":1,\"to\":1}", "Give by or to, one of the two." },
        { KV_POST, "/advance", "{\"by\":\"91 days\"}",
          "by is whole seconds or a duration such as P90D, PT15M or -PT1H." },
        { KV_POST, "/advance", "{\"to\":\"next\"}",
          "to is whole seconds since 1970 or a date such as 2030-01-01T00:00:00Z." },
        { KV_POST, "/advance", "{\"advance\":1}",
          "'advance' is not one of by, to, frozen and tokens." },
        { KV_POST, "/advance", "{\"by\":1,\"frozen\":1}",
          "frozen and reset must be true or false." },
        { KV_POST, "/run-to-next-event", "{\"by\":1}", "'by' is not one of frozen and tokens." },
    };
    char path[64];

    stand_at_start();
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        snprintf(path, sizeof(path), "/control/v1/clock%s", rows[i].path);
        ask(rows[i].verb, path, rows[i].body);
        expect_error(400, "BadParameter");
        cr_expect_str_eq(answer_text("error.message"), rows[i].message, "%s", rows[i].body);
        cr_expect_eq(kv_clock_now(app.clock), START, "%s", rows[i].body);
        cr_expect(kv_clock_is_frozen(app.clock), "%s", rows[i].body);
        cr_expect_eq(kv_clock_rate(app.clock), 1, "%s", rows[i].body);
    }
}

Test(clock_routes, have_no_other_verbs)
{
    static const char *const paths[] = { "/control/v1/clock/advance",
                                         "/control/v1/clock/run-to-next-event" };

    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        begin(KV_GET, paths[i]);
        perform(&kv_control_site);
        cr_expect_eq(response.status, 405);
    }
}

Test(clock_routes, put_the_clock_as_the_body_says_whatever_it_was)
{
    static const struct {
        const char *body, *mode;
        bool frozen;
        int64_t rate;
    } rows[] = {
        { "{\"mode\":\"scaled\",\"rate\":60,\"offset\":86400}", "scaled", false, 60 },
        { "{\"mode\":\"scaled\",\"rate\":60}", "scaled", false, 60 },
        { "{\"mode\":\"frozen\"}", "frozen", true, 1 },
        { "{\"mode\":\"frozen\",\"offset\":86400}", "frozen", true, 1 },
        { "{\"mode\":\"scaled\",\"rate\":86400}", "scaled", false, 86400 },
        { "{\"mode\":\"offset\",\"offset\":86400}", "offset", false, 1 },
        { "{\"mode\":\"offset\",\"offset\":0}", "system", false, 1 },
        { "{\"mode\":\"frozen\",\"now\":\"2030-01-01\"}", "frozen", true, 1 },
        { "{\"mode\":\"system\"}", "system", false, 1 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        put(rows[i].body);
        cr_assert_eq(response.status, 200, "%s", rows[i].body);
        cr_expect_str_eq(answer_text("mode"), rows[i].mode, "%s", rows[i].body);
        cr_expect_eq(kv_clock_is_frozen(app.clock), rows[i].frozen, "%s", rows[i].body);
        cr_expect_eq(answer_number("rate"), (double) rows[i].rate, "%s", rows[i].body);
    }
}

/* It does not run past the place at its old pace before it is there. */
Test(clock_routes, put_a_fast_clock_where_the_body_says)
{
    for (int i = 0; i < 50; i++) {
        put("{\"mode\":\"scaled\",\"rate\":86400}");
        put("{\"mode\":\"offset\",\"offset\":3600}");
        cr_assert_eq(answer_number("offset"), 3600);
        put("{\"mode\":\"scaled\",\"rate\":86400}");
        put("{\"mode\":\"frozen\",\"now\":1700000000}");
        cr_assert_eq(kv_clock_now(app.clock), START);
    }
}

Test(clock_routes, let_the_clock_run_at_a_pace)
{
    ask(KV_POST, "/control/v1/clock", "{\"set\":1700000000,\"rate\":3600,\"frozen\":false}");
    cr_assert_eq(response.status, 200);
    cr_expect_str_eq(answer_text("mode"), "scaled");
    usleep(20000);
    cr_expect_geq(kv_clock_now(app.clock), START + 19 * 3600);
    ask(KV_POST, "/control/v1/clock", "{\"reset\":true}");
    cr_expect_eq(answer_number("rate"), 1);
    cr_expect_eq(answer_number("offset"), 0);
}

Test(clock_routes, keep_the_pace_that_an_order_does_not_name)
{
    ask(KV_POST, "/control/v1/clock", "{\"rate\":7}");
    advance("{\"by\":60}");
    cr_expect_eq(answer_number("rate"), 7);
    ask(KV_POST, "/control/v1/clock", "{\"frozen\":true}");
    ask(KV_POST, "/control/v1/clock", "{\"frozen\":false}");
    cr_expect_eq(answer_number("rate"), 7);
}

Test(clock_routes, advance_by_a_span_and_to_a_date)
{
    stand_at_start();
    advance("{\"by\":\"P91D\"}");
    cr_expect_eq(answer_number("epoch"), 1700000000 + 91 * 86400);
    advance("{\"by\":-60,\"tokens\":\"age\"}");
    cr_expect_eq(answer_number("tokens_aged"), -60);
    advance("{\"to\":\"2030-01-01T00:00:00Z\",\"frozen\":false}");
    cr_expect_eq(answer_number("epoch"), 1893456000);
    cr_expect_not(kv_clock_is_frozen(app.clock));
}

Test(clock_routes, run_to_no_event_when_there_is_none)
{
    ask(KV_POST, "/control/v1/clock/run-to-next-event", "{}");
    expect_error(409, "Conflict");
}
