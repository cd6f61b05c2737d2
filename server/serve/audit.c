/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: its file, and who else gets its lines. These are made by api/gate/audit.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "events.h"
#include "kv/base/files.h"
#include "kv/base/log.h"

#define QUEUE_BYTES (1024 * 1024)
#define PATIENCE_MS 1000
#define LOOK_MS 1000

enum kv_code audit_check(const struct kv_options *options, struct kv_err *err)
{
    struct hook hook;
    bool has_hook;

    if (strlen(kv_option_text(options, KV_OPTION_AUDIT_LOG)) >= KV_PATH_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--audit-log: the path is too long");
    }
    return hook_read_audit(options, &hook, &has_hook, err);
}

/* A pipe would have to be waited for, and it has nothing to move away. */
static enum kv_code open_file(const char *path, int *ret_file, struct kv_err *err)
{
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    struct stat info;

    if (file < 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, (unsigned long) errno,
                       "--audit-log: cannot open %s: %s", path, strerror(errno));
    }
    if (fstat(file, &info) != 0 || !(S_ISREG(info.st_mode) || S_ISCHR(info.st_mode))) {
        (void) close(file);
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--audit-log: %s is no file", path);
    }
    *ret_file = file;
    return KV_OK;
}

/* In the file, where a reader would miss them, and in the log. */
static size_t describe_lost(uint64_t lost, char ret_line[KV_SPOOL_LOST_SIZE])
{
    kv_log(KV_LOG_WARNING, "audit_lines_lost", KV_LOG_NUMBER_FIELD("count", lost));
    return audit_render_lost(lost, ret_line);
}

static bool was_moved(const struct audit *audit)
{
    struct stat at_path, open_one;

    return fstat(audit->descriptor, &open_one) == 0
           && (stat(audit->path, &at_path) != 0 || at_path.st_ino != open_one.st_ino
               || at_path.st_dev != open_one.st_dev);
}

/* The queue goes on with the same descriptor, which is of another file then. What cannot be opened is
 * tried again a second later, and the old file goes on. */
static void follow_path(struct audit *audit)
{
    int file = -1;

    if (!was_moved(audit) || open_file(audit->path, &file, NULL) != KV_OK) {
        return;
    }
    if (dup3(file, audit->descriptor, O_CLOEXEC) >= 0) {
        kv_log(KV_LOG_INFO, "audit_log_reopened", KV_LOG_TEXT_FIELD("file", audit->path));
    }
    (void) close(file);
}

static void *look_after(void *argument)
{
    struct audit *audit = argument;

    pthread_mutex_lock(&audit->mutex);
    while (!audit->is_to_stop) {
        kv_millis next = kv_clock_monotonic() + LOOK_MS;
        const struct timespec deadline = { .tv_sec = next / 1000,
                                           .tv_nsec = next % 1000 * 1000000 };

        (void) pthread_cond_timedwait(&audit->end, &audit->mutex, &deadline);
        pthread_mutex_unlock(&audit->mutex);
        follow_path(audit);
        pthread_mutex_lock(&audit->mutex);
    }
    pthread_mutex_unlock(&audit->mutex);
    return NULL;
}

static enum kv_code start_looking(struct audit *audit, struct kv_err *err)
{
    pthread_condattr_t attributes;

    (void) pthread_mutex_init(&audit->mutex, NULL); /* these cannot fail on Linux */
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&audit->end, &attributes);
    (void) pthread_condattr_destroy(&attributes);

    int result = pthread_create(&audit->thread, NULL, look_after, audit);

    return result == 0 ? KV_OK
                       : KV_FAIL(err, KV_INTERNAL, (unsigned long) result,
                                 "cannot start the thread of the audit log");
}

static enum kv_code open_log(struct audit *audit, const char *path, struct kv_err *err)
{
    KV_TRY(open_file(path, &audit->descriptor, err));

    struct kv_spool *spool = NULL;
    enum kv_code code = kv_spool_open(audit->descriptor, QUEUE_BYTES, describe_lost, &spool, err);

    audit->path = path;
    code = code == KV_OK ? start_looking(audit, err) : code;
    if (code != KV_OK) {
        kv_spool_close(spool, 0);
        (void) close(audit->descriptor);
        return code;
    }
    audit->spool = spool;
    return KV_OK;
}

enum kv_code audit_open(struct audit *audit, const struct kv_options *options, struct kv_err *err)
{
    const char *path = kv_option_text(options, KV_OPTION_AUDIT_LOG);

    if (*path != '\0') {
        KV_TRY(open_log(audit, path, err));
    }
    return audit_hook_open(options, &audit->hook, err);
}

static void put(void *context, const char *line, size_t len)
{
    struct audit *audit = context;

    if (audit->spool != NULL) {
        kv_spool_put(audit->spool, line, len);
    }
    if (audit->hook != NULL) {
        audit_hook_put(audit->hook, line, len);
    }
}

static enum kv_code print_metrics(void *context, struct kv_buf *buf, struct kv_err *err)
{
    const struct audit *audit = context;

    return audit_hook_print_metrics(audit->hook, buf, err);
}

void audit_lend(struct audit *audit, struct kv_app *app)
{
    app->audit_context = audit;
    app->put_audit = audit->spool != NULL || audit->hook != NULL ? put : NULL;
    app->print_audit_metrics = audit->hook != NULL ? print_metrics : NULL;
}

static void close_log(struct audit *audit)
{
    pthread_mutex_lock(&audit->mutex);
    audit->is_to_stop = true;
    pthread_cond_signal(&audit->end);
    pthread_mutex_unlock(&audit->mutex);
    pthread_join(audit->thread, NULL);
    kv_spool_close(kv_take(audit->spool), PATIENCE_MS);
    (void) pthread_cond_destroy(&audit->end);
    (void) pthread_mutex_destroy(&audit->mutex);
    /* the descriptor stays: what could not be written yet may still be */
}

void audit_close(struct audit *audit)
{
    if (audit->spool != NULL) {
        close_log(audit);
    }
    audit_hook_close(kv_take(audit->hook));
}
