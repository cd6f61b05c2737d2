/* SPDX-License-Identifier: Apache-2.0 */
/* The front of a FHIR service: Patients and Observations, their versions, and what it refuses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "health_tools.h"

TestSuite(health_fhir, .timeout = 120);

#define PATIENT "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Lovelace\"}]}"
#define FHIR(service_, method_, target_, ...)                                                      \
    health_ask(&dev, &(const struct front_ask){ .service = (service_),                             \
                                                .profile = "fhir",                                 \
                                                .method = (method_),                               \
                                                .target = (target_),                               \
                                                __VA_ARGS__ })

static char large[300 * 1024]; /* blanks */

static const struct {
    const char *method, *target, *type, *body, *header;
    long status;
    const char *issue, *said;
} refusals[] = {
    { "GET", "/", NULL, NULL, NULL, 404, "not-found", "no such path" },
    { "GET", "/Patient/a/b", NULL, NULL, NULL, 404, "not-found", "no such path" },
    { "DELETE", "/Patient/a", NULL, NULL, NULL, 405, "not-supported", "only GET, PUT" },
    { "GET", "/Device/a", NULL, NULL, NULL, 404, "not-found", "'Device' is not kept" },
    { "GET", "/patient/a", NULL, NULL, NULL, 404, "not-found", "'patient' is not kept" },
    { "GET", "/Patient/none", NULL, NULL, NULL, 404, "not-found", "no Patient with the id" },
    { "GET", "/Patient/a_b", NULL, NULL, NULL, 400, "invalid", "An id has" },
    { "GET", "/Patient/a/_history/0", NULL, NULL, NULL, 404, "not-found", "no such version" },
    { "GET", "/Patient/a/_history/x", NULL, NULL, NULL, 404, "not-found", "no such version" },
    { "GET", "/Patient/a/_history/99999999999999999999", NULL, NULL, NULL, 404, "not-found",
      "no such version" },
    { "GET", "/Patient?family=x", NULL, NULL, NULL, 400, "invalid", "search is by _id" },
    { "GET", "/Patient?_count=0", NULL, NULL, NULL, 400, "invalid", "from 1 to 20" },
    { "GET", "/Patient?_count=21", NULL, NULL, NULL, 400, "invalid", "from 1 to 20" },
    { "GET", "/Patient?_id=a_b", NULL, NULL, NULL, 400, "invalid", "An id has" },
    { "GET", "/Patient?_id=a,,b", NULL, NULL, NULL, 400, "invalid", "An id has" },
    { "GET", "/Patient?_id=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21", NULL, NULL, NULL,
      400, "invalid", "20 ids at most" },
    { "POST", "/Patient", FHIR_JSON, "", NULL, 400, "invalid", "not the JSON" },
    { "POST", "/Patient", FHIR_JSON, "[]", NULL, 400, "invalid", "not the JSON" },
    { "POST", "/Patient", FHIR_JSON, "{", NULL, 400, "invalid", "not the JSON" },
    { "POST", "/Patient", FHIR_JSON, "{}", NULL, 400, "invalid", "has to be Patient" },
    { "POST", "/Patient", FHIR_JSON, "{\"resourceType\":7}", NULL, 400, "invalid",
      "has to be Patient" },
    { "POST", "/Observation", FHIR_JSON, PATIENT, NULL, 400, "invalid", "has to be Observation" },
    { "POST", "/Patient", FHIR_JSON, "{\"resourceType\":\"Patient\",\"meta\":[]}", NULL, 400,
      "invalid", "meta" },
    { "POST", "/Patient", FHIR_JSON, "{\"resourceType\":\"Patient\",\"id\":1}", NULL, 400,
      "invalid", "is a text" },
    { "POST", "/Patient", FHIR_JSON, "{\"resourceType\":\"Patient\",\"a\":1,\"a\":2}", NULL, 400,
      "invalid", "twice" },
    { "POST", "/Patient", "text/plain", PATIENT, NULL, 415, "not-supported", FHIR_JSON },
    { "POST", "/Patient", FHIR_JSON, large, NULL, 413, "too-long", "262144 bytes" },
    { "PUT", "/Patient/p", FHIR_JSON, PATIENT, NULL, 400, "invalid", "the one of the URL" },
    { "PUT", "/Patient/p", FHIR_JSON, "{\"resourceType\":\"Patient\",\"id\":\"q\"}", NULL, 400,
      "invalid", "the one of the URL" },
    { "PUT", "/Patient/p", FHIR_JSON, "{\"resourceType\":\"Patient\",\"id\":\"p\"}", "If-Match: 1",
      400, "invalid", "ETag" },
    { "PUT", "/Patient/p", FHIR_JSON, "{\"resourceType\":\"Patient\",\"id\":\"p\"}",
      "If-Match: W/\"7\"", 412, "conflict", "not the latest" },
};

