/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <string.h>

#include "kv/base/json.h"
#include "kv/base/log.h"

void fuzz_begin(void)
{
    kv_json_setup();
    kv_log_setup(KV_LOG_ERROR, KV_LOG_TEXT);
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    FUZZ_HOLDS(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

char *fuzz_take_text(struct fuzz_input *input, char stop)
{
    const uint8_t *end = input->left > 0 ? memchr(input->at, stop, input->left) : NULL;
    size_t len = end != NULL ? (size_t) (end - input->at) : input->left;
    char *text = fuzz_text(input->at, len);
    size_t used = len + (end != NULL);

    input->at = input->left > 0 ? input->at + used : input->at;
    input->left -= used;
    return text;
}
