/* SPDX-License-Identifier: Apache-2.0 */
/* Writing. */
#include "kv/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/base64.h"
#include "kv/base/secret.h"

#define NUMBER_SIZE 32 /* of 17 digits with sign, point and exponent */

/* cJSON's lists are doubly linked, the first item's `prev` being the last. */
static void link_back(cJSON *object)
{
    cJSON *last = NULL;

    for (cJSON *item = object->child; item != NULL; item = item->next) {
        item->prev = last;
        last = item;
    }
    if (object->child != NULL) {
        object->child->prev = last;
    }
}

/* By insertion: objects have few members. */
static void sort_members(cJSON *object)
{
    cJSON *rest = object->child;

    object->child = NULL;
    while (rest != NULL) {
        cJSON *item = rest;
        cJSON **place = &object->child;

        rest = rest->next;
        while (*place != NULL && strcmp((*place)->string, item->string) <= 0) {
            place = &(*place)->next;
        }
        item->next = *place;
        *place = item;
    }
    link_back(object);
}

void kv_json_sort(cJSON *tree)
{
    cJSON *item;

    if (cJSON_IsObject(tree)) {
        sort_members(tree);
    }
    cJSON_ArrayForEach (item, tree) { /* of an object, too */
        kv_json_sort(item);
    }
}

/* Of what was sorted. */
static bool are_neighbours_different(const cJSON *tree)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, tree) {
        if (cJSON_IsObject(tree) && item->next != NULL
            && strcmp(item->string, item->next->string) == 0) {
            return false;
        }
        if (!are_neighbours_different(item)) {
            return false;
        }
    }
    return true;
}

bool kv_json_is_unique(cJSON *tree)
{
    kv_json_sort(tree);
    return are_neighbours_different(tree);
}

/* Of at most 15 digits, all of which cJSON prints; it prints a negative zero otherwise. What another
 * tree owns stays as it is. */
static bool is_whole(const cJSON *item)
{
    double number = item->valuedouble;

    return cJSON_IsNumber(item) && (item->type & cJSON_IsReference) == 0 && fabs(number) < 1e15
           && number == trunc(number) && !(number == 0 && signbit(number));
}

/* Without memory for it, it stays a number. */
static void spell_number(cJSON *item)
{
    char *text = cJSON_malloc(NUMBER_SIZE);

    if (text != NULL) {
        (void) snprintf(text, NUMBER_SIZE, "%" PRId64, (int64_t) item->valuedouble);
        item->valuestring = text;
        item->type = (item->type & ~0xff) | cJSON_Raw; /* the flags above stay */
    }
}

void kv_json_spell_numbers(cJSON *tree)
{
    cJSON *item;

    if (is_whole(tree)) {
        spell_number(tree);
    }
    cJSON_ArrayForEach (item, tree) {
        kv_json_spell_numbers(item);
    }
}

/* cJSON takes 15 digits for enough where what they spell is the next number or infinity. */
static bool is_printed_well(const cJSON *item)
{
    char text[NUMBER_SIZE];

    if (!cJSON_IsNumber(item) || item->valuedouble == (double) item->valueint
        || !isfinite(item->valuedouble)) {
        return true; /* no number, one of whole digits, or one that is printed as null */
    }
    (void) snprintf(text, sizeof(text), "%.15g", item->valuedouble);
    return strtod(text, NULL) == item->valuedouble;
}

static bool are_printed_well(const cJSON *tree)
{
    const cJSON *item;

    if (!is_printed_well(tree)) {
        return false;
    }
    cJSON_ArrayForEach (item, tree) {
        if (!are_printed_well(item)) {
            return false;
        }
    }
    return true;
}

/* Puts the digits of those numbers in their place. False: out of memory. */
static bool spell_out(cJSON *tree)
{
    char text[NUMBER_SIZE];
    cJSON *item;

    if (!is_printed_well(tree)) {
        (void) snprintf(text, sizeof(text), "%.17g", tree->valuedouble);
        tree->valuestring = cJSON_malloc(strlen(text) + 1);
        if (tree->valuestring == NULL) {
            return false;
        }
        memcpy(tree->valuestring, text, strlen(text) + 1);
        tree->type = cJSON_Raw;
    }
    cJSON_ArrayForEach (item, tree) {
        if (!spell_out(item)) {
            return false;
        }
    }
    return true;
}

/* NULL: out of memory. */
static char *print(const cJSON *tree)
{
    kv_auto(cJSON_Delete) cJSON *copy = NULL;

    if (are_printed_well(tree)) {
        return cJSON_PrintUnformatted(tree);
    }
    copy = cJSON_Duplicate(tree, true);
    return copy != NULL && spell_out(copy) ? cJSON_PrintUnformatted(copy) : NULL;
}

enum kv_code kv_json_print(const cJSON *tree, struct kv_buf *buf, struct kv_err *err)
{
    kv_auto(kv_wipe_free) char *text = print(tree);

    if (text == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return kv_buf_append(buf, text, strlen(text), err);
}

void kv_json_add_text(cJSON *parent, const char *name, const char *text, bool *ok)
{
    *ok = *ok && cJSON_AddStringToObject(parent, name, text) != NULL;
}

void kv_json_add_int(cJSON *parent, const char *name, int64_t number, bool *ok)
{
    *ok = *ok && cJSON_AddNumberToObject(parent, name, (double) number) != NULL;
}

void kv_json_add_bool(cJSON *parent, const char *name, bool value, bool *ok)
{
    *ok = *ok && cJSON_AddBoolToObject(parent, name, value) != NULL;
}

void kv_json_add_base64url(cJSON *parent, const char *name, const void *bytes, size_t len, bool *ok)
{
    kv_auto(kv_wipe_free) char *text = *ok ? malloc(KV_BASE64URL_LENGTH(len) + 1) : NULL;

    *ok = text != NULL;
    if (*ok) {
        kv_base64url_encode(bytes, len, text);
        kv_json_add_text(parent, name, text, ok);
    }
}

cJSON *kv_json_add_object(cJSON *parent, const char *name, bool *ok)
{
    cJSON *object = *ok ? cJSON_AddObjectToObject(parent, name) : NULL;

    *ok = object != NULL;
    return object;
}

cJSON *kv_json_add_array(cJSON *parent, const char *name, bool *ok)
{
    cJSON *array = *ok ? cJSON_AddArrayToObject(parent, name) : NULL;

    *ok = array != NULL;
    return array;
}

void kv_json_append_text(cJSON *array, const char *text, bool *ok)
{
    kv_json_add_take(array, NULL, cJSON_CreateString(text), ok);
}

void kv_json_add_take(cJSON *parent, const char *name, cJSON *child, bool *ok)
{
    if (*ok) {
        *ok = name == NULL ? cJSON_AddItemToArray(parent, child)
                           : cJSON_AddItemToObject(parent, name, child);
    }
    if (!*ok) {
        cJSON_Delete(child);
    }
}
