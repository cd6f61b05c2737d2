/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - what the handlers of /control/v1/requests share.
 */
#pragma once

#include "kv/journal/journal.h"
#include "private.h"

/* The journal; KV_CONFLICT where none is kept. */
enum kv_code journal_find(const struct kv_request *request, struct kv_journal **ret_journal,
                          struct kv_err *err) kv_must_check;

/* Adds the members of the query that are a filter's. */
enum kv_code journal_read_query(const struct kv_request *request, struct kv_journal_filter *filter,
                                struct kv_err *err) kv_must_check;

/* The same of an object: each member is a text, a number, or a list of such. NULL adds none. */
enum kv_code journal_read_filter(const cJSON *object, struct kv_journal_filter *filter,
                                 struct kv_err *err) kv_must_check;

/* Where no kind is named, challenges do not count, nor does the control port: they are not what a
 * client set out to do. */
enum kv_code journal_count_attempts(struct kv_journal_filter *filter,
                                    struct kv_err *err) kv_must_check;

/* An entry as JSON; NULL: out of memory. Free with cJSON_Delete(). */
cJSON *journal_render(const struct kv_journal_entry *entry);
/* The same as an entry of an HTTP Archive 1.2. */
cJSON *journal_render_har(const struct kv_journal_entry *entry);

/* "principal": who asked. */
void journal_add_principal(cJSON *object, const struct kv_journal_entry *entry, bool *ok);
/* A text of the entry under its own name, unless it is empty. */
void journal_add_text(cJSON *object, const struct kv_journal_entry *entry,
                      enum kv_journal_text text, bool *ok);
