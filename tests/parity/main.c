/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the tables of docs/parity.md anew: parity [--check] ROOT. With --check it writes nothing and
 * says what is wrong, a line for each; exit 0 when nothing is, else 1, 2 for wrong usage.
 */
#include <stdio.h>
#include <string.h>

#include "parity.h"

#define FOUND_MAX ((size_t) 1 << 20)

static enum kv_code check(const struct parity *parity, const char *root, bool *ret_is_good,
                          struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf found;

    kv_buf_init(&found, FOUND_MAX);
    KV_TRY(parity_check(parity, root, &found, err));
    fputs(found.len > 0 ? found.data : "", stdout);
    *ret_is_good = found.len == 0;
    return KV_OK;
}

static enum kv_code run(bool is_check, const char *root, bool *ret_is_good, struct kv_err *err)
{
    kv_auto(parity_free) struct parity *parity = NULL;

    KV_TRY(parity_load(root, &parity, err));
    if (is_check) {
        return check(parity, root, ret_is_good, err);
    }
    *ret_is_good = true;
    return parity_write(parity, root, err);
}

int main(int argc, char **argv)
{
    bool is_check = argc > 1 && strcmp(argv[1], "--check") == 0;
    bool is_good = false;
    struct kv_err err;

    if (argc != (is_check ? 3 : 2)) {
        fputs("usage: parity [--check] ROOT\n", stderr);
        return 2;
    }
    if (run(is_check, argv[argc - 1], &is_good, &err) != KV_OK) {
        fprintf(stderr, "parity: %s\n", err.message);
        return 1;
    }
    return is_good ? 0 : 1;
}
