/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/json.h"

TestSuite(json_flaw, .init = kv_json_setup, .timeout = 120);

Test(json_flaw, finds_the_line_in_which_a_text_is_wrong)
{
    static const struct {
        const char *text;
        bool is_wrong;
        size_t line, column;
    } rows[] = {
        { "{\"a\":1}", false, 0, 0 },
        { "{} \r\n\t", false, 0, 0 },
        { "[1]", false, 0, 0 },
        { "{\n  \"a\" 1\n}", true, 2, 7 },
        { "{\n  \"a\": tru\n}", true, 2, 8 },
        { "{}\n\n  x", true, 3, 3 },
        { "x", true, 1, 1 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        size_t line = 0, column = 0;

        cr_expect_eq(kv_json_find_flaw(rows[i].text, strlen(rows[i].text), &line, &column),
                     rows[i].is_wrong, "%s", rows[i].text);
        cr_expect_eq(line, rows[i].line, "%s: line %zu", rows[i].text, line);
        cr_expect_eq(column, rows[i].column, "%s: column %zu", rows[i].text, column);
    }
}
