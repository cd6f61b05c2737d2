/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/json.h - JSON in and out of the wire, on cJSON.
 *
 * Reading is table-driven: a row names a member, its type and where in an argument struct it goes;
 * unknown members are ignored, as in the service (clients.md §0.8). Writing is compact (contract,
 * notation). cJSON's memory is wiped when freed: bodies hold plaintexts. Thread rule: a cJSON tree
 * belongs to one thread at a time. Ownership: adding a child to a parent passes ownership to the
 * parent.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "kv/base/buf.h"
#include "kv/base/err.h"

KV_DEFINE_CLEANUP(cJSON *, cJSON_Delete)

/* Deepest nesting in a body that we accept. */
#define KV_JSON_DEPTH_MAX 32

/* Most values in a body that we accept: each takes some thirty times the memory of its "0,". */
#define KV_JSON_VALUES_MAX 10000

/* Makes cJSON wipe what it frees. Called once at startup, before any other function here. */
void kv_json_setup(void);

/*
 * Parses a whole body, which must be one JSON object in UTF-8 with nothing after it. Anything
 * else, NUL characters, deeper nesting than KV_JSON_DEPTH_MAX and more values than
 * KV_JSON_VALUES_MAX included, is KV_BAD_PARAMETER with the service's text for a body it cannot
 * bind (contract §19 row 17).
 */
enum kv_code kv_json_parse(const char *text, size_t len, cJSON **ret_object,
                           struct kv_err *err) kv_must_check;

/* The same with another limit on values, for callers that expect a long text. */
enum kv_code kv_json_parse_long(const char *text, size_t len, unsigned values_max,
                                cJSON **ret_object, struct kv_err *err) kv_must_check;

/*
 * Where a text that could not be parsed stops being JSON: line and column in bytes, from 1 on, at or
 * just behind what is wrong. False: it is JSON, and refused for something else.
 */
bool kv_json_find_flaw(const char *text, size_t len, size_t *ret_line,
                       size_t *ret_column) kv_must_check;

/* The text for a property the service could not bind (contract §4.6): one such line per
 * violation. */
#define KV_JSON_INVALID_PROPERTY "Property  has invalid value\r\n"

enum kv_json_type {
    KV_JSON_STRING, /* const char *: borrowed from the tree */
    KV_JSON_BOOL,   /* struct kv_maybe_bool */
    KV_JSON_INT,    /* struct kv_maybe_int: whole numbers up to 2^53 either way */
    KV_JSON_DATE, /* struct kv_maybe_int: a NumericDate (RFC 7519 §2) within the same limits, which
                       may have a fraction of a second; that is cut off */
    KV_JSON_OBJECT, /* const cJSON *: borrowed from the tree */
    KV_JSON_ARRAY,  /* const cJSON *: borrowed from the tree */
    KV_JSON_ANY     /* const cJSON *, whatever it is: borrowed from the tree */
};

struct kv_maybe_bool {
    bool given, value;
};
struct kv_maybe_int {
    bool given;
    int64_t value;
};

struct kv_json_field {
    const char *name; /* exact, case-sensitive */
    enum kv_json_type type;
    size_t offset; /* of the target in the argument struct */
};

#define KV_JSON_FIELD(strct, member, name_, type_)                                                 \
    {                                                                                              \
        .name = (name_), .type = (type_), .offset = offsetof(strct, member)                        \
    }

/*
 * Binds the members of `object` to `ret_args`, a zeroed struct; null and absent members leave their
 * targets untouched. The first member of the wrong type is KV_BAD_PARAMETER with
 * KV_JSON_INVALID_PROPERTY.
 */
enum kv_code kv_json_bind(const cJSON *object, const struct kv_json_field *fields, size_t count,
                          void *ret_args, struct kv_err *err) kv_must_check;

/* Whether the item is a number that KV_JSON_INT accepts, and there at all; if so, *ret_number is set
 * to it. */
bool kv_json_is_int(const cJSON *item, int64_t *ret_number);

/* Sorts the members of every object below `tree` by name, bytewise; arrays keep their order. */
void kv_json_sort(cJSON *tree);

/* Whether no object of `tree` has two members of one name, of which readers may take either (RFC 8259
 * §4). Sorts the members. */
bool kv_json_is_unique(cJSON *tree) kv_must_check;

/* Makes of each whole number below `tree` a raw text, for a tree that is printed and then no longer
 * needed: it is printed in the same way, but cJSON would spend half a microsecond on it. */
void kv_json_spell_numbers(cJSON *tree);

/* Prints compactly and appends to `buf`. */
enum kv_code kv_json_print(const cJSON *tree, struct kv_buf *buf, struct kv_err *err) kv_must_check;

/* Prints for people and appends to `buf`: members of `tree` a line each, two spaces a level, what is
 * short in one line, and a newline at the end. */
enum kv_code kv_json_print_lines(const cJSON *tree, struct kv_buf *buf,
                                 struct kv_err *err) kv_must_check;

/*
 * Adds to `parent`, silently doing nothing after an earlier failure: pass the same `ok`, initially
 * true, to a series of calls and check it once at the end.
 */
void kv_json_add_text(cJSON *parent, const char *name, const char *text, bool *ok);
void kv_json_add_int(cJSON *parent, const char *name, int64_t number, bool *ok);
void kv_json_add_bool(cJSON *parent, const char *name, bool value, bool *ok);
void kv_json_add_base64url(cJSON *parent, const char *name, const void *bytes, size_t len,
                           bool *ok);
/* Adds an empty object or array and returns it, NULL when not ok. */
cJSON *kv_json_add_object(cJSON *parent, const char *name, bool *ok);
cJSON *kv_json_add_array(cJSON *parent, const char *name, bool *ok);
/* Appends a text to an array. */
void kv_json_append_text(cJSON *array, const char *text, bool *ok);
/* Takes `child`, even when not ok (then it is freed). `name` NULL: parent is an array. */
void kv_json_add_take(cJSON *parent, const char *name, cJSON *child, bool *ok);
