/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who else may read the secrets: files that the options name are refused when others can, those of
 * the data folder are put right. A secret on the command line was seen already.
 */
#include "serve.h"

#include <stdio.h>
#include <string.h>

#include "kv/base/log.h"
#include "kv/base/private_file.h"

/* Options that name a file with a secret in it. */
static const struct {
    enum kv_option option;
    const char *name;
} files[] = {
    { KV_OPTION_CA_KEY, "--ca-key" },
    { KV_OPTION_CA_P12, "--ca-p12" },
    { KV_OPTION_CA_PASSWORD_FILE, "--ca-password-file" },
    { KV_OPTION_TLS_KEY, "--tls-key" },
    { KV_OPTION_PKCS11_PIN_FILE, "--pkcs11-pin-file" },
    { KV_OPTION_CONTROL_TOKEN_FILE, "--control-token-file" },
};

/* What lies in the data folder. The mode of tokens/ covers what is below it. */
static const char *const own[] = {
    "tls",       "tls/ca.key",    "tls/server.key", "tokens",    "issuer.pem", "pin",
    "coffer.db", "coffer.db-wal", "coffer.db-shm",  "run.token", "lock",
};

/* Lets a refusal pass where that is asked for. */
static enum kv_code judge(const struct kv_options *options, const char *name,
                          const struct kv_err *why, struct kv_err *err)
{
    if (kv_option_flag(options, KV_OPTION_ALLOW_SHARED_FILES)) {
        kv_log(KV_LOG_WARNING, "secret_shared", KV_LOG_TEXT_FIELD("option", name),
               KV_LOG_TEXT_FIELD("why", why->message));
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "%s: %s; or --allow-shared-files, where nobody else is on the machine", name,
                   why->message);
}

static enum kv_code check_one(const struct kv_options *options, const char *name, const char *path,
                              struct kv_err *err)
{
    struct kv_err why;

    if (*path == '\0' || kv_private_file_check(path, &why) == KV_OK) {
        return KV_OK;
    }
    return judge(options, name, &why, err);
}

static enum kv_code check_folder(const struct kv_options *options, const char *folder,
                                 struct kv_err *err)
{
    struct kv_err why;

    if (kv_private_folder_check(folder, &why) == KV_OK) {
        return KV_OK;
    }
    return judge(options, "--data", &why, err);
}

enum kv_code secrets_check(const struct kv_options *options, struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(files); i++) {
        KV_TRY(check_one(options, files[i].name, kv_option_text(options, files[i].option), err));
    }
    if (kv_option_is_from_file(options, KV_OPTION_CONTROL_TOKEN)) {
        KV_TRY(check_one(options, "--config", kv_option_text(options, KV_OPTION_CONFIG), err));
    }
    if (kv_option_is_from_flag(options, KV_OPTION_CONTROL_TOKEN)) {
        kv_log(KV_LOG_WARNING, "secret_on_command_line",
               KV_LOG_TEXT_FIELD("option", "--control-token"),
               KV_LOG_TEXT_FIELD("instead", "--control-token-file, or COFFER_CONTROL_TOKEN"));
    }
    return KV_OK;
}

/* What was done, for the log: a line for all of them, since a volume may undo it at each start. */
struct tightened {
    char first[KV_PATH_MAX], was[16];
    unsigned count;
};

static void note(struct tightened *done, const char *path, unsigned was)
{
    if (was != 0 && done->count++ == 0) {
        memcpy(done->first, path, sizeof(done->first));
        (void) snprintf(done->was, sizeof(done->was), "%04o", was);
    }
}

enum kv_code secrets_tighten(const struct kv_options *options, const char *folder,
                             struct kv_err *err)
{
    struct tightened done = { .count = 0 };
    char path[KV_PATH_MAX];
    unsigned was;

    KV_TRY(check_folder(options, folder, err));
    KV_TRY(kv_private_folder_tighten(folder, &was, err));
    (void) snprintf(path, sizeof(path), "%s", folder);
    note(&done, path, was);
    for (size_t i = 0; i < KV_COUNT(own); i++) {
        KV_TRY(kv_path_join(path, folder, own[i], err));
        KV_TRY(kv_private_file_tighten(path, &was, err));
        note(&done, path, was);
        KV_TRY(check_one(options, "--data", path, err));
    }
    if (done.count > 0) {
        kv_log(KV_LOG_INFO, "mode_tightened", KV_LOG_TEXT_FIELD("first", done.first),
               KV_LOG_TEXT_FIELD("was", done.was), KV_LOG_NUMBER_FIELD("files", done.count));
    }
    return KV_OK;
}
