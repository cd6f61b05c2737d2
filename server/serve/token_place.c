/* SPDX-License-Identifier: Apache-2.0 */
#include "token_place.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hsm_pause.h"
#include "kv/base/files.h"
#include "kv/base/log.h"

#define PATIENCE_MS 10000 /* until nobody is at the token */

/* The folders of a token: in its place, aside, and what is on its way out. */
struct folders {
    char place[KV_PATH_MAX], aside[KV_PATH_MAX], discarded[KV_PATH_MAX];
};

static enum kv_code find_folders(const char *folder, struct folders *ret_folders,
                                 struct kv_err *err)
{
    KV_TRY(kv_path_join(ret_folders->place, folder, "tokens", err));
    KV_TRY(kv_path_join(ret_folders->aside, folder, "tokens.aside", err));
    return kv_path_join(ret_folders->discarded, folder, "tokens.discarded", err);
}

static bool is_there(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

static enum kv_code rename_to(const char *from, const char *to, struct kv_err *err)
{
    if (rename(from, to) != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "%s cannot be moved to %s", from,
                       to);
    }
    return KV_OK;
}

static enum kv_code remove_discarded(const struct folders *folders, struct kv_err *err)
{
    return is_there(folders->discarded) ? kv_folder_remove(folders->discarded, err) : KV_OK;
}

/* Never the token that holds the keys: that one is aside. */
static enum kv_code clear_place(const struct folders *folders, struct kv_err *err)
{
    KV_TRY(remove_discarded(folders, err));
    if (is_there(folders->place)) {
        KV_TRY(rename_to(folders->place, folders->discarded, err));
    }
    return KV_OK;
}

static enum kv_code put_aside(const struct folders *folders, struct kv_err *err)
{
    if (is_there(folders->aside)) {
        KV_TRY(clear_place(folders, err));
        return remove_discarded(folders, err);
    }
    return rename_to(folders->place, folders->aside, err);
}

static enum kv_code put_back(const struct folders *folders, struct kv_err *err)
{
    if (!is_there(folders->aside)) {
        return KV_OK;
    }
    KV_TRY(clear_place(folders, err));
    KV_TRY(rename_to(folders->aside, folders->place, err));
    return remove_discarded(folders, err);
}

enum kv_code token_place_restore(const char *folder, struct kv_err *err)
{
    struct folders folders;

    KV_TRY(find_folders(folder, &folders, err));
    if (is_there(folders.aside)) {
        KV_TRY(put_back(&folders, err));
        kv_log(KV_LOG_WARNING, "token_put_back", KV_LOG_TEXT_FIELD("folder", folders.place));
    }
    return remove_discarded(&folders, err);
}

/* What is done while the module is finalised. */
struct errand {
    struct token *token;
    const struct folders *folders;
    struct kv_err *err;
    enum kv_code code;
};

static enum kv_code put_blank(struct errand *errand)
{
    KV_TRY(put_aside(errand->folders, errand->err));
    KV_TRY(kv_folder_make(errand->folders->place, 0700, errand->err));
    return errand->token->make_blank(errand->token, errand->err);
}

static void exchange(void *errand_)
{
    struct errand *errand = errand_;

    errand->code = put_blank(errand);
}

/* Of the same label, with the same PINs: only what was on it is not there. */
static enum kv_code replace(struct token *token, const struct folders *folders, struct kv_err *err)
{
    struct errand errand = { .token = token, .folders = folders, .err = err };

    if (hsm_pause(token->hsm, PATIENCE_MS) != CKR_OK) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0, "The token is in use for too long.");
    }
    KV_IGNORE(hsm_reopen(token->hsm, exchange, &errand)); /* not ours any more: that is the point */
    hsm_resume(token->hsm);
    return errand.code;
}

enum kv_code token_place_move(void *token_, enum kv_hsm_place place, struct kv_err *err)
{
    struct token *token = token_;
    struct folders folders;

    KV_TRY(find_folders(token->folder, &folders, err));
    switch (place) {
    case KV_HSM_IN_PLACE:
        return put_back(&folders, err);
    case KV_HSM_REMOVED:
        return put_aside(&folders, err);
    case KV_HSM_REINITIALISED:
        break;
    }
    return replace(token, &folders, err);
}
