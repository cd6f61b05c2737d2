/* SPDX-License-Identifier: Apache-2.0 */
/* One copy of the body, cut at its delimiters and decoded in place by liburiparser. */
#include "form.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <unistr.h>
#include <uriparser/Uri.h>

#include "kv/base/secret.h"
#include "private.h"

static bool is_whole(const char *text)
{
    for (const char *at = strchr(text, '%'); at != NULL; at = strchr(at + 1, '%')) {
        if (!isxdigit((unsigned char) at[1]) || !isxdigit((unsigned char) at[2])) {
            return false;
        }
    }
    return true;
}

static bool has_control_character(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char character = (unsigned char) *text;

        if ((character < ' ' && strchr("\r\n\t", character) == NULL) || character == 0x7f) {
            return true;
        }
    }
    return false;
}

bool form_decode(char *text)
{
    if (!is_whole(text)) {
        return false;
    }
    const char *end = uriUnescapeInPlaceExA(text, true, URI_BR_DONT_TOUCH);
    size_t len = (size_t) (end - text);

    return strlen(text) == len && u8_check((const uint8_t *) text, len) == NULL
           && !has_control_character(text);
}

static const struct kv_pair *find(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (strcasecmp(form->parameter[i].name, name) == 0) {
            return &form->parameter[i];
        }
    }
    return NULL;
}

static enum kv_code add(struct form *form, char *name, char *value, struct kv_err *err)
{
    if (form->count == FORM_PARAMETERS_MAX || !form_decode(name) || !form_decode(value)) {
        return AADSTS_REFUSE(err, 9002313);
    }
    if (find(form, name) != NULL) {
        return AADSTS_REFUSE(err, 9000411, name);
    }
    form->parameter[form->count++] = (struct kv_pair){ name, value };
    return KV_OK;
}

static enum kv_code cut(struct form *form, struct kv_err *err)
{
    char *rest = form->text;
    char *name;

    while ((name = strsep(&rest, "&")) != NULL) {
        char *value = name;

        (void) strsep(&value, "="); /* ends the name; NULL when nothing follows it */
        if (*name == '\0' && value == NULL) {
            continue;
        }
        KV_TRY(add(form, name, value != NULL ? value : strchr(name, '\0'), err));
    }
    return KV_OK;
}

enum kv_code form_parse(const char *body, size_t len, struct form *ret_form, struct kv_err *err)
{
    kv_auto(form_done) struct form form = { .len = len };

    if (len > FORM_MAX || (len > 0 && memchr(body, '\0', len) != NULL)) {
        return AADSTS_REFUSE(err, 9002313);
    }
    form.text = strndup(len > 0 ? body : "", len);
    if (form.text == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(cut(&form, err));
    *ret_form = form;
    form.text = NULL; /* the caller's now */
    return KV_OK;
}

void form_done(struct form *form)
{
    if (form->text != NULL) {
        kv_wipe(form->text, form->len);
    }
    free(form->text);
    form->text = NULL;
    form->count = 0;
}

const char *form_find(const struct form *form, const char *name)
{
    const struct kv_pair *found = find(form, name);

    return found != NULL && found->value[0] != '\0' ? found->value : NULL;
}
