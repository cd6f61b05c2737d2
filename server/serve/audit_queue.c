/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the audit log that wait for their receiver, and the batches that are made of them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_hook.h"

struct audit_line {
    STAILQ_ENTRY(audit_line) next;
    size_t len; /* without the newline */
    char text[];
};

void audit_queue_init(struct audit_queue *queue)
{
    *queue = (struct audit_queue){ .bytes = 0 };
    STAILQ_INIT(&queue->lines);
}

static void free_lines(struct audit_lines *lines)
{
    while (!STAILQ_EMPTY(lines)) {
        struct audit_line *line = STAILQ_FIRST(lines);

        STAILQ_REMOVE_HEAD(lines, next);
        free(line);
    }
}

void audit_queue_done(struct audit_queue *queue)
{
    free_lines(&queue->lines);
    queue->bytes = 0;
    queue->count = 0;
}

static struct audit_line *copy_line(const char *text, size_t len)
{
    struct audit_line *line = malloc(sizeof(*line) + len);

    if (line != NULL) {
        line->len = len;
        memcpy(line->text, text, len);
    }
    return line;
}

bool audit_queue_put(struct audit_queue *queue, const char *text, size_t len)
{
    size_t taken = sizeof(struct audit_line) + len - 1;
    struct audit_line *line =
        taken <= AUDIT_QUEUE_BYTES - queue->bytes ? copy_line(text, len - 1) : NULL;

    if (line == NULL) {
        queue->lost++;
        return false;
    }
    STAILQ_INSERT_TAIL(&queue->lines, line, next);
    queue->bytes += taken;
    queue->count++;
    return true;
}

/* No line is longer than a batch, so there is one at least. */
void audit_queue_take(struct audit_queue *queue, struct audit_batch *ret_batch)
{
    size_t bytes = 0;

    *ret_batch = (struct audit_batch){ .lost = queue->lost };
    STAILQ_INIT(&ret_batch->lines);
    queue->lost = 0;
    while (!STAILQ_EMPTY(&queue->lines) && ret_batch->records < AUDIT_BATCH_RECORDS) {
        struct audit_line *line = STAILQ_FIRST(&queue->lines);

        bytes += line->len + 1;
        if (bytes > AUDIT_BATCH_BYTES) {
            return;
        }
        STAILQ_REMOVE_HEAD(&queue->lines, next);
        STAILQ_INSERT_TAIL(&ret_batch->lines, line, next);
        queue->bytes -= sizeof(*line) + line->len;
        queue->count--;
        ret_batch->records++;
    }
}

size_t audit_render_lost(uint64_t lost, char ret_line[KV_SPOOL_LOST_SIZE])
{
    char time[KV_ISO_DATE_SIZE];

    kv_time_render_iso(kv_clock_real(), time);
    return (size_t) snprintf(ret_line, KV_SPOOL_LOST_SIZE,
                             "{\"time\":\"%s\",\"category\":\"CofferAudit\","
                             "\"operationName\":\"LinesLost\",\"properties\":{\"count\":%" PRIu64
                             "}}\n",
                             time, lost);
}

/* What is missing was missing before these; the newline that ends it is JSON's, too. */
static enum kv_code render_lost(uint64_t lost, struct kv_buf *body, struct kv_err *err)
{
    char line[KV_SPOOL_LOST_SIZE];

    return lost == 0 ? KV_OK : kv_buf_append(body, line, audit_render_lost(lost, line), err);
}

static enum kv_code render(const struct audit_batch *batch, struct kv_buf *body, struct kv_err *err)
{
    const struct audit_line *line;
    const char *comma = batch->lost > 0 ? "," : "";

    KV_TRY(kv_buf_printf(body, err, "{\"records\":["));
    KV_TRY(render_lost(batch->lost, body, err));
    STAILQ_FOREACH(line, &batch->lines, next)
    {
        KV_TRY(kv_buf_append(body, comma, strlen(comma), err));
        KV_TRY(kv_buf_append(body, line->text, line->len, err));
        comma = ",";
    }
    return kv_buf_printf(body, err, "]}");
}

enum kv_code audit_batch_render(struct audit_batch *batch, struct kv_buf *body, struct kv_err *err)
{
    enum kv_code code = render(batch, body, err);

    free_lines(&batch->lines);
    return code;
}
