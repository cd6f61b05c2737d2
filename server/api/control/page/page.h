/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - the page at / of the control port (docs/page.md), whose files are part of the program.
 *
 * The build makes page_files of what lies beside this (embed). Const: safe from any thread.
 */
#pragma once

#include <stddef.h>

#include "kv/http/route.h"

struct page_file {
    const char *name; /* of the source; its ending says what it is */
    const unsigned char *bytes;
    size_t len;
};

extern const struct page_file page_files[]; /* ends with { 0 } */
extern const struct kv_route page_routes[]; /* page.c */
