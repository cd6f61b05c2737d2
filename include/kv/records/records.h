/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/records/records.h - the data of services that have a customer-managed key: resources and their
 * versions, in the store, encrypted by the service's data-encryption key (DEK).
 *
 * Each version is sealed by AES-256-GCM with a nonce of its own; service, type, id, version, date and media
 * type are its associated data, so no row can be taken for another one. The DEK is the caller's and is
 * never kept: without it nothing is readable, by nobody. Rows know by a digest which DEK sealed them,
 * and those of another one than the caller's are not there for it: they are removed by the first write
 * with a new one, since nobody can read them any more.
 * Thread-safe. Writes are durable when they return.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/buf.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_RECORD_DEK_SIZE 32
#define KV_RECORD_ID_MAX 256  /* characters of a resource's id */
#define KV_RECORD_WORD_MAX 64 /* of a service's name, a type, a media type */
#define KV_RECORD_DATA_MAX ((size_t) 7 * 1024 * 1024)      /* bytes of a version */
#define KV_RECORDS_MAX 10000                               /* versions of a service */
#define KV_RECORDS_BYTES_MAX ((int64_t) 256 * 1024 * 1024) /* of all of them */

struct kv_store;
struct kv_records; /* opaque */

/* Whose data: a name, and its DEK. Borrowed. */
struct kv_record_owner {
    const char *service;
    const unsigned char *dek; /* KV_RECORD_DEK_SIZE bytes */
};

/* A version of a resource, in the clear: wiped by kv_record_done(). */
struct kv_record {
    char id[KV_RECORD_ID_MAX + 1];
    int64_t version; /* from 1 on */
    kv_millis made;
    char media[KV_RECORD_WORD_MAX + 1];
    struct kv_buf data;
};
void kv_record_done(struct kv_record *record);
KV_DEFINE_CLEANUP_VALUE(struct kv_record, kv_record_done)

/* Makes the tables where they are missing. The store outlives the records. */
enum kv_code kv_records_new(struct kv_store *store, struct kv_records **ret_records,
                            struct kv_err *err) kv_must_check;
void kv_records_free(struct kv_records *records);
KV_DEFINE_CLEANUP(struct kv_records *, kv_records_free)

/* What a write expects to find. */
#define KV_RECORD_ANY (-1)
#define KV_RECORD_NONE 0 /* no version yet; else the number of the latest one */

struct kv_record_draft {
    const char *type, *id, *media;
    const void *data;
    size_t len;
    int64_t expects;
    kv_millis now;
};

/*
 * Seals the next version of a resource. KV_CONFLICT when the latest one is not what the draft expects;
 * KV_INSUFFICIENT_STORAGE when the service has as much as it may; KV_BODY_TOO_LARGE for more than
 * KV_RECORD_DATA_MAX.
 */
enum kv_code kv_records_put(struct kv_records *records, const struct kv_record_owner *owner,
                            const struct kv_record_draft *draft, int64_t *ret_version,
                            struct kv_err *err) kv_must_check;

/* Opens a version; 0 is the latest. KV_NOT_FOUND; KV_INTERNAL when it was tampered with. */
enum kv_code kv_records_get(struct kv_records *records, const struct kv_record_owner *owner,
                            const char *type, const char *id, int64_t version,
                            struct kv_record *ret_record, struct kv_err *err) kv_must_check;

/* Opens the latest versions of all of a type, by id, at most `limit`, and calls `visit` with each;
 * *ret_total says how many there are. */
typedef enum kv_code kv_record_visit_fn(void *context, const struct kv_record *record,
                                        struct kv_err *err);
enum kv_code kv_records_each(struct kv_records *records, const struct kv_record_owner *owner,
                             const char *type, unsigned limit, kv_record_visit_fn *visit,
                             void *context, int64_t *ret_total, struct kv_err *err) kv_must_check;

/* Removes all that a service has, whatever sealed it; NULL: all that there is. */
enum kv_code kv_records_forget(struct kv_records *records, const char *service,
                               struct kv_err *err) kv_must_check;
