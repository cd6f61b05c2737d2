/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked for: the rows of the tables, put together. */
#include "parity.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define KEY_ROUTES "server/api/keys/routes.c"
#define HSM_ROUTES "server/api/hsm/routes.c"
#define ALGORITHMS "include/kv/custody/alg.def"
#define CURVES "include/kv/custody/curve.def"
#define VERSIONS "include/kv/wire/api_version.def"

#define PROVIDER "/providers/"

/* Which keys an operation is for, where its route does not say it: the domain does. */
static const struct limit {
    const char *operation;
    bool any_family;
    enum kv_family family;
    bool hardware_only;
} limits[] = {
    { "release", .any_family = true, .hardware_only = true }, /* contract §11 */
    { "securewrapkey", .family = KV_FAMILY_RSA },             /* contract §6.11 */
    { "secureunwrapkey", .family = KV_FAMILY_RSA },
};

/* Operations that have a key in their body, not in their path. */
static const char *const of_key_in_body[] = { "restore" };

static const char *const versions[] = {
#define X(name, platform, release) name,
#include "kv/wire/api_version.def"
#undef X
};

static enum kv_code add_cell(struct parity *parity, const char *table, const char *words,
                             struct kv_err *err)
{
    struct parity_cell *cell = &parity->cells[parity->cell_count];

    if (parity_cell_find(parity, words) != NULL) {
        return KV_OK;
    }
    if (parity->cell_count == PARITY_CELLS_MAX) {
        return KV_FAIL(err, KV_INTERNAL, 0, "more than %d cells", PARITY_CELLS_MAX);
    }
    KV_TRY(parity_text(cell->words, sizeof(cell->words), err, "%s", words));
    cell->table = table;
    parity->cell_count++;
    return KV_OK;
}

static bool is_of_key(const char *name, const char *path)
{
    bool is = strstr(path, "{name}") != NULL;

    for (size_t i = 0; i < KV_COUNT(of_key_in_body); i++) {
        is |= strcmp(of_key_in_body[i], name) == 0;
    }
    return is;
}

static void lower(const char *text, char ret_text[OPERATION_SIZE])
{
    size_t i = 0;

    for (; text[i] != '\0' && i + 1 < OPERATION_SIZE; i++) {
        ret_text[i] = (char) tolower((unsigned char) text[i]);
    }
    ret_text[i] = '\0';
}

/* Whether some algorithm has the operation. */
static bool is_by_alg(const char *name)
{
    unsigned used = 0;
    bool is = false;

    for (enum kv_alg alg = 0; alg < KV_ALG_COUNT; alg++) {
        used |= kv_alg_row(alg)->operations;
    }
    for (enum kv_key_op op = 0; op < KV_OP_COUNT; op++) {
        is |= (used & 1U << op) != 0 && strcasecmp(kv_key_op_row(op)->name, name) == 0;
    }
    return is;
}

static struct parity_operation *find_operation(struct parity *parity, const char *name)
{
    for (size_t i = 0; i < parity->operation_count; i++) {
        if (strcmp(parity->operations[i].name, name) == 0) {
            return &parity->operations[i];
        }
    }
    return NULL;
}

/* The operation of a row, made when this is its first one. */
static enum kv_code add_route(struct parity *parity, const struct kv_route *route,
                              struct kv_err *err)
{
    const struct kv_terms *terms = kv_terms_of(route);
    struct operation_path path;
    char name[OPERATION_SIZE];
    struct parity_operation *operation;

    operation_split(route->path, &path);
    operation_name(kv_verb_name(route->verb), &path, name);
    operation = find_operation(parity, name);
    if (operation == NULL) {
        if (parity->operation_count == PARITY_OPERATIONS_MAX) {
            return KV_FAIL(err, KV_INTERNAL, 0, "more than %d operations", PARITY_OPERATIONS_MAX);
        }
        operation = &parity->operations[parity->operation_count++];
        *operation = (struct parity_operation){
            .is_of_key = is_of_key(name, route->path),
            .is_by_alg = is_by_alg(name),
            .is_on_hsm_only = terms->hosts == KV_ON_HSM,
            .makes_key = terms->makes_key,
        };
        snprintf(operation->name, sizeof(operation->name), "%s", name);
    }
    if (operation->count == KV_COUNT(operation->routes)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "operation %s has too many routes", name);
    }
    operation->routes[operation->count++] = route;
    return KV_OK;
}

