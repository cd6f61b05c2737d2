/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embedded.h - files of the sources that are part of the program: the page (page/page.h) and the
 * document of the control port (openapi.h).
 *
 * The build makes these tables (embed). Const: safe from any thread.
 */
#pragma once

#include <stddef.h>

struct embedded_file {
    const char *name; /* of the source; its ending says what it is */
    const unsigned char *bytes;
    size_t len;
};

/* Both end with { 0 }. */
extern const struct embedded_file page_files[];
extern const struct embedded_file openapi_files[]; /* openapi.json alone */
