/* SPDX-License-Identifier: Apache-2.0 */
/* Instances of DICOM, alone and as parts of a body. */
#include <string.h>

#include "fuzz.h"
#include "server/api/front/instance.h"
#include "server/api/front/multipart.h"

#define TYPE "multipart/related; boundary=cut"

static void check_instance(const void *bytes, size_t len)
{
    struct instance instance;

    if (!instance_read(bytes, len, &instance)) {
        return;
    }
    FUZZ_HOLDS(instance_uid_is_valid(instance.study) && instance_uid_is_valid(instance.series));
    FUZZ_HOLDS(instance_uid_is_valid(instance.sop) && instance_uid_is_valid(instance.sop_class));
}

static void check_parts(const char *body, size_t len)
{
    struct multipart multipart;
    struct multipart_part part;
    size_t sum = 0;
    bool ok = false;

    if (!multipart_begin(&multipart, TYPE, body, len)) {
        return;
    }
    while (multipart_next(&multipart, &part, &ok)) {
        FUZZ_HOLDS(part.content >= body && part.content + part.len <= body + len);
        FUZZ_HOLDS(part.headers >= body && part.headers + part.headers_len <= body + len);
        (void) multipart_part_is(&part, "application/dicom");
        check_instance(part.content, part.len);
        sum += part.len;
    }
    FUZZ_HOLDS(sum <= len); /* no byte is in two parts */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_begin();
    check_instance(data, size);
    check_parts((const char *) data, size);
    return 0;
}
