/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what the fuzz targets share. A target is one function that takes any bytes for one
 * parser and looks whether what comes out holds together; whatever does not is an abort().
 *
 * With --enable-fuzzing (clang) libFuzzer calls it with inputs of its own invention; in any other
 * build replay.c does with those of corpus/NAME, as a test.
 * One thread. Inputs must not change what later ones see, where that can be helped.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "kv/base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Something that has to be true of every input. */
#define FUZZ_HOLDS(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void) fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* What is left of an input. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/*
 * A text of what comes next, up to `stop` or to the end, on the heap and not a byte longer, so that
 * reading on is noticed; `stop` itself is skipped.
 */
char *fuzz_take_text(struct fuzz_input *input, char stop);

/* The same of all bytes. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Sets up what main() does before anything is read; only errors are logged. Any number of times. */
void fuzz_begin(void);

static inline void fuzz_free_at(char **text)
{
    free(*text);
}
/* fuzz_auto char *text = fuzz_text(data, size); */
#define fuzz_auto __attribute__((cleanup(fuzz_free_at)))
