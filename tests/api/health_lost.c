/* SPDX-License-Identifier: Apache-2.0 */
/* What fronts answer while the key is lost: the data is not there, whoever asks and however. */
#include <stdio.h>
#include <string.h>

#include "../support/dicom.h"
#include "health_tools.h"
#include "kv/base/files.h"

TestSuite(health_lost, .timeout = 120);

#define PATIENT "{\"resourceType\":\"Patient\",\"id\":\"p\",\"name\":[{\"family\":\"Lovelace\"}]}"
#define LOST "Error occurred during an operation that is dependent on the customer-managed key."

static struct reply ask(const struct daemon *daemon, const char *service, const char *method,
                        const char *target, const char *body)
{
    API_CLIENT_OF(daemon, dev);

    return health_ask(&dev, &(const struct front_ask){ .service = service,
                                                       .profile = "fhir",
                                                       .method = method,
                                                       .target = target,
                                                       .type = body != NULL ? FHIR_JSON : NULL,
                                                       .body = body });
}

static void write_patient(const struct daemon *daemon, const char *service)
{
    API_REPLY(reply, ask(daemon, service, "PUT", "/Patient/p", PATIENT));
    cr_assert_eq(reply.status, 201, "%s", reply.body);
}

static void expect_patient(const struct daemon *daemon, const char *service)
{
    API_REPLY(reply, ask(daemon, service, "GET", "/Patient/p", NULL));
    cr_expect_eq(reply.status, 200, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "name.0.family"), "Lovelace", "%s", reply.body);
}

static void enable_key(const struct daemon *daemon, const char *key, bool is_enabled)
{
    char target[128];
    API_CLIENT_OF(daemon, dev);

    (void) snprintf(target, sizeof(target), "/control/v1/vaults/dev/keys/%s", key);
    API_REPLY(reply,
              client_send(&dev, &(const struct request){ .method = "PATCH",
                                                         .target = target,
                                                         .body = is_enabled ? "{\"enabled\":true}"
                                                                            : "{\"enabled\":false}",
                                                         .control = true }));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

Test(health_lost, answers_with_the_status_that_the_service_is_set_to)
{
    static const struct {
        const char *service, *more;
        long status;
    } rows[] = {
        { "l-500", "", 500 },
        { "l-403", ",\"status\":\"403\"", 403 },
    };
    struct daemon own;

    api_begin(&own, (const char *const[]){ "--vault", "dev", NULL });
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        health_make(&own, rows[i].service, "fhir", rows[i].service, rows[i].more);
        write_patient(&own, rows[i].service);
        enable_key(&own, rows[i].service, false);
    }
    api_advance(&own, 61);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(read, ask(&own, rows[i].service, "GET", "/Patient/p", NULL));
        health_expect_outcome(&read, rows[i].status, "invalid", LOST);
        API_REPLY(write, ask(&own, rows[i].service, "POST", "/Patient", PATIENT));
        health_expect_outcome(&write, rows[i].status, "invalid", LOST);
        API_REPLY(search, ask(&own, rows[i].service, "GET", "/Patient", NULL));
        health_expect_outcome(&search, rows[i].status, "invalid", LOST);
        API_REPLY(metadata, ask(&own, rows[i].service, "GET", "/metadata", NULL));
        cr_expect_eq(metadata.status, 200, "it is no data");
        API_REPLY(health, ask(&own, rows[i].service, "GET", "/health/check", NULL));
        cr_expect_eq(health.status, 200, "Degraded is a 200");
        cr_expect_str_eq(reply_text(&health, "OverallStatus"), "Degraded");
        cr_expect_str_eq(reply_text(&health, "Details.0.Description"),
                         "The health of the store has degraded.");
    }
    api_end(&own);
}

