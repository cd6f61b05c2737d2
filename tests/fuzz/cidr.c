/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of addresses, one a line, as --firewall and the control port get them; and whether a list of
 * them has what one of them has. */
#include <string.h>

#include "fuzz.h"
#include "kv/base/cidr.h"

#define LINES_MAX 64

static void check_range(const char *text, struct kv_cidrs *list)
{
    struct kv_cidr cidr = { .prefix = 77 }, again;
    char shown[KV_CIDR_SIZE];
    struct kv_err err;

    if (kv_cidr_parse(text, &cidr, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_BAD_PARAMETER && cidr.prefix == 77);
        return;
    }
    FUZZ_HOLDS(cidr.prefix >= 1 && cidr.prefix <= (cidr.first.is_v6 ? 128 : 32));
    FUZZ_HOLDS(kv_cidr_has(&cidr, &cidr.first));
    kv_cidr_render(&cidr, shown);
    FUZZ_HOLDS(kv_cidr_parse(shown, &again, &err) == KV_OK);
    FUZZ_HOLDS(memcmp(&again, &cidr, sizeof(cidr)) == 0);
    FUZZ_HOLDS(kv_cidrs_add(list, &cidr, &err) == KV_OK);
}

static void check_address(const char *text, const struct kv_cidrs *list,
                          const struct kv_cidrs *sorted)
{
    struct kv_address address, again;
    char shown[KV_ADDRESS_SIZE];
    bool has = false;

    if (!kv_address_parse(text, &address)) {
        return;
    }
    kv_address_render(&address, shown);
    FUZZ_HOLDS(kv_address_parse(shown, &again) && memcmp(&again, &address, sizeof(address)) == 0);
    for (size_t i = 0; i < list->count; i++) {
        has = has || kv_cidr_has(&list->cidr[i], &address);
    }
    FUZZ_HOLDS(kv_cidrs_have(sorted, &address) == has);
}

static void copy(const struct kv_cidrs *from, struct kv_cidrs *to)
{
    for (size_t i = 0; i < from->count; i++) {
        FUZZ_HOLDS(kv_cidrs_add(to, &from->cidr[i], NULL) == KV_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kv_auto(kv_cidrs_done) struct kv_cidrs list = { .count = 0 };
    kv_auto(kv_cidrs_done) struct kv_cidrs sorted = { .count = 0 };
    struct fuzz_input input = { data, size };
    char *lines[LINES_MAX];

    for (size_t i = 0; i < LINES_MAX; i++) {
        lines[i] = fuzz_take_text(&input, '\n');
        check_range(lines[i], &list);
    }
    copy(&list, &sorted);
    kv_cidrs_sort(&sorted);
    FUZZ_HOLDS(sorted.count <= list.count);
    for (size_t i = 0; i < LINES_MAX; i++) {
        lines[i][strcspn(lines[i], "/")] = '\0';
        check_address(lines[i], &list, &sorted);
        free(lines[i]);
    }
    return 0;
}
