/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second look at a head, as libmicrohttpd leaves it. The first byte is the number of its
 * fields, the next the length of the target.
 */
#include <string.h>

#include "fuzz.h"
#include "server/http/framing.h"

/* What is clean has no control character but tabs where the parts are, and ends as a head does. */
static void check_clean(const uint8_t *head, size_t len, size_t target_len)
{
    const uint8_t *target = memchr(head, '\0', len);

    FUZZ_HOLDS(len >= 2 && head[len - 1] == '\0' && head[len - 2] == '\0');
    FUZZ_HOLDS(target != NULL);
    for (size_t i = 0; i < len; i++) {
        bool in_target = head + i > target && head + i <= target + target_len;

        FUZZ_HOLDS(in_target || head[i] >= ' ' || head[i] == '\t' || head[i] == '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *head;

    if (size < 2) {
        return 0;
    }
    head = malloc(size - 1); /* its own, so that reading on is noticed */
    FUZZ_HOLDS(head != NULL);
    memcpy(head, data + 2, size - 2);
    if (kv_framing_is_clean((const char *) head, size - 2, data[1], data[0])) {
        check_clean(head, size - 2, data[1]);
    }
    free(head);
    return 0;
}
