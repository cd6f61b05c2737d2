/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/buf.h"
#include "kv/base/secret.h"
#include "memory.h"

static struct kv_buf buf;
static struct kv_err err;

static void teardown(void)
{
    kv_buf_done(&buf);
}
TestSuite(buf, .fini = teardown, .timeout = 120);

Test(buf, refuses_to_exceed_its_maximum_and_stays_as_it_was)
{
    kv_buf_init(&buf, 10);
    cr_assert_eq(kv_buf_append(&buf, "0123456", 7, &err), KV_OK);
    cr_assert_eq(kv_buf_append(&buf, "789a", 4, &err), KV_BODY_TOO_LARGE);
    cr_assert_eq(kv_buf_printf(&buf, &err, "%d", 7890), KV_BODY_TOO_LARGE);
    cr_assert_eq(buf.len, 7);
    cr_assert_str_eq(buf.data, "0123456");
}

Test(buf, takes_exactly_its_maximum)
{
    kv_buf_init(&buf, 10);
    cr_assert_eq(kv_buf_append(&buf, "0123456", 7, &err), KV_OK);
    cr_assert_eq(kv_buf_append(&buf, "789", 3, &err), KV_OK);
    cr_assert_str_eq(buf.data, "0123456789");
    cr_assert_eq(kv_buf_append(&buf, "", 0, &err), KV_OK);
    cr_assert_eq(kv_buf_append(&buf, "x", 1, &err), KV_BODY_TOO_LARGE);
}

Test(buf, refuses_a_length_that_would_overflow)
{
    kv_buf_init(&buf, 10);
    cr_assert_eq(kv_buf_append(&buf, "abc", 3, &err), KV_OK);
    cr_assert_eq(kv_buf_append(&buf, "x", SIZE_MAX - 1, &err), KV_BODY_TOO_LARGE);
}

Test(buf, may_be_done_twice_and_unused)
{
    kv_buf_init(&buf, 10);
    kv_buf_done(&buf);
    kv_buf_done(&buf);
    cr_assert_null(buf.data);
}

Test(buf, is_an_empty_text_after_an_empty_append)
{
    kv_buf_init(&buf, 10);
    cr_assert_eq(kv_buf_append(&buf, NULL, 0, &err), KV_OK);
    cr_assert_eq(buf.len, 0);
    cr_assert_str_eq(buf.data, "");
}

Test(buf, keeps_every_byte_while_it_grows)
{
    kv_buf_init(&buf, 100000);
    for (unsigned i = 0; i < 100000; i++) {
        unsigned char byte = (unsigned char) (i * 7);
        cr_assert_eq(kv_buf_append(&buf, &byte, 1, &err), KV_OK);
    }
    for (unsigned i = 0; i < 100000; i++) {
        cr_assert_eq((unsigned char) buf.data[i], (unsigned char) (i * 7));
    }
    cr_assert_eq(buf.data[100000], '\0');
}

Test(buf, takes_an_append_larger_than_twice_its_memory)
{
    static const char large[50000] = "large";

    kv_buf_init(&buf, 100000);
    cr_assert_eq(kv_buf_append(&buf, "x", 1, &err), KV_OK);
    cr_assert_eq(kv_buf_append(&buf, large, sizeof(large), &err), KV_OK);
    cr_assert_eq(buf.len, 1 + sizeof(large));
    cr_assert_str_eq(buf.data, "xlarge");
}

Test(buf, prints_behind_what_is_there)
{
    kv_buf_init(&buf, 1000);
    cr_assert_eq(kv_buf_printf(&buf, &err, "%s=%d", "a", 1), KV_OK);
    cr_assert_eq(kv_buf_printf(&buf, &err, "&%0300d", 2), KV_OK);
    cr_assert_eq(buf.len, 304);
    cr_assert_eq(strncmp(buf.data, "a=1&000", 7), 0);
    cr_assert_eq(buf.data[303], '2');
}

Test(buf, wipes_the_memory_it_grew_out_of)
{
    kv_buf_init(&buf, 10000);
    for (unsigned i = 0; i < 20; i++) {
        cr_assert_eq(kv_buf_printf(&buf, &err, "plaintext-"), KV_OK);
    }
    uintptr_t old = (uintptr_t) buf.data;
    cr_assert_eq(kv_buf_printf(&buf, &err, "%0500d", 0), KV_OK);
    cr_assert_neq((uintptr_t) buf.data, old);
    cr_assert_not(memory_holds(old, 200, "plain"));
}

Test(buf, gives_room_that_is_empty_and_bounded)
{
    unsigned char *room;

    kv_buf_init(&buf, 300);
    cr_assert_eq(kv_buf_append(&buf, "ab", 2, &err), KV_OK);
    cr_assert_eq(kv_buf_extend(&buf, 299, &room, &err), KV_BODY_TOO_LARGE);
    cr_assert_eq(kv_buf_extend(&buf, 298, &room, &err), KV_OK);
    cr_assert_eq(buf.len, 300);
    cr_assert_eq(room, (unsigned char *) buf.data + 2);
    for (size_t i = 0; i <= 298; i++) {
        cr_assert_eq(room[i], 0);
    }
}

Test(buf, wipes_what_it_cuts_off)
{
    kv_buf_init(&buf, 100);
    kv_buf_cut(&buf, 0);
    cr_assert_eq(kv_buf_printf(&buf, &err, "plaintext"), KV_OK);
    kv_buf_cut(&buf, 5);
    cr_assert_str_eq(buf.data, "plain");
    cr_assert_eq(buf.len, 5);
    for (size_t i = 5; i < sizeof("plaintext"); i++) {
        cr_assert_eq(buf.data[i], '\0');
    }
}

Test(buf, wipes_what_it_clears_and_keeps_the_memory)
{
    kv_buf_init(&buf, 100);
    cr_assert_eq(kv_buf_printf(&buf, &err, "plaintext"), KV_OK);
    const char *memory = buf.data;
    kv_buf_clear(&buf);
    cr_assert_eq(buf.len, 0);
    cr_assert_eq(buf.data, memory);
    for (size_t i = 0; i < sizeof("plaintext"); i++) {
        cr_assert_eq(memory[i], '\0');
    }
}

Test(buf, wipes_the_memory_it_frees)
{
    kv_buf_init(&buf, 1000);
    for (unsigned i = 0; i < 20; i++) {
        cr_assert_eq(kv_buf_printf(&buf, &err, "plaintext-"), KV_OK);
    }
    uintptr_t old = (uintptr_t) buf.data;
    kv_buf_done(&buf);
    cr_assert_not(memory_holds(old, 200, "plain"));
}

Test(buf, hands_its_text_over_and_can_be_used_again)
{
    size_t len = 0;

    kv_buf_init(&buf, 100);
    cr_assert_eq(kv_buf_printf(&buf, &err, "first"), KV_OK);
    kv_auto(kv_wipe_free) char *text = kv_buf_take(&buf, &len);
    cr_assert_eq(len, 5);
    cr_assert_str_eq(text, "first");
    cr_assert_eq(buf.len, 0);
    cr_assert_eq(kv_buf_printf(&buf, &err, "second"), KV_OK);
    cr_assert_str_eq(buf.data, "second");
    cr_assert_str_eq(text, "first");
}
