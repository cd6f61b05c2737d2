/* SPDX-License-Identifier: Apache-2.0 */
/* What identifies an instance of DICOM, read from files that anybody may send. */
#include "instance.h"

#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/support/dicom.h"

TestSuite(instance, .timeout = 60);

static struct dicom_file file;
static struct instance found;

static bool read_file(void)
{
    return instance_read(file.bytes, file.len, &found);
}

/* Each piece in memory of its own, so that valgrind sees who reads behind it. */
Test(instance, is_not_read_from_a_file_that_was_cut_off)
{
    static const char *const syntaxes[] = { DICOM_EXPLICIT, DICOM_IMPLICIT };

    for (size_t i = 0; i < 2; i++) {
        dicom_make(&file, syntaxes[i], "1.2.3", "1.2.3.4", "1.2.3.4.5");
        /* the last element is behind what identifies it */
        size_t enough = file.len - (file.is_implicit ? 10 : 10);

        for (size_t len = 0; len < enough; len++) {
            unsigned char *piece = malloc(len > 0 ? len : 1);

            cr_assert_not_null(piece);
            memcpy(piece, file.bytes, len);
            cr_expect_not(instance_read(piece, len, &found), "%zu bytes", len);
            free(piece);
        }
        cr_expect(instance_read(file.bytes, enough, &found));
    }
}

Test(instance, is_not_read_from_what_is_no_file_of_it)
{
    dicom_make(&file, DICOM_EXPLICIT, "1.2.3", "1.2.3.4", "1.2.3.4.5");
    file.bytes[128] = 'd';
    cr_expect_not(read_file());
    dicom_make(&file, "1.2.840.10008.1.2.2", "1.2.3", "1.2.3.4", "1.2.3.4.5");
    cr_expect_not(read_file(), "big endian");
    dicom_make(&file, "1.2.840.10008.1.2.1.99", "1.2.3", "1.2.3.4", "1.2.3.4.5");
    cr_expect_not(read_file(), "deflated");
}

/* They are repeated in the answer, which is JSON. */
Test(instance, keeps_no_uid_that_is_none)
{
    dicom_make(&file, DICOM_EXPLICIT, "1.2.3", "1.2.3.4", "1\xde.3");
    cr_expect_not(read_file());
    cr_expect_str_eq(found.sop, "");
    cr_expect_str_eq(found.sop_class, DICOM_CLASS, "what was good before it stays");
    dicom_make(&file, DICOM_EXPLICIT, "\xff\"", "1.2.3.4", "1.2");
    cr_expect_not(read_file());
    cr_expect_str_eq(found.study, "");
    cr_expect_str_eq(found.sop, "1.2");
}

Test(instance, has_to_have_all_its_uids)
{
    static const char *const bad[] = { "", "1.2.x", ".1", "1.", "1 2" };
    static char long_uid[70];

    memset(long_uid, '1', 65);
    dicom_make(&file, DICOM_EXPLICIT, long_uid, "1.2.3.4", "1.2.3.4.5");
    cr_expect_not(read_file(), "65 characters");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        dicom_make(&file, DICOM_EXPLICIT, bad[i], "1.2.3.4", "1.2.3.4.5");
        cr_expect_not(read_file(), "'%s'", bad[i]);
    }
    dicom_begin(&file, DICOM_EXPLICIT);
    dicom_text(&file, 0x0008, 0x0018, "UI", "1.2");
    dicom_text(&file, 0x0020, 0x000D, "UI", "1.2");
    dicom_text(&file, 0x0020, 0x000E, "UI", "1.2");
    cr_expect_not(read_file(), "it has no class");
}

/* A stack that grows with what is sent would be the sender's. */
Test(instance, is_not_read_from_sequences_without_end)
{
    dicom_begin(&file, DICOM_EXPLICIT);
    while (file.len + 24 < DICOM_FILE_MAX) {
        dicom_tag(&file, 0x0008, 0x1140);
        memcpy(file.bytes + file.len, "SQ\0\0", 4);
        file.len += 4;
        dicom_put(&file, UINT32_MAX, 4);
        dicom_tag(&file, 0xFFFE, 0xE000);
        dicom_put(&file, UINT32_MAX, 4);
    }
    cr_expect_not(read_file());
}

Test(instance, is_read_in_both_forms_of_little_endian)
{
    static const char *const syntaxes[] = { DICOM_EXPLICIT, DICOM_IMPLICIT,
                                            "1.2.840.10008.1.2.4.50" };

    for (size_t i = 0; i < sizeof(syntaxes) / sizeof(syntaxes[0]); i++) {
        dicom_make(&file, syntaxes[i], "1.2.3", "1.2.34", "1.2.3.4.5");
        cr_assert(read_file(), "%s", syntaxes[i]);
        cr_expect_str_eq(found.study, "1.2.3");
        cr_expect_str_eq(found.series, "1.2.34");
        cr_expect_str_eq(found.sop, "1.2.3.4.5", "not the one in the sequence");
        cr_expect_str_eq(found.sop_class, DICOM_CLASS);
    }
}
