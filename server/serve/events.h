/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - events of keys and vaults, and the audit log, as parts of the composition. Private to the
 * files beside it.
 */
#pragma once

#include "audit_hook.h"
#include "courier.h"
#include "kv/base/spool.h"

/* Whether all that the options say of both can be read. Nothing is opened. */
enum kv_code events_check(const struct kv_options *options, struct kv_err *err) kv_must_check;

/* The outbox, before whoever writes events, and the receivers. {0} is closed. It stays where it is. */
enum kv_code events_open(struct courier *courier, const struct kv_options *options,
                         struct kv_store *store, struct kv_err *err) kv_must_check;
/* Has the outbox hear of vaults whose access mode changes. */
void events_watch(struct courier *courier, struct kv_vaults *vaults);
void events_lend(struct courier *courier, struct kv_app *app);

/* Once the ports are known: brings events, and has those who wait at `control` hear of them. */
enum kv_code events_start(struct courier *courier, const struct kv_app *app,
                          struct kv_listener *control, struct kv_err *err) kv_must_check;

/* Before the listeners are freed, and after fetch_end(): nothing is brought any more. What was not
 * delivered is, after the next start. */
void events_stop(struct courier *courier);

/* After all who write events. */
void events_close(struct courier *courier);

/*
 * --audit-log: lines go through a bounded queue to the file, which is opened again within a second
 * when it was moved away. What could not be written is counted, in the log and in the file. And
 * --audit-webhook: audit_hook.h. {0} is closed.
 */
struct audit {
    const char *path; /* borrowed; NULL: there is none */
    int descriptor;
    struct kv_spool *spool; /* NULL: there is no file */
    pthread_t thread;
    pthread_mutex_t mutex; /* lock.def: audit.end */
    pthread_cond_t end;
    bool is_to_stop;         /* guarded by mutex */
    struct audit_hook *hook; /* NULL: there is no receiver */
};
enum kv_code audit_check(const struct kv_options *options, struct kv_err *err) kv_must_check;
enum kv_code audit_open(struct audit *audit, const struct kv_options *options,
                        struct kv_err *err) kv_must_check;
void audit_lend(struct audit *audit, struct kv_app *app);
/* After the last request; waits a second at most for what is still to be written, and two for what is
 * still to be brought. */
void audit_close(struct audit *audit);
