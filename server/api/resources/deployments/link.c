/* SPDX-License-Identifier: Apache-2.0 */
/* Templates and parameters that are linked: files below --template-root, and nothing else. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kv/base/files.h"
#include "kv/base/secret.h"
#include "private.h"

#define FILE_SCHEME "file:///"

static enum kv_code refuse(struct kv_err *err, const char *uri, const char *reason)
{
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0, "The link '%.400s' cannot be followed: %s", uri,
                   reason);
}

/* The path below the root that a link names; "../" is looked at later. */
static enum kv_code find_path(const char *folder, const char *uri, char ret_path[KV_PATH_MAX],
                              struct kv_err *err)
{
    size_t scheme = strlen(FILE_SCHEME);
    int len;

    if (strncmp(uri, FILE_SCHEME, scheme) == 0) {
        len = snprintf(ret_path, KV_PATH_MAX, "%s", uri + scheme);
    } else if (strstr(uri, "://") != NULL || uri[0] == '/') {
        return refuse(err, uri,
                      "coffer fetches nothing; it reads paths below --template-root, such as "
                      "'nested/vault.json' or 'file:///nested/vault.json'");
    } else {
        len = snprintf(ret_path, KV_PATH_MAX, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", uri);
    }
    return len > 0 && len < KV_PATH_MAX ? KV_OK
                                        : refuse(err, uri,
                                                 "its path has no or too many "
                                                 "characters");
}

/* Links of the file system are followed first, so nothing that lies elsewhere is read. */
static bool is_below(const char *path, const char *root)
{
    size_t len = strlen(root);

    return strncmp(path, root, len) == 0 && (path[len] == '/' || strcmp(root, "/") == 0);
}

static bool is_plain_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static enum kv_code resolve(const char *root, const char *path, const char *uri,
                            char ret_real[PATH_MAX], char ret_root[PATH_MAX], struct kv_err *err)
{
    char joined[KV_PATH_MAX];

    KV_TRY(kv_path_join(joined, root, path, err));
    if (realpath(root, ret_root) == NULL || realpath(joined, ret_real) == NULL) {
        return refuse(err, uri, "there is no such file below --template-root");
    }
    if (!is_below(ret_real, ret_root) || !is_plain_file(ret_real)) {
        return refuse(err, uri, "it is no file below --template-root");
    }
    return KV_OK;
}

/* As seen from the root. */
static const char *find_below(const char *real, const char *root)
{
    const char *below = real + strlen(root);

    return below + strspn(below, "/");
}

/* Where a file lies. */
static void find_folder(const char *below, char ret_folder[KV_PATH_MAX])
{
    const char *slash = strrchr(below, '/');

    (void) snprintf(ret_folder, KV_PATH_MAX, "%.*s", slash != NULL ? (int) (slash - below) : 0,
                    below);
}

enum kv_code link_read(const struct kv_app *app, const char *folder, const char *uri,
                       char *ret_folder, char ret_name[KV_TEMPLATE_LINK_SIZE], char **ret_text,
                       size_t *ret_len, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    char path[KV_PATH_MAX];
    char real[PATH_MAX], root[PATH_MAX];

    kv_buf_init(&text, KV_TEMPLATE_SIZE_MAX);
    if (app->template_root == NULL || app->template_root[0] == '\0') {
        return refuse(err, uri, "coffer reads linked templates only with --template-root DIR");
    }
    KV_TRY(find_path(folder, uri, path, err));
    KV_TRY(resolve(app->template_root, path, uri, real, root, err));
    if (kv_file_read(real, &text, NULL) != KV_OK) {
        return refuse(err, uri, "the file cannot be read, or has more than 4 MB");
    }
    if (ret_folder != NULL) {
        find_folder(find_below(real, root), ret_folder);
    }
    (void) snprintf(ret_name, KV_TEMPLATE_LINK_SIZE, "%s", find_below(real, root));
    *ret_text = kv_buf_take(&text, ret_len);
    return *ret_text != NULL ? KV_OK : refuse(err, uri, "the file is empty");
}
