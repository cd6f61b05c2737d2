/* SPDX-License-Identifier: Apache-2.0 */
/* The site's part in fault rules: its refusals by their numbers, and who logs in. */
#include <stdio.h>
#include <string.h>

#include "kv/app/api.h"
#include "private.h"

#define WORDS_MAX 3

enum word { NOTHING, CLIENT, TENANT, AUDIENCE, TIME, UNSAID, WORD_COUNT };

static const struct row {
    unsigned number;
    enum aadsts aadsts;
    enum word words[WORDS_MAX];
} rows[] = {
#define X(number_, ...) { (number_), AADSTS_##number_, { __VA_ARGS__ } },
#include "kv/faults/login.def"
#undef X
};

/* Each has the words that its text takes. */
#define X(number, one, two, three)                                                                 \
    _Static_assert(((one) != NOTHING) + ((two) != NOTHING) + ((three) != NOTHING)                  \
                       == AADSTS_##number##_ARGS,                                                  \
                   #number " has others");
#include "kv/faults/login.def"
#undef X

/* What it says of itself; what is wrong with it is for the handler to refuse. */
static void read_order(struct authority_order *order)
{
    struct kv_err ignored;

    KV_IGNORE(authority_begin_order(order, &ignored));
    KV_IGNORE(authority_read_client(order, &ignored));
}

static const char *find_audience(const struct authority_order *order)
{
    const char *resource = form_find(&order->form, "resource");

    return resource != NULL ? resource : form_find(&order->form, "scope");
}

/* What the text of a row repeats of the request; lent by the order and by `now`. */
static void choose_words(const struct row *row, const struct authority_order *order,
                         const char *now, const char *ret_args[WORDS_MAX])
{
    const char *const words[WORD_COUNT] = {
        [CLIENT] = order->client_id,
        [TENANT] = order->tenant.name,
        [AUDIENCE] = find_audience(order),
        [TIME] = now,
        [UNSAID] = "unknown",
    };

    for (size_t i = 0; i < WORDS_MAX; i++) {
        const char *word = words[row->words[i]];

        ret_args[i] = word != NULL ? word : "";
    }
}

/* Rules are read by the same list: it has the number. */
static const struct row *find_row(unsigned number)
{
    const struct row *row = rows;

    while (row->number != number) {
        row++;
    }
    return row;
}

enum kv_code kv_authority_raise(const struct kv_request *request, unsigned number,
                                struct kv_err *err)
{
    kv_auto(authority_order_done) struct authority_order order = { .request = request };
    const struct row *row = find_row(number);
    char now[AUTHORITY_DATE_SIZE];
    const char *args[WORDS_MAX];

    read_order(&order);
    authority_render_date(kv_seconds(request->now), now);
    choose_words(row, &order, now, args);
    return authority_refuse(err, KV_WHERE, row->aadsts, args);
}

bool kv_authority_find_caller(const struct kv_request *request, struct kv_principal_entry *ret_who)
{
    kv_auto(authority_order_done) struct authority_order order = { .request = request };

    read_order(&order);
    if (order.client_id == NULL || !kv_uuid_is_valid(order.client_id)) {
        return false;
    }
    if (kv_principals_find_client(request->app->principals, order.client_id, ret_who, NULL)
        != KV_OK) {
        *ret_who = (struct kv_principal_entry){ .resource = "" };
        (void) snprintf(ret_who->client_id, sizeof(ret_who->client_id), "%s", order.client_id);
    }
    return true;
}
