/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - values of expressions: cJSON trees, lent or owned, and what they cost.
 *
 * Whatever is made is charged to a budget first, so that no template takes more work or memory than
 * its limit, however it is written. Belongs to one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/buf.h"
#include "kv/base/json.h"
#include "kv/templates/templates.h"

#define TEMPLATE_WORK_MAX 20000000             /* steps, of an expansion or of a body */
#define TEMPLATE_MEMORY_MAX (64 * 1024 * 1024) /* bytes that are made in it, kept or not */
#define TEMPLATE_TEXT_MAX (4 * 1024 * 1024)    /* of one text that a function makes */
#define TEMPLATE_VALUE_DEPTH_MAX 200           /* of a value that is copied */
#define TEMPLATE_EVALUATION_DEPTH_MAX 400      /* expressions in expressions, over all names */

struct template_budget {
    size_t work, memory; /* spent */
    unsigned depth;
    bool has_secret; /* a secure parameter was read */
    bool needs_run;  /* an expression was refused for what it can only know later */
};

/* Counts steps, or bytes; KV_INVALID_TEMPLATE beyond the limit. */
enum kv_code template_work(struct template_budget *budget, size_t steps,
                           struct kv_err *err) kv_must_check;
enum kv_code template_spend(struct template_budget *budget, size_t bytes,
                            struct kv_err *err) kv_must_check;

/* A value. `json` is valid as long as its owner is: that value, or somebody else when `owned` is
 * NULL. { 0 } is none. */
struct template_value {
    const cJSON *json;
    cJSON *owned;
};
void template_value_done(struct template_value *value);
KV_DEFINE_CLEANUP_VALUE(struct template_value, template_value_done)

static inline struct template_value template_lend(const cJSON *json)
{
    return (struct template_value){ json, NULL };
}

/* These make *ret_value; KV_INTERNAL when memory is short. */
enum kv_code template_own(cJSON *taken, struct template_value *ret_value,
                          struct kv_err *err) kv_must_check; /* NULL: out of memory */
enum kv_code template_make_text(struct template_budget *budget, const char *text,
                                struct template_value *ret_value, struct kv_err *err) kv_must_check;
enum kv_code template_make_number(int64_t number, struct template_value *ret_value,
                                  struct kv_err *err) kv_must_check;
enum kv_code template_make_bool(bool value, struct template_value *ret_value,
                                struct kv_err *err) kv_must_check;

/* Marks what a secure parameter went into, for kv_template_is_secret(); and whether anything of a tree, at
 * most TEMPLATE_VALUE_DEPTH_MAX deep, is marked. */
void template_mark_secret(cJSON *value);
bool template_has_mark(const cJSON *tree);

/* A copy of a tree, charged; with its marks. */
enum kv_code template_copy(struct template_budget *budget, const cJSON *json, cJSON **ret_copy,
                           struct kv_err *err) kv_must_check;
/* The tree of a value, which is then none: copied if it was lent. */
enum kv_code template_take(struct template_budget *budget, struct template_value *value,
                           cJSON **ret_json, struct kv_err *err) kv_must_check;

/* "Object", "Array", "String", "Integer", "Float", "Boolean", "Null". */
const char *template_type_of(const cJSON *json);

/* Whether it is a whole number that JSON holds exactly. */
bool template_is_integer(const cJSON *json, int64_t *ret_number);

/* Deep; texts and names with regard to case. */
enum kv_code template_equal(struct template_budget *budget, const cJSON *a, const cJSON *b,
                            bool *ret_equal, struct kv_err *err) kv_must_check;

/* The member of an object, names without regard to case; NULL if it has none. */
enum kv_code template_find(struct template_budget *budget, const cJSON *object, const char *name,
                           const cJSON **ret_member, struct kv_err *err) kv_must_check;

/* Appends, charged, to a buffer whose limit is TEMPLATE_TEXT_MAX; and what it holds as a value. */
enum kv_code template_append(struct template_budget *budget, struct kv_buf *buf, const char *bytes,
                             size_t len, struct kv_err *err) kv_must_check;
enum kv_code template_append_text(struct template_budget *budget, struct kv_buf *buf,
                                  const char *text, struct kv_err *err) kv_must_check;
enum kv_code template_make_buf(struct template_budget *budget, const struct kv_buf *buf,
                               struct template_value *ret_value, struct kv_err *err) kv_must_check;

/* Appends what string() makes of a value: texts as they are, "True", JSON of all else. */
enum kv_code template_print(struct template_budget *budget, const cJSON *json, struct kv_buf *buf,
                            struct kv_err *err) kv_must_check;

/* Adds to an array, or under a name to an object; takes `child`, even when it fails. */
enum kv_code template_add(cJSON *parent, const char *name, cJSON *child,
                          struct kv_err *err) kv_must_check;
