/* SPDX-License-Identifier: Apache-2.0 */
/* coffer consumer ...: the services that use keys. The server says what makes no sense. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "journal.h"
#include "server.h"

#define CONSUMERS_PATH "/control/v1/consumers"
#define PATH_MAX_BYTES 1024
#define DEPLOY_PATIENCE_MS 40000L
#define GRACE_MS 15000 /* beyond the time that the server is to wait */

static const struct {
    enum kv_option option;
    const char *name;
} members[] = {
    { KV_OPTION_CONSUMER_PROFILE, "profile" },
    { KV_OPTION_CONSUMER_KEY, "key" },
    { KV_OPTION_CONSUMER_IDENTITY, "identity" },
    { KV_OPTION_CONSUMER_LOGIN, "login" },
    { KV_OPTION_CONSUMER_CA, "ca" },
    { KV_OPTION_CONSUMER_RULES, "rules" },
    { KV_OPTION_CONSUMER_FAILURE, "status" },
    { KV_OPTION_CONSUMER_HEALS, "heals" },
    { KV_OPTION_CONSUMER_FOLLOW, "follow" },
};

static enum kv_code write_path(const char *name, const char *behind, struct kv_buf *path,
                               struct kv_err *err)
{
    KV_TRY(kv_buf_printf(path, err, CONSUMERS_PATH "/"));
    KV_TRY(kv_cli_append_escaped(path, name, err));
    return kv_buf_printf(path, err, "%s", behind);
}

static const char *name_of(const struct kv_options *options)
{
    return kv_option_text(options, KV_OPTION_CONSUMER_NAME);
}

static enum kv_code get(const struct kv_options *options, const char *name, const char *behind,
                        long patience, cJSON **ret_answer, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_cli_find_server(options, &server, err));
    server.patience = patience;
    KV_TRY(write_path(name, behind, &path, err));
    return kv_cli_get_json(&server, path.data, ret_answer, err);
}

/* --- looking --- */

static void print_word(const char *before, const char *text)
{
    if (*text != '\0') {
        (void) fputs(before, stdout);
        kv_cli_print_text(text);
    }
}

/* "ws-fhir  fhir  access-lost since 2026-11-30T02:03:26.669Z  CustomerManagedKeyAccessLost" */
static void print_line(const cJSON *consumer)
{
    kv_cli_print_text(cli_text_of(consumer, "name"));
    print_word("  ", cli_text_of(consumer, "profile"));
    print_word("  ", cli_text_of(consumer, "state"));
    print_word(" since ", cli_text_of(consumer, "since"));
    print_word("  ", cli_text_of(consumer, "reason"));
    print_word("  ",
               *cli_text_of(consumer, "key") == '\0' ? "without a key: nothing can be lost" : "");
    (void) putchar('\n');
}

/* Only then there are new ones to look for. */
static bool has_key_without_version(const cJSON *consumer)
{
    static const char before[] = "/keys/";
    const char *name = strstr(cli_text_of(consumer, "key"), before);

    return name != NULL && strchr(name + strlen(before), '/') == NULL;
}

static void print_status(const cJSON *consumer)
{
    static const struct {
        const char *label, *name;
    } lines[] = {
        { "  key:    ", "key" },
        { "  as:     ", "identity" },
        { "  of:     ", "resource" },
        { "  cause:  ", "cause" },
        { "  to do:  ", "advice" },
        { "  heals:  ", "heals_at" },
        { "  DEK by: ", "dek_wrapped_by" },
        { "  looks:  ", "looks_at" },
        { "  follow: ", "follow" }, /* the last one */
    };
    const size_t count = KV_COUNT(lines) - !has_key_without_version(consumer);

    print_line(consumer);
    for (size_t i = 0; i < count; i++) {
        const char *text = cli_text_of(consumer, lines[i].name);

        if (*text != '\0') {
            print_word(lines[i].label, text);
            (void) putchar('\n');
        }
    }
    long long checks = (long long) cli_number_of(consumer, "checks");
    (void) printf("  answers %lld; %lld check%s, %lld missed\n",
                  (long long) cli_number_of(consumer, "status"), checks, checks == 1 ? "" : "s",
                  (long long) cli_number_of(consumer, "missed"));
}

/* A list of none is empty for those who read it, and says so to whoever looks. */
static enum kv_code each(const struct kv_options *options, void (*print)(const cJSON *consumer),
                         struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    const cJSON *consumers, *consumer;

    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, CONSUMERS_PATH, &answer, err));
    consumers = cJSON_GetObjectItemCaseSensitive(answer, "consumers");
    cJSON_ArrayForEach (consumer, consumers) {
        print(consumer);
    }
    if (cJSON_GetArraySize(consumers) == 0) {
        (void) fputs("no service uses a key: add one with "
                     "coffer consumer add NAME --profile fhir --key URL\n",
                     stderr);
    }
    return KV_OK;
}

enum kv_code kv_cli_consumer_list(const struct kv_options *options, struct kv_err *err)
{
    return each(options, print_line, err);
}

