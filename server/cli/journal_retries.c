/* SPDX-License-Identifier: Apache-2.0 */
/* coffer journal retries: how clients came back after failures, two lines for each time. */

#include <inttypes.h>
#include <string.h>

#include "journal.h"

/* "429 429 200" */
static void print_numbers(const char *before, const cJSON *list, const char *behind)
{
    const cJSON *item;

    if (cJSON_GetArraySize(list) == 0) {
        return;
    }
    (void) fputs(before, stdout);
    cJSON_ArrayForEach (item, list) {
        (void) printf(" %.0f", cJSON_IsNumber(item) ? item->valuedouble : 0);
    }
    (void) fputs(behind, stdout);
}

static void print_obedience(const cJSON *setback)
{
    int64_t demands = cli_number_of(setback, "demands");

    if (demands > 0) {
        (void) printf("; obeyed %lld of %lld Retry-After",
                      (long long) cli_number_of(setback, "obeyed"), (long long) demands);
    }
}

static void print_setback(const cJSON *setback)
{
    bool has_jitter = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(setback, "jitter"));

    cli_print_who(setback);
    print_numbers(":", cJSON_GetObjectItemCaseSensitive(setback, "statuses"), "\n");
    int64_t retries = cli_number_of(setback, "retries");

    (void) printf("  %s; %" PRId64 " %s", cli_text_of(setback, "end"), retries,
                  retries == 1 ? "retry" : "retries");
    print_numbers(" after", cJSON_GetObjectItemCaseSensitive(setback, "waits_ms"), " ms");
    (void) printf("; back-off %s%s", cli_text_of(setback, "backoff"),
                  has_jitter ? " with jitter" : "");
    print_obedience(setback);
    (void) putchar('\n');
}

enum kv_code kv_cli_journal_retries(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const cJSON *setback;

    KV_TRY(cli_get_requests(options, "/retries", &answer, err));
    cJSON_ArrayForEach (setback, cJSON_GetObjectItemCaseSensitive(answer, "setbacks")) {
        print_setback(setback);
    }
    return KV_OK;
}
