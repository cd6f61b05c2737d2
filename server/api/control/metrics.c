/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus text format 0.0.4. */
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "kv/base/files.h"
#include "kv/http/lanes.h"
#include "kv/keys/rotation.h"
#include "private.h"

/* Resident pages, the second number of /proc/self/statm; 0 where there is no such file. */
static unsigned long count_resident_pages(void)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    char *second;

    kv_buf_init(&text, 256);
    if (kv_file_read("/proc/self/statm", &text, NULL) != KV_OK || text.len == 0) {
        return 0;
    }
    (void) strtoul(text.data, &second, 10); /* the first: all pages */
    return strtoul(second, NULL, 10);
}

static enum kv_code print_process(struct kv_buf *buf, struct kv_err *err)
{
    unsigned long page_size = (unsigned long) sysconf(_SC_PAGESIZE);

    return kv_buf_printf(buf, err,
                         "# HELP coffer_build_info What runs; always 1.\n"
                         "# TYPE coffer_build_info gauge\n"
                         "coffer_build_info{version=\"%s\"} 1\n"
                         "# HELP process_resident_memory_bytes Resident memory.\n"
                         "# TYPE process_resident_memory_bytes gauge\n"
                         "process_resident_memory_bytes %lu\n",
                         PACKAGE_VERSION, count_resident_pages() * page_size);
}

static enum kv_code print_keys(struct kv_keys *keys, struct kv_buf *buf, struct kv_err *err)
{
    struct kv_keys_census census;

    KV_TRY(kv_keys_count(keys, &census, err));
    return kv_buf_printf(buf, err,
                         "# HELP coffer_keys Keys of all vaults, by state.\n"
                         "# TYPE coffer_keys gauge\n"
                         "coffer_keys{state=\"active\"} %zu\n"
                         "coffer_keys{state=\"deleted\"} %zu\n"
                         "# HELP coffer_key_versions Versions of all keys.\n"
                         "# TYPE coffer_key_versions gauge\n"
                         "coffer_key_versions %zu\n"
                         "# HELP coffer_doomed_objects Token objects waiting to be destroyed.\n"
                         "# TYPE coffer_doomed_objects gauge\n"
                         "coffer_doomed_objects %zu\n",
                         census.keys, census.deleted_keys, census.versions, census.limbo);
}

/* A family of samples, one for each kind of key pair. */
struct pool_family {
    const char *head;
    const char *name;
    unsigned long (*read)(const struct kv_pool_level *level);
};

static unsigned long read_ready(const struct kv_pool_level *level)
{
    return level->ready;
}

static unsigned long read_taken(const struct kv_pool_level *level)
{
    return level->taken;
}

static unsigned long read_missed(const struct kv_pool_level *level)
{
    return level->asked - level->taken;
}

static const struct pool_family pool_families[] = {
    { "# HELP coffer_pool_ready Key pairs that were generated ahead and nobody has taken.\n"
      "# TYPE coffer_pool_ready gauge\n",
      "coffer_pool_ready", read_ready },
    { "# HELP coffer_pool_taken_total Keys that were asked for and taken from there.\n"
      "# TYPE coffer_pool_taken_total counter\n",
      "coffer_pool_taken_total", read_taken },
    { "# HELP coffer_pool_missed_total Keys of these kinds that were generated on request.\n"
      "# TYPE coffer_pool_missed_total counter\n",
      "coffer_pool_missed_total", read_missed },
};

static enum kv_code print_pool_family(const struct pool_family *family, struct kv_keys *keys,
                                      struct kv_buf *buf, struct kv_err *err)
{
    KV_TRY(kv_buf_printf(buf, err, "%s", family->head));
    for (enum kv_pool_kind kind = 0; kind < KV_POOL_KINDS; kind++) {
        struct kv_pool_level level;

        kv_pool_look(keys, kind, &level);
        KV_TRY(kv_buf_printf(buf, err, "%s{kind=\"%s\"} %lu\n", family->name,
                             kv_pool_kind_name(kind), family->read(&level)));
    }
    return KV_OK;
}

static enum kv_code print_pool(struct kv_keys *keys, struct kv_buf *buf, struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(pool_families); i++) {
        KV_TRY(print_pool_family(&pool_families[i], keys, buf, err));
    }
    return KV_OK;
}

static enum kv_code print_vaults(struct kv_vaults *vaults, struct kv_buf *buf, struct kv_err *err)
{
    return kv_buf_printf(buf, err,
                         "# HELP coffer_vaults Vaults and managed HSMs that are not deleted.\n"
                         "# TYPE coffer_vaults gauge\n"
                         "coffer_vaults %zu\n",
                         kv_vaults_count(vaults));
}

static enum kv_code print_rotations(const struct kv_keys *keys, struct kv_buf *buf,
                                    struct kv_err *err)
{
    struct kv_rotation_counts counts = kv_rotation_count(keys);

    return kv_buf_printf(buf, err,
                         "# HELP coffer_rotations_total Rotations, by what asked for them.\n"
                         "# TYPE coffer_rotations_total counter\n"
                         "coffer_rotations_total{trigger=\"request\"} %lu\n"
                         "coffer_rotations_total{trigger=\"policy\"} %lu\n"
                         "# HELP coffer_rotations_failed_total Rotations by policy that failed.\n"
                         "# TYPE coffer_rotations_failed_total counter\n"
                         "coffer_rotations_failed_total %lu\n",
                         counts.requested, counts.automatic, counts.failed);
}

static enum kv_code print_lanes(const struct kv_lanes *lanes, struct kv_buf *buf,
                                struct kv_err *err)
{
    return kv_buf_printf(
        buf, err,
        "# HELP coffer_jobs_waiting Requests waiting for a worker, by lane.\n"
        "# TYPE coffer_jobs_waiting gauge\n"
        "coffer_jobs_waiting{lane=\"work\"} %zu\n"
        "coffer_jobs_waiting{lane=\"generate\"} %zu\n"
        "# HELP coffer_jobs_running Requests that a worker is at, by lane.\n"
        "# TYPE coffer_jobs_running gauge\n"
        "coffer_jobs_running{lane=\"work\"} %zu\n"
        "coffer_jobs_running{lane=\"generate\"} %zu\n",
        kv_lanes_waiting(lanes, KV_LANE_WORK), kv_lanes_waiting(lanes, KV_LANE_GENERATE),
        kv_lanes_running(lanes, KV_LANE_WORK), kv_lanes_running(lanes, KV_LANE_GENERATE));
}

enum kv_code control_metrics(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    const struct kv_app *app = request->app;

    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    KV_TRY(print_process(&response->body, err));
    KV_TRY(print_vaults(app->vaults, &response->body, err));
    KV_TRY(print_keys(app->keys, &response->body, err));
    KV_TRY(print_pool(app->keys, &response->body, err));
    KV_TRY(print_rotations(app->keys, &response->body, err));
    KV_TRY(print_lanes(app->lanes, &response->body, err));
    if (app->print_audit_metrics != NULL) {
        KV_TRY(app->print_audit_metrics(app->audit_context, &response->body, err));
    }
    return app->print_token_metrics(app->token_context, &response->body, err);
}
