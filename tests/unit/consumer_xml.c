/* SPDX-License-Identifier: Apache-2.0 */
/* What a vault says, in a picture: whatever it is, the picture stays one, and the text is text. */
#include <criterion/criterion.h>

#include <stdint.h>
#include <string.h>

#include "kv/base/base.h"
#include "xml.h"

static const struct {
    const char *text, *written;
    size_t max;
} rows[] = {
    { "", "", SIZE_MAX },
    { "a < b && \"c\" > 'd'", "a &#60; b &#38;&#38; &#34;c&#34; &#62; &#39;d&#39;", SIZE_MAX },
    { "</title><script>", "&#60;/title&#62;&#60;script&#62;", SIZE_MAX },
    { "\x01\t\n\x7f", "????", SIZE_MAX },
    { "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91",
      "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91", SIZE_MAX },
    { "\xc3", "?", SIZE_MAX }, /* cut in the middle of a character */
    { "\xe2\x82", "??", SIZE_MAX },
    { "\xc0\xbc"
      "script",
      "??script", SIZE_MAX },            /* "<", longer than it may be */
    { "\xed\xa0\x80", "???", SIZE_MAX }, /* half of a pair */
    { "\xef\xbf\xbe", "???", SIZE_MAX }, /* U+FFFE */
    { "\xf5\x80\x80\x80", "????", SIZE_MAX },
    { "\xff\x80", "??", SIZE_MAX },
    { "\xc2\x85", "??", SIZE_MAX }, /* a control character */
    { "abc", "abc", 3 },
    { "abcd", "abc\xe2\x80\xa6", 3 },
    { "\xc3\xbc\xc3\xbc\xc3\xbc", "\xc3\xbc\xc3\xbc\xe2\x80\xa6", 2 },
    { "<<<", "&#60;\xe2\x80\xa6", 1 },
    { "a", "\xe2\x80\xa6", 0 },
};

Test(consumer_xml, is_what_XML_can_have)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(kv_buf_done) struct kv_buf out;

        kv_buf_init(&out, 1024);
        cr_expect_eq(xml_write(&out, rows[i].text, rows[i].max, NULL), KV_OK);
        cr_expect_str_eq(out.data != NULL ? out.data : "", rows[i].written, "row %zu", i);
    }
}

Test(consumer_xml, ends_where_the_buffer_does)
{
    kv_auto(kv_buf_done) struct kv_buf out;

    kv_buf_init(&out, 4);
    cr_expect_eq(xml_write(&out, "abcdef", SIZE_MAX, NULL), KV_BODY_TOO_LARGE);
    cr_expect_str_eq(out.data, "abcd");
}
