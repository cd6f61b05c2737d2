/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $filter of lists of resources: comparisons "name eq 'value'" and "substringof('value', name)", joined by
 * "and". What else OData can say is refused by name.
 */
#include <stdio.h>
#include <string.h>

#include "private.h"

static const char *const fields[FILTER_FIELD_COUNT] = {
    [FILTER_TYPE] = "resourceType", [FILTER_GROUP] = "resourceGroup",
    [FILTER_NAME] = "name",         [FILTER_LOCATION] = "location",
    [FILTER_TAG_NAME] = "tagName",  [FILTER_TAG_VALUE] = "tagValue",
};

static enum kv_code refuse(const char *text, struct kv_err *err)
{
    return KV_FAIL(err, KV_ARM_INVALID_FILTER, 0,
                   "Invalid $filter '%.200s' specified in the query string: it can compare "
                   "resourceType, resourceGroup, name, location, tagName and tagValue by eq, with "
                   "'and' in between, and ask substringof('text', name).",
                   text);
}

static bool take_word(const char **at, const char *word)
{
    size_t len = strlen(word);

    *at += strspn(*at, " ");
    if (strncasecmp(*at, word, len) != 0) {
        return false;
    }
    *at += len;
    return true;
}

/* 'it''s' */
static bool take_text(const char **at, char ret_text[FILTER_TEXT_SIZE])
{
    size_t len = 0;

    if (!take_word(at, "'")) {
        return false;
    }
    for (; **at != '\0'; (*at)++) {
        if (**at == '\'' && *++*at != '\'') {
            ret_text[len] = '\0';
            return true;
        }
        if (len == FILTER_TEXT_SIZE - 1) {
            return false;
        }
        ret_text[len++] = **at;
    }
    return false;
}

static bool take_field(const char **at, enum filter_field *ret_field)
{
    for (size_t i = 0; i < FILTER_FIELD_COUNT; i++) {
        if (take_word(at, fields[i])) {
            *ret_field = (enum filter_field) i;
            return true;
        }
    }
    return false;
}

static bool take_comparison(const char **at, struct resource_filter *filter)
{
    enum filter_field field;

    return take_field(at, &field) && take_word(at, "eq") && take_text(at, filter->text[field]);
}

static bool take_part(const char **at, struct resource_filter *filter)
{
    if (!take_word(at, "substringof")) {
        return take_comparison(at, filter);
    }
    return take_word(at, "(") && take_text(at, filter->part_of_name) && take_word(at, ",")
           && take_word(at, "name") && take_word(at, ")");
}

enum kv_code filter_read(const char *text, struct resource_filter *ret_filter, struct kv_err *err)
{
    const char *at = text;

    memset(ret_filter, 0, sizeof(*ret_filter));
    if (text == NULL || text[strspn(text, " ")] == '\0') {
        return KV_OK;
    }
    do {
        if (!take_part(&at, ret_filter)) {
            return refuse(text, err);
        }
    } while (take_word(&at, "and"));
    return at[strspn(at, " ")] == '\0' ? KV_OK : refuse(text, err);
}

bool filter_may_have(const struct resource_filter *filter, const char *type)
{
    const char *wanted = filter->text[FILTER_TYPE];

    return *wanted == '\0' || strcasecmp(wanted, type) == 0;
}

static const char *text_of(const cJSON *item, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(item, name));

    return text != NULL ? text : "";
}

static bool is_wanted(const char *wanted, const char *text)
{
    return *wanted == '\0' || strcasecmp(wanted, text) == 0;
}

static bool has_tag(const struct resource_filter *filter, const cJSON *item)
{
    const char *name = filter->text[FILTER_TAG_NAME];
    const cJSON *tags = cJSON_GetObjectItem(item, "tags");

    if (*name == '\0') {
        return true;
    }
    return cJSON_GetObjectItem(tags, name) != NULL
           && (filter->text[FILTER_TAG_VALUE][0] == '\0'
               || strcmp(text_of(tags, name), filter->text[FILTER_TAG_VALUE]) == 0);
}

bool filter_passes(const struct resource_filter *filter, const cJSON *item)
{
    struct arm_id id;

    return is_wanted(filter->text[FILTER_TYPE], text_of(item, "type"))
           && is_wanted(filter->text[FILTER_NAME], text_of(item, "name"))
           && is_wanted(filter->text[FILTER_LOCATION], text_of(item, "location"))
           && (filter->part_of_name[0] == '\0'
               || strcasestr(text_of(item, "name"), filter->part_of_name) != NULL)
           && has_tag(filter, item)
           && (filter->text[FILTER_GROUP][0] == '\0'
               || (arm_id_parse(text_of(item, "id"), &id, NULL) == KV_OK
                   && strcasecmp(id.group, filter->text[FILTER_GROUP]) == 0));
}
