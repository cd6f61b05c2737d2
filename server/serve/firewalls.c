/* SPDX-License-Identifier: Apache-2.0 */
/* The network settings of vaults that the options give: --firewall; and --trusted-proxy. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/access/firewall.h"
#include "serve.h"

#define PROXIES_MAX 64
#define WORD_SIZE 64

static enum kv_code refuse(const char *spec, const char *reason, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--firewall: %.256s: %.512s", spec, reason);
}

/* A piece of a SPEC; one that is too long becomes a text that means nothing. */
static void copy_piece(const char *text, size_t len, char ret_piece[WORD_SIZE])
{
    if (len >= WORD_SIZE) {
        text = "(too long)";
        len = strlen(text);
    }
    (void) snprintf(ret_piece, WORD_SIZE, "%.*s", (int) len, text);
}

/* "10.0.0.0/8+192.0.2.1" */
static enum kv_code give_ranges(struct kv_network_change *change, enum kv_network_list list,
                                const char *text, size_t len, struct kv_err *err)
{
    const char *end = text + len;

    while (text <= end) {
        const char *plus = memchr(text, '+', (size_t) (end - text));
        const char *stop = plus != NULL ? plus : end;
        char range[WORD_SIZE];

        copy_piece(text, (size_t) (stop - text), range);
        KV_TRY(kv_network_give_range(change, list, range, err));
        text = stop + 1;
    }
    return KV_OK;
}

static enum kv_code refuse_setting(struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "it is VAULT, then some of default-action=, bypass=, public-access=, allow=, "
                   "private=, once each");
}

/* `name` is followed by = and the value, `len` bytes of it. */
static enum kv_code give(struct kv_network_change *change, const char *name, const char *value,
                         size_t len, struct kv_err *err)
{
    char word[WORD_SIZE];

    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        if (strcmp(kv_network_word_row(i)->option, name) == 0
            && (change->words_given & 1U << i) == 0) {
            copy_piece(value, len, word);
            return kv_network_give_word(change, i, word, err);
        }
    }
    for (unsigned i = 0; i < KV_NETWORK_LISTS; i++) {
        if (strcmp(kv_network_list_row(i)->option, name) == 0
            && (change->lists_given & 1U << i) == 0) {
            return give_ranges(change, i, value, len, err);
        }
    }
    return refuse_setting(err);
}

/* All settings behind the vault's name, each with its comma before it. */
static enum kv_code read_settings(const char *text, struct kv_network_change *change,
                                  struct kv_err *err)
{
    while (*text == ',') {
        size_t len = strcspn(++text, ",");
        const char *equals = memchr(text, '=', len);
        char name[WORD_SIZE];

        if (equals == NULL) {
            return refuse_setting(err);
        }
        copy_piece(text, (size_t) (equals - text), name);
        KV_TRY(give(change, name, equals + 1, len - (size_t) (equals + 1 - text), err));
        text += len;
    }
    return KV_OK;
}

static enum kv_code parse(const char *spec, struct kv_network_change *change, struct kv_err *err)
{
    struct kv_err why;

    return read_settings(spec + strcspn(spec, ","), change, &why) == KV_OK
               ? KV_OK
               : refuse(spec, why.message, err);
}

enum kv_code firewalls_check(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(kv_cidrs_done) struct kv_cidrs proxies = { .count = 0 };

    for (size_t i = 0; i < kv_option_list_count(options, KV_OPTION_FIREWALL); i++) {
        kv_auto(kv_network_change_done) struct kv_network_change change = { .words_given = 0 };

        KV_TRY(parse(kv_option_list_item(options, KV_OPTION_FIREWALL, i), &change, err));
    }
    return proxies_read(options, &proxies, err);
}

static enum kv_code apply(const struct grants *grants, const struct kv_vault *vault,
                          const struct kv_network_change *change, struct kv_err *err)
{
    kv_auto(kv_network_done) struct kv_network made = { .since = 0 };
    kv_millis now = kv_clock_now(grants->clock)
                    - kv_option_duration(grants->options, KV_OPTION_FIREWALL_DELAY); /* at once */

    return kv_network_change(grants->access, vault, change, now, &made, err);
}

static enum kv_code apply_one(const struct grants *grants, const char *spec, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_network_change_done) struct kv_network_change change = { .words_given = 0 };
    const struct vault_named named = { spec, strcspn(spec, ","), NULL,
                                       kv_seconds(kv_clock_now(grants->clock)) };
    struct kv_err why;

    KV_TRY(parse(spec, &change, err));
    KV_TRY(vaults_find_named(grants->vaults, &named, &vault, &why) == KV_OK
               ? KV_OK
               : refuse(spec, why.message, err));
    if (vault == NULL) {
        return KV_OK;
    }
    return apply(grants, vault, &change, &why) == KV_OK ? KV_OK : refuse(spec, why.message, err);
}

enum kv_code firewalls_apply(const struct grants *grants, struct kv_err *err)
{
    for (size_t i = 0; i < kv_option_list_count(grants->options, KV_OPTION_FIREWALL); i++) {
        KV_TRY(apply_one(grants, kv_option_list_item(grants->options, KV_OPTION_FIREWALL, i), err));
    }
    return KV_OK;
}

static enum kv_code settle_one(const char *spec, struct kv_db *db, const struct kv_vault *vault,
                               struct kv_err *err)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .words_given = 0 };
    size_t len = strcspn(spec, ",");
    struct kv_err why;

    if (strlen(vault->name) != len || strncasecmp(vault->name, spec, len) != 0) {
        return KV_OK;
    }
    KV_TRY(parse(spec, &change, err));
    return kv_network_settle(db, vault, &change, &why) == KV_OK ? KV_OK
                                                                : refuse(spec, why.message, err);
}

enum kv_code firewalls_settle(void *context, struct kv_db *db, const struct kv_vault *vault,
                              struct kv_err *err)
{
    const struct grants *grants = context;

    for (size_t i = 0; i < kv_option_list_count(grants->options, KV_OPTION_FIREWALL); i++) {
        KV_TRY(settle_one(kv_option_list_item(grants->options, KV_OPTION_FIREWALL, i), db, vault,
                          err));
    }
    return KV_OK;
}

enum kv_code proxies_read(const struct kv_options *options, struct kv_cidrs *ret_proxies,
                          struct kv_err *err)
{
    kv_auto(kv_cidrs_done) struct kv_cidrs proxies = { .count = 0 };
    size_t count = kv_option_list_count(options, KV_OPTION_TRUSTED_PROXY);
    struct kv_cidr cidr;
    struct kv_err why;

    if (count > PROXIES_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--trusted-proxy: at most %d", PROXIES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = kv_option_list_item(options, KV_OPTION_TRUSTED_PROXY, i);

        if (kv_cidr_parse(text, &cidr, &why) != KV_OK) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--trusted-proxy: %s", why.message);
        }
        KV_TRY(kv_cidrs_add(&proxies, &cidr, err));
    }
    kv_cidrs_sort(&proxies);
    *ret_proxies = proxies;
    proxies = (struct kv_cidrs){ .count = 0 }; /* the caller's now */
    return KV_OK;
}