Test(health_lost, dicom_fails_with_its_dependency)
{
    static struct dicom_file file;
    struct daemon own;

    dicom_make(&file, DICOM_EXPLICIT, "1.2", "1.2.3", "1.2.3.4");
    api_begin(&own, (const char *const[]){ "--vault", "dev", NULL });
    health_make(&own, "l-dicom", "dicom", "l-dicom", ",\"status\":\"424\"");
    enable_key(&own, "l-dicom", false);
    api_advance(&own, 61);
    {
        API_CLIENT_OF(&own, dev);
        API_REPLY(reply,
                  health_ask(&dev, &(const struct front_ask){ .service = "l-dicom",
                                                              .profile = "dicom",
                                                              .method = "POST",
                                                              .target = "/v1/studies",
                                                              .type = "application/dicom",
                                                              .body = (const char *) file.bytes,
                                                              .len = file.len }));
        cr_expect_eq(reply.status, 424, "%s", reply.body);
        cr_expect_not_null(strstr(reply.body, LOST));
    }
    api_end(&own);
}

Test(health_lost, comes_back_when_the_key_does)
{
    struct daemon own;

    api_begin(&own, (const char *const[]){ "--vault", "dev", NULL });
    health_make(&own, "l-back", "fhir", "l-back", "");
    write_patient(&own, "l-back");
    enable_key(&own, "l-back", false);
    api_advance(&own, 61);
    enable_key(&own, "l-back", true);
    api_advance(&own, 61);
    {
        API_REPLY(reply, ask(&own, "l-back", "GET", "/Patient/p", NULL));
        cr_expect_eq(reply.status, 500, "it heals for five minutes at least");
    }
    api_advance(&own, 660);
    expect_patient(&own, "l-back");
    api_end(&own);
}

/* What the disk has is of no use to whoever has it; and the service, started again, has its key unwrapped
 * by the vault and its data back. */
Test(health_lost, data_on_the_disk_is_sealed_and_outlives_a_restart)
{
    static const char *const arguments[] = { "--vault", "dev", NULL };
    static const char *const files[] = { "coffer.db", "coffer.db-wal" };
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    health_make(&own, "l-disk", "fhir", "l-disk", "");
    write_patient(&own, "l-disk");
    cr_assert(daemon_stop(&own));
    for (size_t i = 0; i < KV_COUNT(files); i++) {
        kv_auto(kv_buf_done) struct kv_buf file;
        char path[KV_PATH_MAX];

        kv_buf_init(&file, 64 << 20);
        (void) snprintf(path, sizeof(path), "%s/%s", own.folder, files[i]);
        if (kv_file_exists(path)) {
            cr_assert_eq(kv_file_read(path, &file, NULL), KV_OK);
            cr_expect_null(memmem(file.data, file.len, "Lovelace", 8), "%s", path);
        }
    }
    /* The ports are others now: what the key's URL says of them is the deployment's business. */
    char port[16];
    (void) snprintf(port, sizeof(port), "%u", own.port);
    cr_assert(daemon_start(&own, (const char *const[]){ "--vault", "dev", "--port", port, NULL }));
    health_await(&own, "l-disk", "encrypted");
    expect_patient(&own, "l-disk");
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

/* Its key for data went with it: what it had is gone for good, also for one of the same name. */
Test(health_lost, a_service_that_is_made_anew_has_nothing)
{
    API_CLIENT(dev);

    health_make(api_daemon(), "l-anew", "fhir", "l-anew", "");
    write_patient(api_daemon(), "l-anew");
    API_REPLY(gone,
              client_send(&dev, &(const struct request){ .method = "DELETE",
                                                         .target = "/control/v1/consumers/l-anew",
                                                         .control = true }));
    cr_assert_eq(gone.status, 204, "%s", gone.body);
    health_make(api_daemon(), "l-anew", "fhir", "l-anew-2", "");
    API_REPLY(reply, ask(api_daemon(), "l-anew", "GET", "/Patient/p", NULL));
    cr_expect_eq(reply.status, 404, "%s", reply.body);
}