enum kv_code kv_cli_consumer_status(const struct kv_options *options, struct kv_err *err)
{
    const char *which = kv_option_text(options, KV_OPTION_CONSUMER_WHICH);
    const char *one = kv_option_text(options, KV_OPTION_CONSUMER_ONE);
    const char *name = *which != '\0' ? which : one;
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    if (*which != '\0' && *one != '\0' && strcmp(which, one) != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%.63s or --name %.63s: say which", which, one);
    }
    if (*name == '\0') {
        return each(options, print_status, err);
    }
    KV_TRY(get(options, name, "", 0, &answer, err));
    print_status(answer);
    return KV_OK;
}

/* --- deploying --- */

static enum kv_code deploy(const struct kv_options *options, const char *verb, const char *behind,
                           struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;
    bool ok = body != NULL;

    kv_buf_init(&path, PATH_MAX_BYTES);
    for (size_t i = 0; i < KV_COUNT(members); i++) {
        const char *value = kv_option_text(options, members[i].option);

        if (*value != '\0') {
            kv_json_add_text(body, members[i].name, value, &ok);
        }
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_cli_find_server(options, &server, err));
    server.patience = DEPLOY_PATIENCE_MS;
    KV_TRY(write_path(name_of(options), behind, &path, err));
    KV_TRY(kv_cli_send(&server, verb, path.data, body, &answer, err));
    print_line(answer);
    return KV_OK;
}

enum kv_code kv_cli_consumer_add(const struct kv_options *options, struct kv_err *err)
{
    return deploy(options, "PUT", "", err);
}

enum kv_code kv_cli_consumer_redeploy(const struct kv_options *options, struct kv_err *err)
{
    return deploy(options, "POST", "/redeploy", err);
}

enum kv_code kv_cli_consumer_remove(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(write_path(name_of(options), "", &path, err));
    return kv_cli_send(&server, "DELETE", path.data, NULL, &answer, err);
}

/* --- waiting --- */

enum kv_code kv_cli_consumer_wait(const struct kv_options *options, struct kv_err *err)
{
    kv_millis timeout = kv_option_duration(options, KV_OPTION_CONSUMER_TIMEOUT);
    const char *state = kv_option_text(options, KV_OPTION_CONSUMER_STATE);
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    char behind[96];

    (void) snprintf(behind, sizeof(behind), "/wait?state=%s&timeout=%lld", state,
                    (long long) (timeout + 999) / 1000);
    KV_TRY(get(options, name_of(options), behind, (long) timeout + GRACE_MS, &answer, err));
    print_line(answer);
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "met"))) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0, "it is not %s after %lld ms", state,
                       (long long) timeout);
    }
    return KV_OK;
}

/* --- the timeline --- */

/* Such a row would tell nothing: the state is the one before, and what was wrong is gone. */
static bool is_good_again(const cJSON *entry)
{
    return strcmp(cli_text_of(entry, "state"), "needs-redeploy") == 0
           && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(entry, "healthy"));
}

static void print_entries(const cJSON *timeline)
{
    const cJSON *entry;

    cJSON_ArrayForEach (entry, cJSON_GetObjectItemCaseSensitive(timeline, "entries")) {
        kv_cli_print_text(cli_text_of(entry, "at"));
        print_word("  ", cli_text_of(entry, "state"));
        print_word("  ", cli_text_of(entry, "reason"));
        print_word("  ", cli_text_of(entry, "cause"));
        print_word("  ", is_good_again(entry) ? "its checks are good again" : "");
        (void) putchar('\n');
    }
}

static enum kv_code save(const struct kv_buf *picture, const char *path, struct kv_err *err)
{
    FILE *out = fopen(path, "we");

    if (out == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, (unsigned long) errno, "cannot write %.512s: %s",
                       path, strerror(errno));
    }

    bool is_written = fwrite(picture->data, 1, picture->len, out) == picture->len;

    if (fclose(out) != 0 || !is_written) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "cannot write %.512s: %s", path,
                       strerror(errno));
    }
    return KV_OK;
}

/* The server draws it, once for all who show it. */
static enum kv_code draw(const struct kv_options *options, const char *path, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf target, picture;
    struct kv_cli_server server;

    kv_buf_init(&target, PATH_MAX_BYTES);
    kv_buf_init(&picture, KV_CLI_ANSWER_MAX);
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(write_path(name_of(options), "/timeline.svg", &target, err));
    KV_TRY(kv_cli_get(&server, target.data, &picture, err));
    return save(&picture, path, err);
}

enum kv_code kv_cli_consumer_timeline(const struct kv_options *options, struct kv_err *err)
{
    const char *path = kv_option_text(options, KV_OPTION_CONSUMER_SVG);
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    if (*path != '\0') {
        return draw(options, path, err);
    }
    KV_TRY(get(options, name_of(options), "/timeline", 0, &answer, err));
    print_entries(answer);
    return KV_OK;
}
