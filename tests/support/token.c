/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <dlfcn.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nss.h"

static void require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "test token: %s\n", what);
        abort();
    }
}

static void require_ok(CK_RV rv, const char *what)
{
    if (rv != CKR_OK) {
        fprintf(stderr, "test token: %s: %s\n", what, hsm_rv_name(rv));
        abort();
    }
}

static void join_path(const struct test_token *token, const char *name, char ret_path[PATH_MAX])
{
    int len = snprintf(ret_path, PATH_MAX, "%s/%s", token->folder, name);

    require(len > 0 && len < PATH_MAX, "path too long");
}

static void write_configuration(const char *path, const char *tokens)
{
    FILE *file = fopen(path, "we");

    require(file != NULL, "cannot write the configuration");
    fprintf(file, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens);
    require(fclose(file) == 0, "cannot write the configuration");
}

static void make_token_folder(const struct test_token *token)
{
    char tokens[PATH_MAX];

    join_path(token, "tokens", tokens);
    require(mkdir(tokens, 0700) == 0, "cannot make the token folder");
}

static void make_folder(struct test_token *token)
{
    snprintf(token->folder, sizeof(token->folder), "/tmp/coffer-token-XXXXXX");
    require(mkdtemp(token->folder) != NULL, "cannot make a temporary folder");
    make_token_folder(token);
}

static void prepare_softhsm(struct test_token *token)
{
    char configuration[PATH_MAX], tokens[PATH_MAX];

    join_path(token, "softhsm2.conf", configuration);
    join_path(token, "tokens", tokens);
    write_configuration(configuration, tokens);
    require(setenv("SOFTHSM2_CONF", configuration, 1) == 0, "cannot set SOFTHSM2_CONF");
    require_ok(hsm_init_token(&token->config, TEST_TOKEN_SO_PIN, strlen(TEST_TOKEN_SO_PIN)),
               "hsm_init_token");
}

static void prepare_nss(struct test_token *token)
{
    char tokens[PATH_MAX];

    join_path(token, "tokens", tokens);
    require(nss_make_token(tokens, TEST_TOKEN_PIN), "cannot make a token of NSS");
    nss_init_args(tokens, TEST_TOKEN_LABEL, token->init_args, sizeof(token->init_args));
    token->config.init_args = token->init_args;
}

static void load_module(struct test_token *token)
{
    token->library = dlopen(token->config.module, RTLD_NOW | RTLD_LOCAL);
    require(token->library != NULL, "cannot load the module");
    CK_C_GetFunctionList get_list =
        (CK_C_GetFunctionList) dlsym(token->library, "C_GetFunctionList");
    require(get_list != NULL, "no C_GetFunctionList");
    require_ok(get_list(&token->functions), "C_GetFunctionList");
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void) status;
    (void) type;
    (void) walk;
    return remove(path);
}

static void move_folder(const struct test_token *token, const char *from, const char *to)
{
    char old_path[PATH_MAX], new_path[PATH_MAX];

    join_path(token, from, old_path);
    join_path(token, to, new_path);
    require(rename(old_path, new_path) == 0, "cannot move the token folder");
}

