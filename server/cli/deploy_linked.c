/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a linked template that an error is about. The server reads it, below its --template-root: it is
 * looked for there, and beside the template that was sent, which is the same folder in a container.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "deploy.h"
#include "kv/base/files.h"

#define MARK "The linked file '"

bool deploy_is_of_link(const char *message)
{
    return strstr(message, MARK) != NULL;
}

/* A path from the root, without "..": the server has followed all of that. */
static bool read_name(const char *message, char ret_name[DEPLOY_LINK_SIZE])
{
    const char *begin = strstr(message, MARK);
    const char *end = begin != NULL ? strchr(begin += strlen(MARK), '\'') : NULL;
    size_t len = end != NULL ? (size_t) (end - begin) : 0;

    if (len == 0 || len >= DEPLOY_LINK_SIZE) {
        return false;
    }
    memcpy(ret_name, begin, len);
    ret_name[len] = '\0';
    return ret_name[0] != '/' && strstr(ret_name, "..") == NULL;
}

static bool is_plain_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool read_file(struct deploy_linked *linked)
{
    return is_plain_file(linked->path) && kv_file_read(linked->path, &linked->text, NULL) == KV_OK
           && linked->text.len > 0 && strlen(linked->text.data) == linked->text.len;
}

static bool join(const char *folder, size_t len, const char *name, char ret_path[KV_PATH_MAX])
{
    int is = snprintf(ret_path, KV_PATH_MAX, "%.*s%s%s", (int) len, folder,
                      len > 0 && folder[len - 1] != '/' ? "/" : "", name);

    return is > 0 && is < KV_PATH_MAX;
}

/* Up to its last slash, which stays. */
static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? (size_t) (slash - path) + 1 : 0;
}

bool deploy_find_linked(const char *message, const struct deploy_source *source,
                        struct deploy_linked *linked)
{
    char name[DEPLOY_LINK_SIZE];

    kv_buf_init(&linked->text, DEPLOY_TEMPLATE_MAX);
    if (!read_name(message, name)) {
        return false;
    }
    if (source->root[0] != '\0' && join(source->root, strlen(source->root), name, linked->path)
        && read_file(linked)) {
        return true;
    }
    kv_buf_clear(&linked->text);
    return join(source->path, folder_len(source->path), name, linked->path) && read_file(linked);
}

void deploy_linked_done(struct deploy_linked *linked)
{
    kv_buf_done(&linked->text);
}
