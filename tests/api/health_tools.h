/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health_tools.h - fronts of FHIR and DICOM services: services with a key of vault dev, and requests to
 * their hosts.
 */
#pragma once

#include "../support/api.h"

#define FHIR_JSON "application/fhir+json"

/* A service of that profile ("fhir", "dicom") on the daemon, with a new key of that name; `more` is put
 * into the order: ",\"status\":\"403\"". */
void health_make(const struct daemon *daemon, const char *service, const char *profile,
                 const char *key, const char *more);

/* A request to the front of a service, with a token for it. `body` NULL: none; `header` NULL: no other. */
struct front_ask {
    const char *service, *profile; /* its host: SERVICE.PROFILE.localhost */
    const char *method, *target;
    const char *type; /* of the body */
    const char *body;
    size_t len; /* 0: strlen(body) */
    const char *header;
    const char *audience; /* of the token; NULL: that of the service; "": no token */
};
struct reply health_ask(struct client *client, const struct front_ask *ask);

/* Waits until the service is in that state; the test fails if it does not get there. */
void health_await(const struct daemon *daemon, const char *service, const char *state);

/* An OperationOutcome with that issue, and nothing else. */
void health_expect_outcome(const struct reply *reply, long status, const char *issue,
                           const char *said);
