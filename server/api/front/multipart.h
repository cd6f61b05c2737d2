/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart.h - multipart/related bodies, as STOW-RS sends them (RFC 2046 §5.1, RFC 2387). Everything
 * is borrowed from the body; nothing is allocated. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define MULTIPART_BOUNDARY_MAX 70 /* characters (RFC 2046 §5.1.1) */

struct multipart {
    const char *at, *end;                       /* what is left of the body */
    char delimiter[MULTIPART_BOUNDARY_MAX + 5]; /* CR LF -- boundary */
};

struct multipart_part {
    const char *headers; /* lines, with CR LF */
    size_t headers_len;
    const char *content;
    size_t len;
};

/* Whether a Content-Type is `media`, in any case, with parameters or without. */
bool media_type_is(const char *content_type, const char *media);

/* Begins to read a body with that Content-Type; false when it names no boundary, or the body has not one. */
bool multipart_begin(struct multipart *ret_multipart, const char *content_type, const char *body,
                     size_t len);

/* The next part; false at the end, and then *ret_ok says whether the end was one. */
bool multipart_next(struct multipart *multipart, struct multipart_part *ret_part, bool *ret_ok);

/* Whether the part says that it is of that media type. */
bool multipart_part_is(const struct multipart_part *part, const char *media);
