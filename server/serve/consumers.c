/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "kv/base/log.h"
#include "serve.h"

#define SPEC_MAX 2048

/* What a SPEC can say behind the name. */
static const struct {
    const char *name;
    size_t offset;
} members[] = {
    { "profile", offsetof(struct kv_consumer_order, profile) },
    { "key", offsetof(struct kv_consumer_order, key) },
    { "identity", offsetof(struct kv_consumer_order, identity) },
    { "login", offsetof(struct kv_consumer_order, login) },
    { "ca", offsetof(struct kv_consumer_order, ca) },
    { "rules", offsetof(struct kv_consumer_order, rules) },
    { "status", offsetof(struct kv_consumer_order, status) },
    { "heals", offsetof(struct kv_consumer_order, heals) },
    { "follow", offsetof(struct kv_consumer_order, follow) },
};

static enum kv_code refuse(const char *spec, const char *reason, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--consumer: %.256s: %.512s", spec, reason);
}

/* NULL: there is no such member. */
static const char **find_member(struct kv_consumer_order *order, const char *name)
{
    for (size_t i = 0; i < KV_COUNT(members); i++) {
        if (strcmp(members[i].name, name) == 0) {
            return (const char **) ((char *) order + members[i].offset);
        }
    }
    return NULL;
}

/* Cuts `text`, which the order then borrows from. */
static bool read_members(char *text, struct kv_consumer_order *order)
{
    char *rest = NULL;

    order->name = strtok_r(text, ",", &rest);
    for (char *piece = strtok_r(NULL, ",", &rest); piece != NULL;
         piece = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(piece, '=');
        const char **member;

        if (equals == NULL) {
            return false;
        }
        *equals = '\0';
        member = find_member(order, piece);
        if (member == NULL || *member != NULL) {
            return false;
        }
        *member = equals + 1;
    }
    return order->name != NULL;
}

static enum kv_code read_spec(const char *spec, char text[SPEC_MAX],
                              struct kv_consumer_order *order, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };

    if (snprintf(text, SPEC_MAX, "%s", spec) >= SPEC_MAX) {
        return refuse(spec, "it is too long", err);
    }
    if (!read_members(text, order)) {
        return refuse(spec,
                      "it is NAME, then some of profile=, key=, identity=, login=, ca=, rules=, "
                      "status=, heals=, follow=, once each",
                      err);
    }
    return kv_consumer_check(order, &why) == KV_OK ? KV_OK : refuse(spec, why.message, err);
}

typedef enum kv_code order_fn(void *context, const struct kv_consumer_order *order,
                              struct kv_err *err);

static enum kv_code each_order(const struct kv_options *options, order_fn *visit, void *context,
                               struct kv_err *err)
{
    for (size_t i = 0; i < kv_option_list_count(options, KV_OPTION_CONSUMER); i++) {
        struct kv_consumer_order order = { .name = NULL };
        char text[SPEC_MAX];

        KV_TRY(read_spec(kv_option_list_item(options, KV_OPTION_CONSUMER, i), text, &order, err));
        KV_TRY(visit(context, &order, err));
    }
    return KV_OK;
}

/* At a start alone: a file that went away later is no reason to refuse a reset. */
static enum kv_code check_ca(void *context, const struct kv_consumer_order *order,
                             struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };

    (void) context;
    return kv_consumer_check_ca(order, &why) == KV_OK ? KV_OK
                                                      : refuse(order->name, why.message, err);
}

static enum kv_code add(void *kept, const struct kv_consumer_order *order, struct kv_err *err)
{
    return kv_consumers_add(kept, order, err);
}

enum kv_code consumers_check(const struct kv_options *options, struct kv_err *err)
{
    if (kv_option_list_count(options, KV_OPTION_CONSUMER) > KV_CONSUMERS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--consumer: at most %d", KV_CONSUMERS_MAX);
    }
    return each_order(options, check_ca, NULL, err);
}

static void tell(void *consumers_)
{
    struct consumers *consumers = consumers_;
    struct kv_listener *control = atomic_load(&consumers->control);

    if (control != NULL) {
        kv_listener_tell(control);
    }
}

enum kv_code consumers_open(struct consumers *consumers, const struct kv_options *options,
                            struct kv_store *store, struct kv_clock *clock, struct kv_err *err)
{
    const struct kv_consumers_config config = {
        .store = store, .clock = clock, .tell = tell, .tell_context = consumers
    };

    consumers->options = options;
    KV_TRY(kv_records_new(store, &consumers->records, err));
    return kv_consumers_new(&config, &consumers->kept, err);
}

/* After a reset of everything there are those that the options name. */
static enum kv_code begin_again(void *consumers_, struct kv_err *err)
{
    struct consumers *consumers = consumers_;

    KV_TRY(kv_consumers_clear(consumers->kept, err));
    KV_TRY(kv_records_forget(consumers->records, NULL, err)); /* nobody could read it */
    return each_order(consumers->options, add, consumers->kept, err);
}

void consumers_lend(struct consumers *consumers, struct kv_app *app)
{
    app->consumers = consumers->kept;
    app->records = consumers->records;
    app->begin_consumers_again = begin_again;
    app->consumers_context = consumers;
}

enum kv_code consumers_add(struct consumers *consumers, struct kv_err *err)
{
    return each_order(consumers->options, add, consumers->kept, err);
}

enum kv_code consumers_start(struct consumers *consumers, const struct kv_app *app,
                             struct kv_listener *control, struct kv_err *err)
{
    char login[READY_URL_SIZE];
    const struct kv_consumers_place place = { login, app->port, app->ca_pem };

    ready_control_url(kv_option_text(consumers->options, KV_OPTION_LISTEN), app->control_port,
                      login);
    atomic_store(&consumers->control, control);
    return kv_consumers_start(consumers->kept, &place, err);
}

void consumers_stop(struct consumers *consumers)
{
    kv_consumers_stop(consumers->kept);
    atomic_store(&consumers->control, NULL);
}

void consumers_close(struct consumers *consumers)
{
    kv_consumers_free(consumers->kept);
    kv_records_free(consumers->records);
}