Test(health_fhir, refuses_what_is_not_for_it)
{
    API_CLIENT(dev);

    health_make(api_daemon(), "f-refuse", "fhir", "f-refuse", "");
    memset(large, ' ', sizeof(large) - 1);
    for (size_t i = 0; i < KV_COUNT(refusals); i++) {
        API_REPLY(reply,
                  FHIR("f-refuse", refusals[i].method, refusals[i].target, .type = refusals[i].type,
                       .body = refusals[i].body, .header = refusals[i].header));
        if (reply.status != refusals[i].status) {
            (void) fprintf(stderr, "row %zu\n", i);
        }
        health_expect_outcome(&reply, refusals[i].status, refusals[i].issue, refusals[i].said);
    }
}

Test(health_fhir, wants_a_token_for_the_service)
{
    static const char *const audiences[] = { "", "https://vault.azure.net",
                                             "https://other.fhir.azurehealthcareapis.com" };
    static const char *const open[] = { "/metadata", "/health/check" };
    API_CLIENT(dev);

    health_make(api_daemon(), "f-token", "fhir", "f-token", "");
    for (size_t i = 0; i < KV_COUNT(audiences); i++) {
        API_REPLY(reply, FHIR("f-token", "GET", "/Patient", .audience = audiences[i]));
        health_expect_outcome(&reply, 401, "login", "Authentication failed");
        cr_expect_not_null(strstr(reply_header(&reply, "WWW-Authenticate"), "authorization_uri="));
    }
    for (size_t i = 0; i < KV_COUNT(open); i++) {
        API_REPLY(reply, FHIR("f-token", "GET", open[i], .audience = ""));
        cr_expect_eq(reply.status, 200, "%s: %s", open[i], reply.body);
    }
    API_REPLY(own,
              FHIR("f-token", "GET", "/Patient", .audience = "https://f-token.fhir.localhost/"));
    cr_expect_eq(own.status, 200, "%s", own.body);
}

Test(health_fhir, is_not_there_when_no_service_has_the_name)
{
    API_CLIENT(dev);
    API_REPLY(none, FHIR("f-none", "GET", "/metadata"));
    health_expect_outcome(&none, 404, "not-found", "There is no service with the host f-none.fhir");

    health_make(api_daemon(), "f-only", "fhir", "f-only", "");
    API_REPLY(other, health_ask(&dev, &(const struct front_ask){ .service = "f-only",
                                                                 .profile = "dicom",
                                                                 .method = "GET",
                                                                 .target = "/health/check" }));
    cr_expect_eq(other.status, 404, "it is no DICOM service: %s", other.body);
}

Test(health_fhir, says_what_it_can_do)
{
    API_CLIENT(dev);

    health_make(api_daemon(), "f-meta", "fhir", "f-meta", "");
    API_REPLY(reply, FHIR("f-meta", "GET", "/metadata", .audience = ""));
    cr_expect_str_eq(reply_text(&reply, "resourceType"), "CapabilityStatement");
    cr_expect_str_eq(reply_text(&reply, "fhirVersion"), "4.0.1");
    cr_expect_str_eq(reply_text(&reply, "rest.0.resource.0.type"), "Patient");
    cr_expect_str_eq(reply_text(&reply, "rest.0.resource.1.type"), "Observation");
    API_REPLY(health, FHIR("f-meta", "GET", "/health/check", .audience = ""));
    cr_expect_str_eq(health.body, "{\"OverallStatus\":\"Healthy\",\"Details\":[{\"Name\":"
                                  "\"DataStoreHealthCheck\",\"Status\":\"Healthy\",\"Description\":"
                                  "\"Successfully connected.\"}]}");
}

