/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a request for a token, and what is read of it before anybody is looked up. */
#include <string.h>
#include <strings.h>

#include <unistr.h>

#include "fuzz.h"
#include "kv/wire/build.h"
#include "server/api/authority/private.h"

static void check_text(const char *text)
{
    FUZZ_HOLDS(text != NULL && u8_check((const uint8_t *) text, strlen(text)) == NULL);
    for (; *text != '\0'; text++) {
        FUZZ_HOLDS((unsigned char) *text >= 0x20 || strchr("\r\n\t", *text) != NULL);
        FUZZ_HOLDS(*text != 0x7f);
    }
}

static void check_form(const struct form *form)
{
    FUZZ_HOLDS(form->count <= FORM_PARAMETERS_MAX);
    for (size_t i = 0; i < form->count; i++) {
        const struct kv_pair *pair = &form->parameter[i];
        const char *found = form_find(form, pair->name);

        check_text(pair->name);
        check_text(pair->value);
        FUZZ_HOLDS(found == (pair->value[0] != '\0' ? pair->value : NULL));
        for (size_t j = 0; j < i; j++) {
            FUZZ_HOLDS(strcasecmp(form->parameter[j].name, pair->name) != 0);
        }
    }
}

/* A refusal has words of the service, which the renderer finds again. */
static void check_refusal(const struct kv_err *err)
{
    FUZZ_HOLDS(strncmp(err->message, "AADSTS", strlen("AADSTS")) == 0);
}

static void read_form(const struct form *form, const struct kv_request *request, bool is_v1,
                      bool for_user)
{
    struct authority_order order = { .request = request, .is_v1 = is_v1, .form = *form };
    struct kv_err err;

    if (authority_read_resource(&order, for_user, &err) != KV_OK) {
        check_refusal(&err);
    } else {
        FUZZ_HOLDS(order.resource[0] != '\0' && strlen(order.resource) <= KV_RESOURCE_MAX);
    }
    if (authority_read_claims(&order, &err) != KV_OK) {
        check_refusal(&err);
    }
    if (authority_read_client(&order, &err) != KV_OK) {
        check_refusal(&err);
    }
    kv_buf_done(&order.basic);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kv_app app = { .build = kv_build_find("2026") };
    /* the first line may be that of HTTP Basic */
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t head = end != NULL ? (size_t) (end - data) : 0;
    fuzz_auto char *basic = fuzz_text(data, head);
    struct kv_pair header = { "Authorization", basic };
    struct kv_request request = { .app = &app, .headers = { &header, 1 } };
    fuzz_auto char *body = fuzz_text(data + head, size - head);
    kv_auto(form_done) struct form form = { .count = 77 };
    struct kv_err err;

    fuzz_begin();
    if (form_parse(body, size - head, &form, &err) != KV_OK) {
        FUZZ_HOLDS(form.text == NULL && form.count == 77);
        check_refusal(&err);
        return 0;
    }
    check_form(&form);
    read_form(&form, &request, false, false);
    read_form(&form, &request, true, false);
    read_form(&form, &request, false, true);
    read_form(&form, &request, true, true);
    return 0;
}
