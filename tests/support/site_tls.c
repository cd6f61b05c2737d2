/* SPDX-License-Identifier: Apache-2.0 */
/* The small site behind a certificate for localhost, which no test outlives. */
#include "tests/support/site.h"

#include <stdio.h>
#include <stdlib.h>

#include "kv/base/base.h"
#include "kv/base/files.h"
#include "kv/http/certificate.h"

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "cannot %s\n", what);
        abort();
    }
}

void test_certificates_make(struct kv_certificates *ret_certificates)
{
    static const char *const names[] = { "localhost" };
    const struct kv_certificate_source source = { .ca_cert = NULL };
    const struct kv_certificate_names wanted = { .names = names, .count = KV_COUNT(names) };
    char folder[] = "/tmp/coffer-site.XXXXXX";

    require(mkdtemp(folder) != NULL, "make a folder");
    require(kv_certificates_open(folder, &source, &wanted, ret_certificates, NULL) == KV_OK,
            "make a certificate");
    require(kv_folder_remove(folder, NULL) == KV_OK, "remove the folder");
}

void test_site_start_as(struct test_site *site, bool secure, const struct kv_lanes_config *lanes,
                        const struct kv_listener_config *config)
{
    struct kv_listener_config changed = *config;
    struct kv_certificates certificates;

    if (!secure) {
        test_site_start(site, lanes, config);
        return;
    }
    test_certificates_make(&certificates);
    changed.certificate_pem = certificates.server.data;
    changed.key_pem = certificates.key.data;
    test_site_start(site, lanes, &changed);
    kv_certificates_done(&certificates);
}
