/* SPDX-License-Identifier: Apache-2.0 */
/* Backup and restore: contract §6.7, §9.5. */
#include "backup_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/base64.h"

TestSuite(backup, .timeout = 300);

#define CORRUPT "Backup blob is corrupt."
#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

#define NO_BACKUP "Backup blob contains invalid or corrupt version."
#define FOREIGN                                                                                    \
    "Backup blob belongs to a different crypto domain and cannot be used with this instance."

static bool is_refused(const struct reply *reply, const char *message)
{
    return reply_is_error(reply, 400, "Malformed backup blob", NULL, message);
}

static bool is_corrupt(const struct reply *reply)
{
    return is_refused(reply, CORRUPT);
}

Test(backup, KEY_NOT_FOUND)
{
    API_CLIENT(dev);

    API_REPLY(reply, client_call(&dev, "POST", "/keys/backup-missing/backup", NULL));
    cr_assert(reply_is_error(&reply, 404, "KeyNotFound", NULL,
                             "A key with (name/id) backup-missing was not found in this key vault. "
                             "If you recently deleted this key you may be able to recover it using "
                             "the correct recovery command. For help resolving this issue, please "
                             "see https://go.microsoft.com/fwlink/?linkid=2125182"));
}

Test(backup, BACKUP_CORRUPT)
{
    static const char *const values[] = {
        "",    "A",    "AA",
        "AB",  "====", "a+b/",
        VALUE, "Zm9v", "JkF6dXJlS2V5VmF1bHRLZXlCYWNrdXBWMS5taWNyb3NvZnQuY29t",
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(values); i++) {
        API_REPLY(reply, restore(&dev, values[i]));
        cr_expect(is_corrupt(&reply), "\"%s\"", values[i]);
    }
}

/* contract §6.7, §19 row 33: as long as a backup begins, and no backup. */
Test(backup, BACKUP_CORRUPT_for_what_does_not_begin_as_a_backup)
{
    static const size_t lengths[] = { 39, 40, 8693 };
    static const char other[] = "&AzureKeyVaultKeyBackupV2.microsoft.com.and.more";
    char text[KV_BASE64URL_LENGTH(8693) + 1];
    char *zeros = calloc(1, 8693);
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(lengths); i++) {
        kv_base64url_encode(zeros, lengths[i], text);
        API_REPLY(reply, restore(&dev, text));
        cr_expect(is_refused(&reply, NO_BACKUP), "%zu zeros", lengths[i]);
    }
    kv_base64url_encode(other, strlen(other), text);
    API_REPLY(reply, restore(&dev, text));
    cr_expect(is_refused(&reply, NO_BACKUP));
    kv_base64url_encode(zeros, 38, text);
    API_REPLY(shorter, restore(&dev, text));
    cr_expect(is_refused(&shorter, CORRUPT));
    free(zeros);
}

Test(backup, BAD_PARAMETER_of_restore)
{
    static const struct {
        const char *body, *message;
    } rows[] = {
        { NULL, "Request body not specified" },
        { "{}", "Property 'value' is required.\r\n" },
        { "{\"value\":null}", "Property 'value' is required.\r\n" },
        { "{\"value\":5}", "Property  has invalid value\r\n" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, client_call(&dev, "POST", "/keys/restore", rows[i].body));
        cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, rows[i].message));
    }
}

/* Every byte of the envelope, and the ends of the long middle, one bit changed. What is in the
 * prefix makes it no backup, what is in the name of the key somebody else's. */
