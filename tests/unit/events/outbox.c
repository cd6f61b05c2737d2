/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox of events: who gets which, and what becomes of too many. */
#include <string.h>

#include <criterion/criterion.h>

#include "../scratch.h"
#include "kv/events/events.h"
#include "kv/store/store.h"

static struct kv_store *store;
static struct kv_events *events;
static struct kv_err err;
static int told;

static void tell(void *context)
{
    (void) context;
    told++;
}

static void open_all(void)
{
    cr_assert_eq(kv_store_open("test.db", 2, &store, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_events_new(store, tell, NULL, &events, &err), KV_OK, "%s", err.message);
}

static void close_all(void)
{
    kv_events_free(events);
    kv_store_close(store);
}

static void setup(void)
{
    scratch_make();
    told = 0;
    open_all();
}

static void teardown(void)
{
    close_all();
    scratch_remove();
}
TestSuite(outbox, .init = setup, .fini = teardown, .timeout = 120);

static void subscribe(const char *one, const char *other)
{
    const char *const ids[] = { one, other };

    cr_assert_eq(kv_events_subscribe(events, ids, other != NULL ? 2 : 1, &err), KV_OK, "%s",
                 err.message);
}

/* In one transaction, which is not committed if `is_lost`. */
static void write_events(int count, bool is_lost)
{
    struct kv_db *db = NULL;
    const struct kv_key_event event = { .type = KV_EVENT_EXPIRED, .vault = "dev", .key = "k" };

    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_assert_eq(kv_db_begin(db, &err), KV_OK);
    for (int i = 0; i < count; i++) {
        cr_assert_eq(kv_events_write(events, db, &event, &err), KV_OK, "%s", err.message);
    }
    if (!is_lost) {
        cr_assert_eq(kv_db_commit(db, &err), KV_OK);
    }
    kv_db_release(db);
}

static int64_t pending(const char *hook, struct kv_delivery *ret_delivery)
{
    struct kv_key_event event;

    cr_assert_eq(kv_events_pending(events, hook, &event, ret_delivery, &err), KV_OK, "%s",
                 err.message);
    return event.number;
}

static void settle(const char *hook, int64_t number, enum kv_delivery_state state)
{
    const struct kv_delivery delivery = { .state = state, .attempts = 1, .status = 503, .at = 1 };

    cr_assert_eq(kv_events_settle(events, hook, number, &delivery, &err), KV_OK, "%s", err.message);
}

static void expect_counts(const char *hook, int64_t waiting, int64_t delivered, int64_t dropped)
{
    struct kv_hook_counts counts;

    cr_assert_eq(kv_events_counts(events, hook, &counts, &err), KV_OK, "%s", err.message);
    cr_expect_eq(counts.pending, waiting, "%lld", (long long) counts.pending);
    cr_expect_eq(counts.delivered, delivered, "%lld", (long long) counts.delivered);
    cr_expect_eq(counts.dropped, dropped, "%lld", (long long) counts.dropped);
}

static int64_t count_dropped(const char *hook)
{
    int64_t count = -1;

    cr_assert_eq(kv_events_dropped(events, hook, &count, &err), KV_OK, "%s", err.message);
    return count;
}

static void expect_in_state(enum kv_delivery_state state, int64_t wanted)
{
    const struct kv_event_filter filter = { .has_state = true, .state = state };
    int64_t count = -1;

    cr_assert_eq(kv_events_count(events, &filter, &count, &err), KV_OK, "%s", err.message);
    cr_expect_eq(count, wanted, "%s: %lld", kv_delivery_state_name(state), (long long) count);
}

Test(outbox, has_no_event_of_what_was_not_committed)
{
    struct kv_delivery delivery;

    subscribe("a", NULL);
    write_events(3, true);
    cr_expect_eq(pending("a", &delivery), 0);
    expect_counts("a", 0, 0, 0);
}

Test(outbox, wants_no_event_of_a_domain_that_has_none)
{
    cr_expect_eq(kv_events_write(NULL, NULL, NULL, &err), KV_OK);
    kv_events_tell(NULL);
    cr_expect_eq(told, 0);
}

Test(outbox, keeps_so_many_and_counts_what_a_receiver_did_not_get)
{
    struct kv_delivery delivery;
    int64_t last;

    subscribe("slow", "quick");
    write_events(KV_EVENTS_MAX, false);
    settle("quick", KV_EVENTS_MAX, KV_DELIVERY_DONE);
    write_events(128, false);
    cr_assert_eq(kv_events_last(events, &last, &err), KV_OK);
    cr_expect_eq(last, KV_EVENTS_MAX + 128);
    cr_expect_eq(pending("quick", &delivery), KV_EVENTS_MAX + 1);
    cr_expect_eq(count_dropped("quick"), 0);

    int64_t first = pending("slow", &delivery);

    cr_expect(first > 64 && first <= 129, "%lld", (long long) first);
    cr_expect_eq(count_dropped("slow"), first - 1);
    expect_counts("slow", last - first + 1, 0, first - 1);
}

Test(outbox, begins_for_a_receiver_where_it_came_and_goes_on_where_it_was)
{
    struct kv_delivery delivery;

    subscribe("a", NULL);
    write_events(2, false);
    settle("a", 1, KV_DELIVERY_DONE);
    subscribe("a", "b");
    write_events(1, false);
    close_all();
    open_all();
    subscribe("a", "b");
    cr_expect_eq(pending("a", &delivery), 2);
    cr_expect_eq(pending("b", &delivery), 3);
    expect_in_state(KV_DELIVERY_PENDING, 2);
    expect_in_state(KV_DELIVERY_DONE, 1);
    settle("a", 2, KV_DELIVERY_DROPPED);
    expect_in_state(KV_DELIVERY_PENDING, 1);
    expect_in_state(KV_DELIVERY_DROPPED, 1);
    subscribe("b", NULL);
    subscribe("a", "b");
    cr_expect_eq(pending("a", &delivery), 0, "it was forgotten meanwhile");
    cr_expect_eq(pending("b", &delivery), 3);
}

Test(outbox, tries_an_event_again_until_it_is_done_or_dropped)
{
    struct kv_delivery delivery;

    subscribe("a", NULL);
    write_events(3, false);
    settle("a", 1, KV_DELIVERY_PENDING);
    cr_expect_eq(pending("a", &delivery), 1);
    cr_expect(delivery.attempts == 1 && delivery.status == 503);
    settle("a", 1, KV_DELIVERY_DROPPED);
    settle("a", 2, KV_DELIVERY_DONE);
    cr_expect_eq(pending("a", &delivery), 3);
    expect_counts("a", 1, 1, 1);
    cr_expect_eq(told, 3);
}

Test(outbox, forgets_events_while_they_are_under_way)
{
    struct kv_delivery delivery;

    subscribe("a", NULL);
    write_events(2, false);
    cr_expect_eq(pending("a", &delivery), 1);
    cr_assert_eq(kv_events_forget(events, "DEV", &err), KV_OK);
    settle("a", 1, KV_DELIVERY_DONE);
    cr_expect_eq(pending("a", &delivery), 0);
    write_events(1, false);
    cr_expect_eq(pending("a", &delivery), 3, "a number is not used again");
}

/* A snapshot of the store that is older than the receiver. */
Test(outbox, takes_up_a_receiver_that_the_store_does_not_know)
{
    struct kv_delivery delivery;

    cr_expect_eq(pending("new", &delivery), 0);
    write_events(1, false);
    cr_expect_eq(pending("new", &delivery), 1);
}
