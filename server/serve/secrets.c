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

/* Options that are a secret, or hold one: --identity NAME,secret=TEXT. */
static bool holds_secret(const struct kv_options *options, enum kv_option option)
{
    if (option == KV_OPTION_CONTROL_TOKEN) {
        return *kv_option_text(options, option) != '\0';
    }
    for (size_t i = 0; i < kv_option_list_count(options, option); i++) {
        if (strstr(kv_option_list_item(options, option, i), ",secret=") != NULL) {
            return true;
        }
    }
    return false;
}

/* A file is judged; what was on the command line was seen already. */
static enum kv_code check_spoken(const struct kv_options *options, enum kv_option option,
                                 const char *name, const char *instead, struct kv_err *err)
{
    if (!holds_secret(options, option)) {
        return KV_OK;
    }
    if (kv_option_is_from_flag(options, option)) {
        kv_log(KV_LOG_WARNING, "secret_on_command_line", KV_LOG_TEXT_FIELD("option", name),
               KV_LOG_TEXT_FIELD("instead", instead));
    }
    if (kv_option_is_from_file(options, option)) {
        return check_one(options, "--config", kv_option_text(options, KV_OPTION_CONFIG), err);
    }
    return KV_OK;
}

/* --identity NAME,secret-file=FILE */
static enum kv_code check_secret_files(const struct kv_options *options, struct kv_err *err)
{
    static const char mark[] = ",secret-file=";
    char path[KV_PATH_MAX];

    for (size_t i = 0; i < kv_option_list_count(options, KV_OPTION_IDENTITIES); i++) {
        const char *found = strstr(kv_option_list_item(options, KV_OPTION_IDENTITIES, i), mark);
        if (found != NULL) {
            found += strlen(mark);
            (void) snprintf(path, sizeof(path), "%.*s", (int) strcspn(found, ","), found);
            KV_TRY(check_one(options, "--identity", path, err));
        }
    }
    return KV_OK;
}

enum kv_code secrets_check(const struct kv_options *options, struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(files); i++) {
        KV_TRY(check_one(options, files[i].name, kv_option_text(options, files[i].option), err));
    }
    KV_TRY(check_secret_files(options, err));
    KV_TRY(check_spoken(options, KV_OPTION_CONTROL_TOKEN, "--control-token",
                        "--control-token-file, or COFFER_CONTROL_TOKEN", err));
    return check_spoken(options, KV_OPTION_IDENTITIES, "--identity",
                        "secret-file=FILE, or COFFER_IDENTITY", err);
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
