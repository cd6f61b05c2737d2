/* SPDX-License-Identifier: Apache-2.0 */
/* The front of a DICOM service: instances by STOW-RS and WADO-RS. */
#include <stdio.h>
#include <string.h>

#include "../support/dicom.h"
#include "health_tools.h"

TestSuite(health_dicom, .timeout = 120);

#define RELATED "multipart/related; type=\"application/dicom\"; boundary=cut"
#define DICOM "application/dicom"
#define ASK(service_, method_, target_, ...)                                                       \
    health_ask(&dev, &(const struct front_ask){ .service = (service_),                             \
                                                .profile = "dicom",                                \
                                                .method = (method_),                               \
                                                .target = (target_),                               \
                                                __VA_ARGS__ })

struct body {
    char bytes[4 * DICOM_FILE_MAX];
    size_t len;
};

static void add(struct body *body, const void *bytes, size_t len)
{
    memcpy(body->bytes + body->len, bytes, len);
    body->len += len;
}

static void add_part(struct body *body, const struct dicom_file *file)
{
    static const char head[] = "--cut\r\nContent-Type: application/dicom\r\n\r\n";

    add(body, head, strlen(head));
    add(body, file->bytes, file->len);
    add(body, "\r\n", 2);
}

static void end(struct body *body)
{
    add(body, "--cut--\r\n", 9);
}

Test(health_dicom, refuses_bodies_that_are_not_instances)
{
    static const struct {
        const char *type, *body;
        long status;
    } rows[] = {
        { "text/plain", "x", 415 },
        { DICOM, "", 415 },
        { RELATED, "x", 400 },
        { RELATED, "--cut--", 400 },
        { RELATED, "--cut\r\n\r\nx\r\n--cut--", 400 },
        { RELATED, "--cut\r\nContent-Type: application/dicom\r\n\r\nx\r\n--cut", 400 },
        { "multipart/related", "--cut--", 400 },
        { DICOM, "x", 409 },
    };
    API_CLIENT(dev);

    health_make(api_daemon(), "d-refuse", "dicom", "d-refuse", "");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, ASK("d-refuse", "POST", "/v1/studies", .type = rows[i].type,
                             .body = rows[i].body));
        cr_expect_eq(reply.status, rows[i].status, "row %zu: %ld %s", i, reply.status, reply.body);
    }
    API_REPLY(nobody, ASK("d-refuse", "POST", "/v1/studies", .type = DICOM, .body = "x",
                          .audience = "https://vault.azure.net"));
    cr_expect_eq(nobody.status, 401);
    API_REPLY(none, ASK("d-refuse", "GET", "/v1/studies/1/series/2/instances/3"));
    cr_expect_eq(none.status, 404, "%s", none.body);
    API_REPLY(bad, ASK("d-refuse", "GET", "/v1/studies/1/series/x/instances/3"));
    cr_expect_eq(bad.status, 400, "%s", bad.body);
}

Test(health_dicom, says_of_each_instance_why_it_is_not_kept)
{
    static struct dicom_file one, other;
    struct body body = { .len = 0 };
    API_CLIENT(dev);

    health_make(api_daemon(), "d-why", "dicom", "d-why", "");
    dicom_make(&one, DICOM_EXPLICIT, "1.2", "1.2.3", "1.2.3.4");
    dicom_make(&other, DICOM_IMPLICIT, "1.3", "1.3.3", "1.3.3.4");
    add_part(&body, &one);
    add_part(&body, &other);
    end(&body);
    API_REPLY(part, ASK("d-why", "POST", "/v1/studies/1.2", .type = RELATED, .body = body.bytes,
                        .len = body.len));
    cr_expect_eq(part.status, 202, "%s", part.body);
    cr_expect_str_eq(reply_text(&part, "00081199.Value.0.00081155.Value.0"), "1.2.3.4", "%s",
                     part.body);
    cr_expect_eq(reply_number(&part, "00081198.Value.0.00081197.Value.0"), 43265);
    API_REPLY(again, ASK("d-why", "POST", "/v1/studies", .type = DICOM,
                         .body = (const char *) one.bytes, .len = one.len));
    cr_expect_eq(again.status, 409);
    cr_expect_eq(reply_number(&again, "00081198.Value.0.00081197.Value.0"), 45070, "%s",
                 again.body);
}

/* Byte for byte. */
Test(health_dicom, gives_back_what_was_stored)
{
    static const char target[] = "/v2/studies/1.5/series/1.5.6/instances/1.5.6.7";
    static struct dicom_file file;
    struct body body = { .len = 0 };
    API_CLIENT(dev);

    health_make(api_daemon(), "d-keep", "dicom", "d-keep", "");
    dicom_make(&file, DICOM_EXPLICIT, "1.5", "1.5.6", "1.5.6.7");
    add_part(&body, &file);
    end(&body);
    API_REPLY(stored, ASK("d-keep", "POST", "/v1/studies", .type = RELATED, .body = body.bytes,
                          .len = body.len));
    cr_assert_eq(stored.status, 200, "%s", stored.body);
    cr_expect_str_eq(reply_header(&stored, "Content-Type"), "application/dicom+json");
    API_REPLY(bare, ASK("d-keep", "GET", target, .header = "Accept: application/dicom"));
    cr_assert_eq(bare.len, file.len);
    cr_expect_arr_eq(bare.body, file.bytes, file.len);
    cr_expect_str_eq(reply_header(&bare, "Content-Type"), DICOM);
    API_REPLY(part, ASK("d-keep", "GET", target));
    cr_expect_not_null(strstr(reply_header(&part, "Content-Type"), "multipart/related; type="));
    cr_expect_not_null(memmem(part.body, part.len, file.bytes, file.len));
}