Test(health_fhir, keeps_every_version)
{
    char target[128], body[256], id[64];
    API_CLIENT(dev);

    health_make(api_daemon(), "f-keep", "fhir", "f-keep", "");
    API_REPLY(made, FHIR("f-keep", "POST", "/Patient", .type = FHIR_JSON, .body = PATIENT));
    cr_assert_eq(made.status, 201, "%s", made.body);
    (void) snprintf(id, sizeof(id), "%s", reply_text(&made, "id"));
    cr_expect_str_eq(reply_header(&made, "ETag"), "W/\"1\"");
    cr_expect_str_eq(reply_text(&made, "meta.versionId"), "1");
    cr_expect_not_null(strstr(reply_header(&made, "Location"), "/_history/1"));
    (void) snprintf(target, sizeof(target), "/Patient/%s", id);
    (void) snprintf(body, sizeof(body),
                    "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"meta\":{\"versionId\":\"9\"},"
                    "\"active\":true}",
                    id);
    API_REPLY(changed, FHIR("f-keep", "PUT", target, .type = FHIR_JSON, .body = body,
                            .header = "If-Match: W/\"1\""));
    cr_assert_eq(changed.status, 200, "%s", changed.body);
    cr_expect_str_eq(reply_text(&changed, "meta.versionId"), "2", "%s", changed.body);
    API_REPLY(latest, FHIR("f-keep", "GET", target));
    cr_expect_str_eq(latest.body, changed.body);
    API_REPLY(known, FHIR("f-keep", "GET", target, .header = "If-None-Match: W/\"2\""));
    cr_expect_eq(known.status, 304);
    cr_expect_eq(known.len, 0);
    (void) snprintf(target, sizeof(target), "/Patient/%s/_history/1", id);
    API_REPLY(first, FHIR("f-keep", "GET", target));
    cr_expect_str_eq(reply_text(&first, "name.0.family"), "Lovelace", "%s", first.body);
}

Test(health_fhir, finds_by_id)
{
    static const char *const ids[] = { "s1", "s2", "s3" };
    char target[64], body[128];
    API_CLIENT(dev);

    health_make(api_daemon(), "f-search", "fhir", "f-search", "");
    for (size_t i = 0; i < KV_COUNT(ids); i++) {
        (void) snprintf(target, sizeof(target), "/Observation/%s", ids[i]);
        (void) snprintf(body, sizeof(body), "{\"resourceType\":\"Observation\",\"id\":\"%s\"}",
                        ids[i]);
        API_REPLY(made, FHIR("f-search", "PUT", target, .type = "application/json", .body = body));
        cr_assert_eq(made.status, 201, "%s", made.body);
    }
    API_REPLY(two, FHIR("f-search", "GET", "/Observation?_id=s3,none,s1"));
    cr_expect_eq(reply_number(&two, "total"), 2, "%s", two.body);
    cr_expect_str_eq(reply_text(&two, "entry.0.resource.id"), "s3");
    cr_expect_str_eq(reply_text(&two, "entry.1.resource.id"), "s1");
    API_REPLY(all, FHIR("f-search", "GET", "/Observation?_count=2"));
    cr_expect_eq(reply_number(&all, "total"), 3, "%s", all.body);
    cr_expect_str_eq(reply_text(&all, "entry.1.resource.id"), "s2");
    cr_expect_null(reply_item(&all, "entry.2"));
    API_REPLY(none, FHIR("f-search", "GET", "/Patient"));
    cr_expect_eq(reply_number(&none, "total"), 0);
}
