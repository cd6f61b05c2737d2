/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every operation with every key type: the first table of docs/parity.md. What exactly is
 * answered is for the tests of the operation; here nothing may depend on the type. The daemon has
 * symmetric keys in premium vaults. contract §6.
 */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>

TestSuite(parity, .timeout = 180);

static const struct type {
    const char *kty;
    const char *body; /* of its create */
} types[] = {
    { "RSA", "{\"kty\":\"RSA\"}" },
    { "RSA-HSM", "{\"kty\":\"RSA-HSM\"}" },
    { "EC", "{\"kty\":\"EC\",\"crv\":\"P-256\"}" },
    { "EC", "{\"kty\":\"EC\",\"crv\":\"P-256K\"}" },
    { "EC", "{\"kty\":\"EC\",\"crv\":\"P-384\"}" },
    { "EC", "{\"kty\":\"EC\",\"crv\":\"P-521\"}" },
    { "EC", "{\"kty\":\"EC\",\"crv\":\"SECP256K1\"}" },
    { "EC-HSM", "{\"kty\":\"EC-HSM\",\"crv\":\"P-256\"}" },
    { "EC-HSM", "{\"kty\":\"EC-HSM\",\"crv\":\"P-256K\"}" },
    { "EC-HSM", "{\"kty\":\"EC-HSM\",\"crv\":\"P-384\"}" },
    { "EC-HSM", "{\"kty\":\"EC-HSM\",\"crv\":\"P-521\"}" },
    { "EC-HSM", "{\"kty\":\"EC-HSM\",\"crv\":\"SECP256K1\"}" },
    { "oct", "{\"kty\":\"oct\"}" },
    { "oct-HSM", "{\"kty\":\"oct-HSM\"}" },
};

struct subject {
    const char *kty;
    char name[64];
    char kid[512];
};

/* METHOD /collection/name-of-the-subject and the rest. */
static struct reply call(struct client *client, const struct subject *subject, const char *method,
                         const char *collection, const char *rest, const char *body)
{
    char path[256];

    snprintf(path, sizeof(path), "/%s/%s%s", collection, subject->name, rest);
    return client_call(client, method, path, body);
}

static void create(struct client *client, const struct type *type, const char *prefix,
                   struct subject *ret_subject)
{
    *ret_subject = (struct subject){ .kty = type->kty };
    snprintf(ret_subject->name, sizeof(ret_subject->name), "%s-%zu", prefix,
             (size_t) (type - types));

    API_REPLY(made, call(client, ret_subject, "POST", "keys", "/create", type->body));
    cr_assert_eq(made.status, 200, "%s: %ld %s", type->kty, made.status, made.body);
    snprintf(ret_subject->kid, sizeof(ret_subject->kid), "%s", reply_text(&made, "key.kid"));
}

/* The answer is a bundle of that key, its type and no other. */
static void expect_bundle(const struct reply *reply, const struct subject *subject)
{
    cr_expect_eq(reply->status, 200, "%s: %ld %s", subject->name, reply->status, reply->body);
    cr_expect_str_eq(reply_text(reply, "key.kid"), subject->kid);
    cr_expect_str_eq(reply_text(reply, "key.kty"), subject->kty);
}

Test(parity, create_get_and_update_know_every_key_type)
{
    API_CLIENT(dev);
    struct subject subject;

    API_SKIP_WITH_NSS("NSS does not have P-256K");
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        create(&dev, &types[i], "live", &subject);
        API_REPLY(got, call(&dev, &subject, "GET", "keys", "", NULL));
        expect_bundle(&got, &subject);
        API_REPLY(updated, call(&dev, &subject, "PATCH", "keys", "",
                                "{\"attributes\":{\"enabled\":false},\"tags\":{\"a\":\"b\"}}"));
        expect_bundle(&updated, &subject);
        cr_expect(cJSON_IsFalse(reply_item(&updated, "attributes.enabled")), "%s", updated.body);
        cr_expect_str_eq(reply_text(&updated, "tags.a"), "b");
        API_REPLY(page, call(&dev, &subject, "GET", "keys", "/versions", NULL));
        cr_expect_str_eq(reply_text(&page, "value.0.kid"), subject.kid, "%s", page.body);
    }
    api_proves("create,get,update,list-versions RSA,RSA-HSM,EC,EC-HSM,oct,oct-HSM");
    api_proves("create EC,EC-HSM P-256,P-256K,P-384,P-521,SECP256K1");
}

Test(parity, delete_recover_and_purge_know_every_key_type)
{
    API_CLIENT(dev);
    struct subject subject;

    API_SKIP_WITH_NSS("NSS does not have P-256K");
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        create(&dev, &types[i], "gone", &subject);
        API_REPLY(deleted, call(&dev, &subject, "DELETE", "keys", "", NULL));
        expect_bundle(&deleted, &subject);
        API_REPLY(got, call(&dev, &subject, "GET", "deletedkeys", "", NULL));
        expect_bundle(&got, &subject);
        API_REPLY(recovered, call(&dev, &subject, "POST", "deletedkeys", "/recover", NULL));
        expect_bundle(&recovered, &subject);
        API_REPLY(again, call(&dev, &subject, "DELETE", "keys", "", NULL));
        cr_expect_eq(again.status, 200, "%s", again.body);
        API_REPLY(purged, call(&dev, &subject, "DELETE", "deletedkeys", "", NULL));
        cr_expect_eq(purged.status, 204, "%s", purged.body);
    }
    api_proves("delete,get-deleted,recover,purge RSA,RSA-HSM,EC,EC-HSM,oct,oct-HSM");
}

