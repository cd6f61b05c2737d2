/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growth copies by hand instead of realloc(), which may move the bytes and leave the old ones
 * behind unwiped.
 */
#include "kv/base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/secret.h"

#define CAPACITY_MIN 256

void kv_buf_init(struct kv_buf *buf, size_t max)
{
    assert(max < SIZE_MAX / 2); /* so that neither + 1 nor * 2 overflows */
    *buf = (struct kv_buf){ .max = max };
}

void kv_buf_done(struct kv_buf *buf)
{
    kv_wipe(buf->data, buf->capacity);
    free(buf->data);
    *buf = (struct kv_buf){ .max = buf->max };
}

static size_t larger_capacity(const struct kv_buf *buf, size_t wanted)
{
    size_t capacity = buf->capacity < CAPACITY_MIN / 2 ? CAPACITY_MIN : buf->capacity * 2;

    if (capacity > buf->max + 1) {
        capacity = buf->max + 1;
    }
    return capacity > wanted ? capacity : wanted;
}

/* Makes room for `len` more bytes and the NUL. */
static enum kv_code reserve(struct kv_buf *buf, size_t len, struct kv_err *err)
{
    if (len > buf->max - buf->len) {
        return KV_FAIL(err, KV_BODY_TOO_LARGE, 0, "more than %zu bytes", buf->max);
    }
    if (buf->len + len < buf->capacity) {
        return KV_OK;
    }
    size_t capacity = larger_capacity(buf, buf->len + len + 1);
    char *data = malloc(capacity);
    if (data == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (buf->len > 0) {
        memcpy(data, buf->data, buf->len);
    }
    data[buf->len] = '\0';
    kv_wipe(buf->data, buf->capacity);
    free(buf->data);
    buf->data = data;
    buf->capacity = capacity;
    return KV_OK;
}

enum kv_code kv_buf_append(struct kv_buf *buf, const void *bytes, size_t len, struct kv_err *err)
{
    KV_TRY(reserve(buf, len, err));
    if (len > 0) {
        memcpy(buf->data + buf->len, bytes, len);
    }
    buf->len += len;
    buf->data[buf->len] = '\0';
    return KV_OK;
}

enum kv_code kv_buf_printf(struct kv_buf *buf, struct kv_err *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);

    assert(len >= 0); /* only a wrong format makes it negative */
    KV_TRY(reserve(buf, (size_t) len, err));

    va_start(args, format);
    (void) vsnprintf(buf->data + buf->len, (size_t) len + 1, format, args); /* measured above */
    va_end(args);
    buf->len += (size_t) len;
    return KV_OK;
}

enum kv_code kv_buf_extend(struct kv_buf *buf, size_t len, unsigned char **ret_room,
                           struct kv_err *err)
{
    KV_TRY(reserve(buf, len, err));
    *ret_room = (unsigned char *) buf->data + buf->len;
    memset(*ret_room, 0, len + 1);
    buf->len += len;
    return KV_OK;
}

void kv_buf_cut(struct kv_buf *buf, size_t len)
{
    assert(len <= buf->len);
    if (buf->len > 0) {
        kv_wipe(buf->data + len, buf->len - len);
        buf->data[len] = '\0';
    }
    buf->len = len;
}

void kv_buf_clear(struct kv_buf *buf)
{
    kv_buf_cut(buf, 0);
}

char *kv_buf_take(struct kv_buf *buf, size_t *ret_len)
{
    char *text = buf->data;

    *ret_len = buf->len;
    *buf = (struct kv_buf){ .max = buf->max };
    return text;
}
