/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dicom.h - files of DICOM as tests make them: small, with what identifies an instance, and a sequence of
 * undefined length before it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DICOM_EXPLICIT "1.2.840.10008.1.2.1"
#define DICOM_IMPLICIT "1.2.840.10008.1.2"
#define DICOM_CLASS "1.2.840.10008.5.1.4.1.1.7"
#define DICOM_FILE_MAX 4096

struct dicom_file {
    unsigned char bytes[DICOM_FILE_MAX];
    size_t len;
    bool is_implicit;
};

static inline void dicom_put(struct dicom_file *file, uint32_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        file->bytes[file->len++] = (unsigned char) (number >> 8 * i);
    }
}

static inline void dicom_tag(struct dicom_file *file, unsigned group, unsigned element)
{
    dicom_put(file, group, 2);
    dicom_put(file, element, 2);
}

/* A text, filled up to an even length. */
static inline void dicom_text(struct dicom_file *file, unsigned group, unsigned element,
                              const char *kind, const char *text)
{
    size_t len = strlen(text), even = len + len % 2;

    dicom_tag(file, group, element);
    if (!file->is_implicit || group == 2) {
        memcpy(file->bytes + file->len, kind, 2);
        file->len += 2;
        dicom_put(file, (uint32_t) even, 2);
    } else {
        dicom_put(file, (uint32_t) even, 4);
    }
    memcpy(file->bytes + file->len, text, len);
    memset(file->bytes + file->len + len, 0, even - len);
    file->len += even;
}

/* (0008,1140), with an item of undefined length in it, in which there is an element. */
static inline void dicom_sequence(struct dicom_file *file)
{
    dicom_tag(file, 0x0008, 0x1140);
    if (!file->is_implicit) {
        memcpy(file->bytes + file->len, "SQ\0\0", 4);
        file->len += 4;
    }
    dicom_put(file, UINT32_MAX, 4);
    dicom_tag(file, 0xFFFE, 0xE000);
    dicom_put(file, UINT32_MAX, 4);
    dicom_text(file, 0x0008, 0x1155, "UI", "9.9.9");
    dicom_tag(file, 0xFFFE, 0xE00D);
    dicom_put(file, 0, 4);
    dicom_tag(file, 0xFFFE, 0xE0DD);
    dicom_put(file, 0, 4);
}

static inline void dicom_begin(struct dicom_file *file, const char *syntax)
{
    memset(file, 0, sizeof(*file));
    memcpy(file->bytes + 128, "DICM", 4);
    file->len = 132;
    file->is_implicit = strcmp(syntax, DICOM_IMPLICIT) == 0;
    dicom_text(file, 0x0002, 0x0010, "UI", syntax);
}

static inline void dicom_make(struct dicom_file *file, const char *syntax, const char *study,
                              const char *series, const char *instance)
{
    dicom_begin(file, syntax);
    dicom_text(file, 0x0008, 0x0016, "UI", DICOM_CLASS);
    dicom_text(file, 0x0008, 0x0018, "UI", instance);
    dicom_sequence(file);
    dicom_text(file, 0x0010, 0x0010, "PN", "Lovelace^Ada");
    dicom_text(file, 0x0020, 0x000D, "UI", study);
    dicom_text(file, 0x0020, 0x000E, "UI", series);
    dicom_text(file, 0x0020, 0x0013, "IS", "1");
}
