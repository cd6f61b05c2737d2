/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include "kv/base/json.h"

/* Somebody wrote it by hand: where it is wrong, if it is no JSON. */
static enum kv_code parse(const struct kv_buf *text, cJSON **ret_seed, struct kv_err *err)
{
    size_t line, column;
    enum kv_code code =
        kv_seed_parse(text->data != NULL ? text->data : "", text->len, ret_seed, err);

    if (code == KV_BAD_PARAMETER && text->len > 0
        && kv_json_find_flaw(text->data, text->len, &line, &column)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "it is not JSON: see line %zu, column %zu", line,
                       column);
    }
    return code;
}

static enum kv_code read_file(const char *path, cJSON **ret_seed, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, KV_SEED_FILE_MAX);
    KV_TRY(kv_file_read(path, &text, err));
    return parse(&text, ret_seed, err);
}

static enum kv_code plant_file(struct kv_seeds *seeds, const char *path, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *seed = NULL;

    KV_TRY(read_file(path, &seed, err));
    return kv_seeds_apply(seeds, seed, err);
}

static enum kv_code plant(struct kv_seeds *seeds, const struct kv_options *options,
                          struct kv_err *err)
{
    const char *path = kv_option_text(options, KV_OPTION_SEED_FILE);
    struct kv_err why = { .code = KV_OK };

    if (*path == '\0' || plant_file(seeds, path, &why) == KV_OK) {
        return KV_OK;
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, why.cause, "--seed-file %.200s: %s", path, why.message);
}

enum kv_code state_open(struct state *state, struct kv_err *err)
{
    const struct snapshots *parts = &state->snapshots;
    const struct kv_seeds_config config = {
        .store = parts->store,
        .clock = parts->clock,
        .vaults = parts->vaults,
        .keys = parts->keys,
        .principals = parts->grants->principals,
        .access = parts->grants->access,
        .faults = state->faults,
    };

    KV_TRY(snapshots_open(&state->snapshots, err));
    KV_TRY(kv_seeds_new(&config, &state->seeds, err));
    return plant(state->seeds, state->options, err);
}

void state_lend(const struct state *state, struct kv_app *app)
{
    app->snapshots = state->snapshots.kept;
    app->seeds = state->seeds;
}

void state_close(struct state *state)
{
    kv_seeds_free(state->seeds);
    snapshots_close(&state->snapshots);
}