/* Type, size and operations are the latest version's; what else there is to it is in rotation.c. */
Test(parity, rotation_knows_every_key_type)
{
    static const char policy[] = "{\"lifetimeActions\":[{\"action\":{\"type\":\"Rotate\"},"
                                 "\"trigger\":{\"timeAfterCreate\":\"P30D\"}}]}";
    API_CLIENT(dev);
    struct subject subject;

    API_SKIP_WITH_NSS("NSS does not have P-256K");
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        create(&dev, &types[i], "turn", &subject);
        API_REPLY(set, call(&dev, &subject, "PUT", "keys", "/rotationpolicy", policy));
        cr_expect_eq(set.status, 200, "%s: %s", subject.name, set.body);
        API_REPLY(got, call(&dev, &subject, "GET", "keys", "/rotationpolicy", NULL));
        cr_expect_str_eq(got.body, set.body);
        API_REPLY(rotated, call(&dev, &subject, "POST", "keys", "/rotate", NULL));
        cr_expect_str_neq(reply_text(&rotated, "key.kid"), subject.kid);
        snprintf(subject.kid, sizeof(subject.kid), "%s", reply_text(&rotated, "key.kid"));
        expect_bundle(&rotated, &subject);
        API_REPLY(latest, call(&dev, &subject, "GET", "keys", "", NULL));
        expect_bundle(&latest, &subject);
    }
    api_proves("rotate,get-rotationpolicy,set-rotationpolicy RSA,RSA-HSM,EC,EC-HSM,oct,oct-HSM");
}

Test(parity, backup_and_restore_know_every_key_type)
{
    API_CLIENT(dev);
    struct subject subject;

    API_SKIP_WITH_NSS("NSS does not have P-256K");
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        char blob[16384];

        create(&dev, &types[i], "kept", &subject);
        API_REPLY(kept, call(&dev, &subject, "POST", "keys", "/backup", NULL));
        cr_assert_eq(kept.status, 200, "%s: %s", subject.kty, kept.body);
        cr_assert_lt(kept.len, sizeof(blob));
        snprintf(blob, sizeof(blob), "%s", kept.body); /* restore takes what backup gave */
        API_REPLY(deleted, call(&dev, &subject, "DELETE", "keys", "", NULL));
        cr_assert_eq(deleted.status, 200, "%s", deleted.body);
        API_REPLY(purged, call(&dev, &subject, "DELETE", "deletedkeys", "", NULL));
        cr_assert_eq(purged.status, 204, "%s", purged.body);
        API_REPLY(restored, client_call(&dev, "POST", "/keys/restore", blob));
        expect_bundle(&restored, &subject);
    }
    api_proves("backup,restore RSA,RSA-HSM,EC,EC-HSM,oct,oct-HSM");
}

/* RSA and EC keys, with all that can be wrong with them, are in import.c. */
Test(parity, import_knows_symmetric_keys)
{
    static const struct {
        const char *kty, *body;
    } rows[] = {
        { "oct", "{\"key\":{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OUFCQ0RFRg\"}}" },
        { "oct-HSM", "{\"key\":{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OUFCQ0RFRg\"},\"Hsm\":true}" },
        { "oct-HSM", "{\"key\":{\"kty\":\"oct-HSM\",\"k\":\"MDEyMzQ1Njc4OUFCQ0RFRg\"}}" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, client_call(&dev, "PUT", "/keys/brought", rows[i].body));

        cr_expect_eq(reply.status, 200, "%s: %ld %s", rows[i].body, reply.status, reply.body);
        cr_expect_str_eq(reply_text(&reply, "key.kty"), rows[i].kty);
        cr_expect_null(reply_item(&reply, "key.k"));
    }
    api_proves("import oct,oct-HSM");
}

Test(parity, every_listed_version_is_served_where_others_are_refused)
{
    static const char *const arguments[] = { "--api-versions", "strict", NULL };
    static const char *const versions[] = {
#define X(name, ...) name,
#include "kv/wire/api_version.def"
#undef X
    };
    struct daemon strict;
    char target[128];

    daemon_prepare(&strict);
    cr_assert(daemon_start(&strict, arguments));
    {
        API_CLIENT_OF(&strict, dev);
        for (size_t i = 0; i < KV_COUNT(versions); i++) {
            const struct request request = { .method = "GET", .target = target };

            snprintf(target, sizeof(target), "/keys?api-version=%s", versions[i]);
            API_REPLY(reply, client_send(&dev, &request));
            cr_expect_eq(reply.status, 200, "%s: %ld %s", target, reply.status, reply.body);
        }
    }
    cr_assert(daemon_stop(&strict));
    daemon_discard(&strict);
    api_proves("api-version 2015-06-01,2016-10-01,7.0,7.1-preview,7.1,7.2-preview,7.2,7.3-preview,"
               "7.3,7.4-preview.1,7.4,7.5-preview.1,7.5,7.6-preview.1,7.6-preview.2,7.6,"
               "2025-06-01-preview,2025-07-01,2026-01-01-preview,2026-03-01-preview,2026-04-01,"
               "2026-05-01-preview,2026-07-01-preview");
}
