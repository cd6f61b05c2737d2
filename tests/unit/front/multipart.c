/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of several parts, as anybody may send them. */
#include "multipart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(multipart, .timeout = 60);

#define RELATED "multipart/related; type=\"application/dicom\"; boundary="
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* "2: [a][b]", with "!" in place of the colon for a body that does not end as it should. */
static const char *split(const char *type, const char *body, size_t len)
{
    static char text[256];
    struct multipart multipart;
    struct multipart_part part;
    bool ok = false;
    char parts[200] = "";
    unsigned count = 0;

    if (!multipart_begin(&multipart, type, body, len)) {
        return "none";
    }
    while (multipart_next(&multipart, &part, &ok)) {
        size_t used = strlen(parts);

        (void) snprintf(parts + used, sizeof(parts) - used, "[%.*s]", (int) part.len, part.content);
        count++;
    }
    (void) snprintf(text, sizeof(text), "%u%s %s", count, ok ? ":" : "!", parts);
    return text;
}

Test(multipart, is_split_at_its_boundary_and_nowhere_else)
{
    static const struct {
        const char *type, *body, *parts;
    } rows[] = {
        { "multipart/related", "--x\r\n\r\na\r\n--x--", "none" },
        { RELATED, "--\r\n\r\na\r\n----", "none" },
        { RELATED "x", "", "none" },
        { RELATED "x", "a\r\nb", "none" },
        { RELATED "x", "--xy\r\n\r\na\r\n--xy--", "0! " },
        { RELATED "x", "--x\r\n\r\na", "0! " },
        { RELATED "x", "--x\r\nContent-Type: a/b\r\n--x--", "0! " },
        { RELATED "x", "--x\r\n\r\na\r\n--x", "1! [a]" },
        { RELATED "x", "--x--", "0: " },
        { RELATED "x", "--x\r\n\r\na\r\n--x--", "1: [a]" },
        { RELATED "\"x y\"", "--x y\r\n\r\na\r\n--x y--\r\n", "1: [a]" },
        { RELATED "x; start=1", "--x \r\n\r\na\r\n--x\r\n\r\nb\r\n--x--", "2: [a][b]" },
        { RELATED "x", "before\r\n--x\r\n\r\na--x inside\r\n--x--after", "1: [a--x inside]" },
        { RELATED "x", "--x\r\nContent-Type: a/b\r\nX: y\r\n\r\n\r\n--x--", "1: []" },
        { RELATED "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
          "--x\r\n\r\na\r\n--x--", "none" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        cr_expect_str_eq(split(rows[i].type, rows[i].body, strlen(rows[i].body)), rows[i].parts,
                         "row %zu", i);
    }
}

/* Each piece in memory of its own, so that valgrind sees who reads behind it. */
Test(multipart, does_not_read_behind_a_body_that_was_cut_off)
{
    static const char body[] = "--x\r\nContent-Type: a/b\r\n\r\none\r\n--x\r\n\r\ntwo\r\n--x--";

    for (size_t len = 0; len < strlen(body); len++) {
        char *piece = malloc(len > 0 ? len : 1);

        cr_assert_not_null(piece);
        memcpy(piece, body, len);
        cr_expect_str_neq(split(RELATED "x", piece, len), "2: [one][two]", "%zu bytes", len);
        free(piece);
    }
    cr_expect_str_eq(split(RELATED "x", body, strlen(body)), "2: [one][two]");
}

Test(multipart, knows_the_media_type_of_a_part)
{
    static const char body[] = "--x\r\nX: y\r\ncontent-type:  Application/DICOM ;a=b\r\n\r\none"
                               "\r\n--x\r\n\r\ntwo\r\n--x--";
    struct multipart multipart;
    struct multipart_part part;
    bool ok;

    cr_assert(multipart_begin(&multipart, RELATED "x", body, strlen(body)));
    cr_assert(multipart_next(&multipart, &part, &ok));
    cr_expect(multipart_part_is(&part, "application/dicom"));
    cr_expect_not(multipart_part_is(&part, "application/dico"));
    cr_assert(multipart_next(&multipart, &part, &ok));
    cr_expect_not(multipart_part_is(&part, "application/dicom"), "it says nothing");
}