Test(backup, that_was_changed_anywhere_is_refused)
{
    char version[33];
    size_t len;
    char *value;
    char *blob;
    API_CLIENT(dev);

    api_create_key(&dev, "backup-changed", "", version);
    value = back_up(&dev, "backup-changed");
    blob = decode(value, &len);
    purge(&dev, "backup-changed");
    for (size_t i = 0; i < len; i += i < 700 || i + 80 > len ? 5 : 61) {
        char *changed = malloc(strlen(value) + 1);

        blob[i] ^= 1;
        kv_base64url_encode(blob, len, changed);
        blob[i] ^= 1;
        API_REPLY(reply, restore(&dev, changed));
        cr_expect_eq(reply.status, 400, "byte %zu: %s", i, reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.code"), "Malformed backup blob", "byte %zu", i);
        cr_expect(i < 120 || is_corrupt(&reply), "byte %zu", i);
        free(changed);
    }
    API_REPLY(good, restore(&dev, value));
    cr_expect_eq(good.status, 200, "%s", good.body);
    free(blob);
    free(value);
}

Test(backup, that_was_cut_or_spelled_otherwise_is_corrupt)
{
    char version[33];
    char *value;
    size_t len;
    API_CLIENT(dev);

    api_create_key(&dev, "backup-cut", "", version);
    value = back_up(&dev, "backup-cut");
    purge(&dev, "backup-cut");
    len = strlen(value);
    for (size_t cut = 1; cut < 64; cut += 9) {
        char last = value[len - cut];

        value[len - cut] = '\0';
        API_REPLY(shorter, restore(&dev, value));
        cr_expect(is_corrupt(&shorter), "%zu", cut);
        value[len - cut] = last;
    }
    if (len % 4 != 0) { /* the last character has spare bits */
        value[len - 1]++;
        API_REPLY(other, restore(&dev, value));
        cr_expect(is_corrupt(&other));
    }
    free(value);
}

/* Before it has a key for backups, and when it has one. */
static void expect_foreign_elsewhere(const struct daemon *other, const char *value)
{
    char version[33];
    API_CLIENT_OF(other, dev);

    API_REPLY(before, restore(&dev, value));
    cr_expect(is_refused(&before, FOREIGN));
    api_create_key(&dev, "backup-own", "", version);
    free(back_up(&dev, "backup-own"));
    API_REPLY(after, restore(&dev, value));
    cr_expect(is_refused(&after, FOREIGN));
}

Test(backup, of_another_instance_is_told_apart_from_garbage)
{
    static const char *const arguments[] = { NULL };
    struct daemon other;
    char version[33];
    char *value;
    API_CLIENT(dev);

    api_create_key(&dev, "backup-foreign", "", version);
    value = back_up(&dev, "backup-foreign");
    daemon_prepare(&other);
    cr_assert(daemon_start(&other, arguments));
    expect_foreign_elsewhere(&other, value);
    cr_expect(daemon_stop(&other));
    daemon_discard(&other);
    free(value);
}

Test(backup, KEY_NOT_EXPORTABLE)
{
    static const char *const arguments[] = { "--key-export", "never", NULL };
    struct daemon closed;
    char version[33];

    daemon_prepare(&closed);
    cr_assert(daemon_start(&closed, arguments));
    {
        API_CLIENT_OF(&closed, dev);

        api_create_key(&dev, "stays", "", version);
        API_REPLY(reply, client_call(&dev, "POST", "/keys/stays/backup", NULL));
        cr_expect(reply_is_error(&reply, 403, "Forbidden", "KeyNotExportable",
                                 "The key was made not to leave the HSM, not even wrapped "
                                 "(--key-export never)."));
    }
    cr_assert(daemon_stop(&closed));

    static const char *const open_arguments[] = { NULL }; /* the key is still what it was */

    cr_assert(daemon_start(&closed, open_arguments));
    {
        API_CLIENT_OF(&closed, dev);

        API_REPLY(reply, client_call(&dev, "POST", "/keys/stays/backup", NULL));
        cr_expect(reply_is_error(&reply, 403, "Forbidden", "KeyNotExportable",
                                 "The key was made not to leave the HSM, not even wrapped "
                                 "(--key-export never)."));
    }
    cr_expect(daemon_stop(&closed));
    daemon_discard(&closed);
}

Test(backup, CONFLICT_when_the_name_is_in_use)
{
    char version[33];
    char message[1024];
    char *value;
    API_CLIENT(dev);

    api_create_key(&dev, "backup-used", "", version);
    value = back_up(&dev, "backup-used");
    snprintf(
        message, sizeof(message),
        "There was a conflict restoring the key 'https://%s:%u/keys/backup-used/%s'. This can "
        "happen if either: a second key with the same name was created after the first key was "
        "deleted; thus trying to restore a key whose name is already in use. To fix this, "
        "rename the second key to something else so that the restore works. The second "
        "probable cause of this exception is when multiple operations are performed in "
        "parallel against the key. To avoid this error, perform operations against a key in a "
        "sequential manner.",
        dev.host, dev.daemon->port, version);
    API_REPLY(reply, restore(&dev, value));
    cr_expect(reply_is_error(&reply, 409, "Conflict", NULL, message));
    free(value);
}

Test(backup, KEY_DELETED)
{
    char version[33];
    char *value;
    API_CLIENT(dev);

    api_create_key(&dev, "backup-deleted", "", version);
    value = back_up(&dev, "backup-deleted");
    expect_status(&dev, "DELETE", "/keys/backup-deleted", NULL, 200);
    API_REPLY(reply, restore(&dev, value));
    cr_expect(reply_is_error(&reply, 409, "Conflict", "ObjectIsDeletedButRecoverable",
                             "Key backup-deleted is currently in a deleted but recoverable state, "
                             "and its name cannot be reused; in this state, the key can only be "
                             "recovered or purged."));
    free(value);
}

Test(backup, of_a_hardware_key_does_not_fit_a_standard_vault)
{
    char *value;
    API_CLIENT(dev);
    API_CLIENT(std);

    expect_status(&dev, "POST", "/keys/backup-hsm/create", "{\"kty\":\"RSA-HSM\"}", 200);
    value = back_up(&dev, "backup-hsm");
    API_REPLY(reply, restore(&std, value));
    cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL,
                             "Hardware key operation not allowed on standard vault"));
    free(value);
}