static size_t find_objects(const struct test_token *token, CK_SESSION_HANDLE session,
                           CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *ret_first)
{
    CK_OBJECT_HANDLE objects[64];
    CK_ULONG found = 0;

    require_ok(token->functions->C_FindObjectsInit(session, template, count), "C_FindObjectsInit");
    require_ok(token->functions->C_FindObjects(session, objects, KV_COUNT(objects), &found),
               "C_FindObjects");
    require_ok(token->functions->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    require(found < KV_COUNT(objects), "more objects than a test should have");
    *ret_first = found > 0 ? objects[0] : CK_INVALID_HANDLE;
    return found;
}

/* SoftHSM lets a fork work on with its parent's state; this gives the child one of its own. */
static CK_RV work_in_child(const struct test_token *token, test_work_fn *work)
{
    CK_C_INITIALIZE_ARGS arguments = {
        .flags = CKF_OS_LOCKING_OK,
        .pReserved = (void *) token->config.init_args,
    };

    token->functions->C_Finalize(NULL);
    require_ok(token->functions->C_Initialize(&arguments), "C_Initialize in the child");
    return work(token, test_token_slot(token));
}

void test_token_prepare(struct test_token *token, hsm_gate_fn *gate, void *gate_context)
{
    *token = (struct test_token) {
        .config = {
            .module = test_token_is_softhsm() ? SOFTHSM_MODULE : NSS_MODULE,
            .token_label = TEST_TOKEN_LABEL,
            .pin = TEST_TOKEN_PIN,
            .pin_len = strlen(TEST_TOKEN_PIN),
            .sessions = 4,
            .extractable = true,
            .gate = gate,
            .gate_context = gate_context,
        },
    };
    make_folder(token);
    if (test_token_is_softhsm()) {
        prepare_softhsm(token);
    } else {
        prepare_nss(token);
    }
    load_module(token);
}

void test_token_open(struct test_token *token)
{
    require_ok(hsm_open(&token->config, &token->hsm), "hsm_open");
}

void test_token_create(struct test_token *token, hsm_gate_fn *gate, void *gate_context)
{
    test_token_prepare(token, gate, gate_context);
    test_token_open(token);
}

void test_token_destroy(struct test_token *token)
{
    hsm_close(kv_take(token->hsm));
    dlclose(kv_take(token->library));
    nftw(token->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool test_token_is_softhsm(void)
{
    return !nss_is_chosen();
}

void test_token_hide(const struct test_token *token)
{
    move_folder(token, "tokens", "hidden");
    make_token_folder(token);
}

void test_token_show(const struct test_token *token)
{
    move_folder(token, "hidden", "tokens"); /* over the empty one */
}

CK_SLOT_ID test_token_slot(const struct test_token *token)
{
    CK_SLOT_ID slots[16];
    CK_ULONG count = KV_COUNT(slots);

    require_ok(token->functions->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;

        require_ok(token->functions->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
        if (strncmp((const char *) info.label, TEST_TOKEN_LABEL, strlen(TEST_TOKEN_LABEL)) == 0) {
            return slots[i];
        }
    }
    require(false, "no slot has the token");
    return 0;
}

CK_SESSION_HANDLE test_token_session(const struct test_token *token)
{
    CK_SESSION_HANDLE session;

    require_ok(token->functions->C_OpenSession(test_token_slot(token),
                                               CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                                               &session),
               "C_OpenSession");
    return session;
}

CK_OBJECT_HANDLE test_token_find(const struct test_token *token, CK_SESSION_HANDLE session,
                                 CK_OBJECT_CLASS class, const unsigned char id[HSM_ID_LENGTH])
{
    CK_OBJECT_HANDLE object;
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof(class) },
        { CKA_ID, (void *) id, HSM_ID_LENGTH },
    };

    require(find_objects(token, session, template, KV_COUNT(template), &object) <= 1,
            "two objects have one CKA_ID");
    return object;
}

size_t test_token_count(const struct test_token *token, CK_SESSION_HANDLE session,
                        CK_OBJECT_CLASS class)
{
    CK_BBOOL yes = CK_TRUE; /* copies that are nobody's but the session's do not count */
    CK_OBJECT_HANDLE first;
    CK_ATTRIBUTE template[] = {
        { CKA_CLASS, &class, sizeof(class) },
        { CKA_TOKEN, &yes, sizeof(yes) },
    };

    return find_objects(token, session, template, KV_COUNT(template), &first);
}

void test_token_elsewhere(const struct test_token *token, test_work_fn *work)
{
    int status = 0;
    pid_t child = fork();

    require(child >= 0, "cannot fork");
    if (child == 0) {
        _exit(work_in_child(token, work) == CKR_OK ? 0 : 1);
    }
    require(waitpid(child, &status, 0) == child && status == 0, "the other process failed");
}
