/* SPDX-License-Identifier: Apache-2.0 */
/* Where state goes, by the XDG base directory specification. */
#include "option.h"

#include <string.h>

const char *kv_options_variable(const struct kv_options *options, const char *name)
{
    char *const *environment = options->environment;
    size_t len = strlen(name);

    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=') {
            return *environment + len + 1;
        }
    }
    return NULL;
}

/* The specification has relative paths ignored. */
static bool is_absolute(const char *path)
{
    return path != NULL && *path == '/';
}

/* What can be fetched again; without a home, what lasts as long as the user is logged in. */
enum kv_code kv_cache_folder(const struct kv_options *options, char ret_path[KV_PATH_MAX],
                             struct kv_err *err)
{
    static const struct {
        const char *variable, *below;
    } rows[] = {
        { "XDG_CACHE_HOME", "coffer" },
        { "HOME", ".cache/coffer" },
        { "XDG_RUNTIME_DIR", "coffer" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *folder = kv_options_variable(options, rows[i].variable);

        if (is_absolute(folder)) {
            return kv_path_join(ret_path, folder, rows[i].below, err);
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "none of XDG_CACHE_HOME, HOME and XDG_RUNTIME_DIR names a folder");
}

enum kv_code kv_data_folder(const struct kv_options *options, char ret_path[KV_PATH_MAX],
                            struct kv_err *err)
{
    const char *given = kv_option_text(options, KV_OPTION_DATA);
    const char *state = kv_options_variable(options, "XDG_STATE_HOME");
    const char *home = kv_options_variable(options, "HOME");

    if (*given != '\0') {
        if (strlen(given) >= KV_PATH_MAX) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--data: the path is too long");
        }
        memcpy(ret_path, given, strlen(given) + 1);
        return KV_OK;
    }
    if (is_absolute(state)) {
        return kv_path_join(ret_path, state, "coffer", err);
    }
    if (is_absolute(home)) {
        return kv_path_join(ret_path, home, ".local/state/coffer", err);
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "neither XDG_STATE_HOME nor HOME names a folder: give one with --data");
}
