/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body and the query of every operation, as its handler reads them and as far into the domain,
 * the store and the token as they get. The text is that of world_ask().
 */
#include <string.h>

#include "fuzz.h"
#include "world.h"

/* What would be gone for the inputs to come is not asked for: it has no body. */
static bool takes_away(const char *text, size_t len)
{
    return len >= 6 && memcmp(text, "DELETE", 6) == 0;
}

/* Of a key that all inputs need nothing is changed. */
static bool changes_furniture(const char *text, size_t len)
{
    return len >= 5 && memcmp(text, "PATCH", 5) == 0 && memmem(text, len, "/once", 5) == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *) data;

    (void) world();
    if (!takes_away(text, size) && !changes_furniture(text, size)) {
        (void) world_ask(text, size);
        kv_clock_reset(world()->clock);
    }
    return 0;
}
