/* SPDX-License-Identifier: Apache-2.0 */
/* Events as JSON Lines in a file, which is opened for each: it may be moved away at any time. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "courier.h"
#include "kv/base/json.h"

#define LINE_MAX_BYTES 8192

static void fail(struct verdict *verdict, const char *what, int number)
{
    verdict->outcome = OUTCOME_LATER;
    (void) snprintf(verdict->error, sizeof(verdict->error), "%s: %s", what, strerror(number));
}

/* A pipe might have no reader: then it would be waited for. */
static int open_file(const char *path, struct verdict *verdict)
{
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    struct stat info;

    if (file < 0) {
        fail(verdict, "it cannot be opened", errno);
        return -1;
    }
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void) close(file);
        fail(verdict, "it is no file", EINVAL);
        return -1;
    }
    return file;
}

/* All of the line or, on a disk that is full, nothing of it. */
static bool write_line(int file, const struct kv_buf *line)
{
    off_t end = lseek(file, 0, SEEK_END);
    ssize_t written = write(file, line->data, line->len);
    int number = errno;

    if (written == (ssize_t) line->len) {
        return fdatasync(file) == 0;
    }
    if (written > 0 && end >= 0) {
        KV_IGNORE(ftruncate(file, end));
        number = ENOSPC;
    }
    errno = number;
    return false;
}

static bool print_line(const struct parcel *parcel, struct kv_buf *line)
{
    kv_auto(cJSON_Delete) cJSON *event =
        kv_event_render(parcel->event, parcel->schema, parcel->place);

    return event != NULL && kv_json_print(event, line, NULL) == KV_OK
           && kv_buf_printf(line, NULL, "\n") == KV_OK;
}

void event_file_append(const struct parcel *parcel, struct verdict *ret_verdict)
{
    kv_auto(kv_buf_done) struct kv_buf line;

    kv_buf_init(&line, LINE_MAX_BYTES);
    if (!print_line(parcel, &line)) {
        fail(ret_verdict, "the event cannot be written", ENOMEM);
        return;
    }

    int file = open_file(parcel->hook->target, ret_verdict);

    if (file < 0) {
        return;
    }
    ret_verdict->outcome = OUTCOME_TAKEN;
    if (!write_line(file, &line)) {
        fail(ret_verdict, "it cannot be written", errno);
    }
    (void) close(file);
}