static bool is_for(const struct parity_operation *operation, const struct kv_kty_row *kty)
{
    bool is = kty->hsm || !operation->is_on_hsm_only;

    for (size_t i = 0; i < KV_COUNT(limits); i++) {
        if (strcmp(limits[i].operation, operation->name) == 0) {
            is = is && (limits[i].any_family || limits[i].family == kty->family)
                 && (!limits[i].hardware_only || kty->hsm);
        }
    }
    return is;
}

static enum kv_code add_curves(struct parity *parity, const char *of, struct kv_err *err)
{
    char words[PARITY_WORDS_MAX];

    for (enum kv_curve curve = KV_CURVE_NONE + 1; curve < KV_CURVE_COUNT; curve++) {
        KV_TRY(parity_text(words, sizeof(words), err, "%s %s", of, kv_curve_row(curve)->name));
        KV_TRY(add_cell(parity, CURVES, words, err));
    }
    return KV_OK;
}

static enum kv_code add_operation_cells(struct parity *parity,
                                        const struct parity_operation *operation,
                                        struct kv_err *err)
{
    char words[PARITY_WORDS_MAX];

    if (operation->is_by_alg) {
        return KV_OK;
    }
    if (!operation->is_of_key) {
        return add_cell(parity, KEY_ROUTES, operation->name, err);
    }
    for (enum kv_kty kty = 0; kty < KV_KTY_COUNT; kty++) {
        const struct kv_kty_row *row = kv_kty_row(kty);

        if (!is_for(operation, row)) {
            continue;
        }
        KV_TRY(parity_text(words, sizeof(words), err, "%s %s", operation->name, row->name));
        KV_TRY(add_cell(parity, KEY_ROUTES, words, err));
        if (operation->makes_key && row->family == KV_FAMILY_EC) {
            KV_TRY(add_curves(parity, words, err));
        }
    }
    return KV_OK;
}

static enum kv_code add_alg_cells(struct parity *parity, const struct kv_alg_row *alg,
                                  struct kv_err *err)
{
    char operation[OPERATION_SIZE];
    char words[PARITY_WORDS_MAX];

    for (enum kv_key_op op = 0; op < KV_OP_COUNT; op++) {
        for (enum kv_kty kty = 0; (alg->operations & 1U << op) != 0 && kty < KV_KTY_COUNT; kty++) {
            if (kv_kty_row(kty)->family == alg->family) {
                lower(kv_key_op_row(op)->name, operation);
                KV_TRY(parity_text(words, sizeof(words), err, "%s %s %s", operation,
                                   kv_kty_row(kty)->name, alg->name));
                KV_TRY(add_cell(parity, ALGORITHMS, words, err));
            }
        }
    }
    return KV_OK;
}

enum kv_code parity_hsm_words(const struct kv_route *route, char ret_words[PARITY_WORDS_MAX],
                              struct kv_err *err)
{
    const char *provider = strstr(route->path, PROVIDER);

    return parity_text(ret_words, PARITY_WORDS_MAX, err, "%s %s%s", kv_verb_name(route->verb),
                       provider != NULL ? "/{scope}" : "",
                       provider != NULL ? provider : route->path);
}

enum kv_code parity_find_cells(struct parity *parity, struct kv_err *err)
{
    char words[PARITY_WORDS_MAX];

    for (const struct kv_route *route = kv_key_routes; route->path != NULL; route++) {
        KV_TRY(add_route(parity, route, err));
    }
    for (size_t i = 0; i < parity->operation_count; i++) {
        KV_TRY(add_operation_cells(parity, &parity->operations[i], err));
    }
    for (const struct kv_route *route = kv_hsm_routes; route->path != NULL; route++) {
        KV_TRY(parity_hsm_words(route, words, err));
        KV_TRY(add_cell(parity, HSM_ROUTES, words, err));
    }
    for (enum kv_alg alg = 0; alg < KV_ALG_COUNT; alg++) {
        KV_TRY(add_alg_cells(parity, kv_alg_row(alg), err));
    }
    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        KV_TRY(parity_text(words, sizeof(words), err, "api-version %s", versions[i]));
        KV_TRY(add_cell(parity, VERSIONS, words, err));
    }
    return KV_OK;
}

const struct parity_cell *parity_cell_find(const struct parity *parity, const char *words)
{
    for (size_t i = 0; i < parity->cell_count; i++) {
        if (strcmp(parity->cells[i].words, words) == 0) {
            return &parity->cells[i];
        }
    }
    return NULL;
}

bool parity_makes_key(const struct parity *parity, const char *operation)
{
    for (size_t i = 0; i < parity->operation_count; i++) {
        if (strcmp(parity->operations[i].name, operation) == 0) {
            return parity->operations[i].makes_key;
        }
    }
    return false;
}
