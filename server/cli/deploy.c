/* SPDX-License-Identifier: Apache-2.0 */
/* coffer deploy: deploys a template, and shows how far it is; or what it would change. */
#include "deploy.h"

#include <string.h>

#include "kv/base/files.h"

#define VERSION "?api-version=2022-09-01"
#define PATH_SIZE 512
#define POLL_FIRST_MS 50
#define POLL_MS 500

/* A deployment, from the file to its end. */
struct deploy {
    const struct kv_options *options;
    struct deploy_client client;
    struct kv_buf template, body;
    char name[DEPLOY_NAME_SIZE];
};

static void done(struct deploy *deploy)
{
    deploy_client_done(&deploy->client);
    kv_buf_done(&deploy->template);
    kv_buf_done(&deploy->body);
}
KV_DEFINE_CLEANUP_VALUE(struct deploy, done)

static void print_error(const struct deploy *deploy, const cJSON *error)
{
    const struct deploy_source source = {
        kv_option_text(deploy->options, KV_OPTION_DEPLOY_TEMPLATE), &deploy->template,
        deploy->client.root, strlen(DEPLOY_BEFORE_TEMPLATE)
    };

    deploy_print_error(error, &source);
}

static enum kv_code ask(const struct deploy *deploy, const char *verb, const char *behind,
                        const struct kv_buf *body, long *ret_status, cJSON **ret_json,
                        struct kv_err *err)
{
    char path[PATH_SIZE];

    (void) snprintf(path, sizeof(path), "/providers/Microsoft.Resources/deployments/%s%s" VERSION,
                    deploy->name, behind);
    return deploy_client_ask(&deploy->client, verb, path, body, ret_status, ret_json, err);
}

/* What the server says; and what to do about a group that is not there. */
static enum kv_code refuse(const struct deploy *deploy, const cJSON *answer, struct kv_err *err)
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(answer, "error");
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "code"));

    print_error(deploy, error);
    if (code != NULL && strcmp(code, "ResourceGroupNotFound") == 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0,
                       "there is no resource group %.90s: make it with az group create --location "
                       "eastus --name %.90s, or leave --group out",
                       kv_option_text(deploy->options, KV_OPTION_DEPLOY_GROUP),
                       kv_option_text(deploy->options, KV_OPTION_DEPLOY_GROUP));
    }
    return KV_FAIL(err, KV_INTERNAL, 0, "the deployment %s was refused", deploy->name);
}

/* ---- What it would do -------------------------------------------------------------------------------- */

static enum kv_code show_changes(const struct deploy *deploy, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    long status = 0;

    KV_TRY(ask(deploy, "POST", "/whatIf", &deploy->body, &status, &answer, err));
    if (status != 200) {
        return refuse(deploy, answer, err);
    }
    deploy_print_changes(deploy->options, answer);
    return KV_OK;
}

/* ---- Doing it ----------------------------------------------------------------------------------------- */

static bool is_over(const char *state)
{
    return strcmp(state, "Succeeded") == 0 || strcmp(state, "Failed") == 0
           || strcmp(state, "Canceled") == 0;
}

/* The deployment first: what its operations say then is at least as new. */
static enum kv_code look(const struct deploy *deploy, cJSON *seen, cJSON **ret_properties,
                         const char **ret_state, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(cJSON_Delete) cJSON *operations = NULL;
    long status = 0;

    KV_TRY(ask(deploy, "GET", "", NULL, &status, &answer, err));
    if (status != 200) {
        return refuse(deploy, answer, err);
    }
    KV_TRY(ask(deploy, "GET", "/operations", NULL, &status, &operations, err));
    deploy_print_progress(operations, seen);
    cJSON_Delete(*ret_properties);
    *ret_properties = cJSON_DetachItemFromObjectCaseSensitive(answer, "properties");
    return kv_cli_read_text(*ret_properties, "provisioningState", ret_state, err);
}

static enum kv_code finish(const struct deploy *deploy, const cJSON *properties, const char *state,
                           struct kv_err *err)
{
    if (strcmp(state, "Succeeded") == 0) {
        deploy_print_outputs(properties);
        return KV_OK;
    }
    print_error(deploy, cJSON_GetObjectItemCaseSensitive(properties, "error"));
    return KV_FAIL(err, KV_INTERNAL, 0, "the deployment %s %s", deploy->name,
                   strcmp(state, "Canceled") == 0 ? "was canceled" : "has failed");
}

static enum kv_code watch(const struct deploy *deploy, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *seen = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *properties = NULL;
    const char *state = "";
    long pause = POLL_FIRST_MS;

    if (seen == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(look(deploy, seen, &properties, &state, err));
    while (!is_over(state)) {
        deploy_client_rest(pause);
        pause = pause * 2 < POLL_MS ? pause * 2 : POLL_MS;
        KV_TRY(look(deploy, seen, &properties, &state, err));
    }
    return finish(deploy, properties, state, err);
}

static enum kv_code carry_out(const struct deploy *deploy, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    long status = 0;

    KV_TRY(ask(deploy, "PUT", "", &deploy->body, &status, &answer, err));
    return status == 200 || status == 201 ? watch(deploy, err) : refuse(deploy, answer, err);
}

static enum kv_code take_name(const struct kv_options *options, struct deploy *deploy,
                              struct kv_err *err)
{
    const char *name = kv_option_text(options, KV_OPTION_DEPLOY_NAME);
    const char *path = kv_option_text(options, KV_OPTION_DEPLOY_TEMPLATE);

    if (*path == '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "give the file of the template");
    }
    deploy_name(*name != '\0' ? name : path, deploy->name);
    if (*name != '\0' && strcmp(name, deploy->name) != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--name %.80s: a deployment's name has at most %d letters, digits, -, _, "
                       "(, ) and no ending",
                       name, DEPLOY_NAME_SIZE - 1);
    }
    return KV_OK;
}

enum kv_code kv_cli_deploy(const struct kv_options *options, struct kv_err *err)
{
    const char *path = kv_option_text(options, KV_OPTION_DEPLOY_TEMPLATE);
    kv_auto(done) struct deploy deploy = { .options = options };

    kv_buf_init(&deploy.template, DEPLOY_TEMPLATE_MAX);
    kv_buf_init(&deploy.body, 2 * DEPLOY_TEMPLATE_MAX);
    KV_TRY(take_name(options, &deploy, err));
    KV_TRY(kv_file_read(path, &deploy.template, err));
    KV_TRY(deploy_body(options, &deploy.template, &deploy.body, err));
    KV_TRY(deploy_client_open(options, kv_option_text(options, KV_OPTION_DEPLOY_GROUP),
                              &deploy.client, err));
    return kv_option_flag(options, KV_OPTION_DEPLOY_WHAT_IF) ? show_changes(&deploy, err)
                                                             : carry_out(&deploy, err);
}
