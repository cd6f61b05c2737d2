/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $filter of lists of resources: comparisons "name eq 'value'" and "substringof('value', name)", joined by
 * "and". What else OData can say is refused by name.
 */
#include <stdio.h>
#include <string.h>

#include "kv/base/odata.h"
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

static bool take_field(const char **at, enum filter_field *ret_field)
{
    for (size_t i = 0; i < FILTER_FIELD_COUNT; i++) {
        if (kv_odata_word(at, fields[i])) {
            *ret_field = (enum filter_field) i;
            return true;
        }
    }
    return false;
}

static bool take_comparison(const char **at, struct resource_filter *filter)
{
    enum filter_field field;

    return take_field(at, &field) && kv_odata_word(at, "eq")
           && kv_odata_text(at, filter->text[field], FILTER_TEXT_SIZE);
}

static bool take_part(const char **at, struct resource_filter *filter)
{
    if (!kv_odata_word(at, "substringof")) {
        return take_comparison(at, filter);
    }
    return kv_odata_word(at, "(") && kv_odata_text(at, filter->part_of_name, FILTER_TEXT_SIZE)
           && kv_odata_word(at, ",") && kv_odata_word(at, "name") && kv_odata_word(at, ")");
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
    } while (kv_odata_word(&at, "and"));
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
