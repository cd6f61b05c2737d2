/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: records in the form of the service's AuditEvent category (control-plane.md §6.3).
 * Bodies are not in them, nor are tokens, nor what a query has beside its api-version.
 */
#include "audit.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "kv/app/api.h"
#include "kv/base/json.h"
#include "kv/base/spool.h"
#include "kv/events/events.h"
#include "private.h"

#define TEXT_SIZE 1025 /* of a text that a client or a refusal brings */
#define SHORT_MAX 96   /* of each, where the line would be too long */

static const char *const operation_names[KV_OPERATION_COUNT] = {
    [KV_OPERATION_GET_KEYS] = "KeyList",
    [KV_OPERATION_CREATE_KEY] = "KeyCreate",
    [KV_OPERATION_IMPORT_KEY] = "KeyImport",
    [KV_OPERATION_GET_KEY] = "KeyGet",
    [KV_OPERATION_UPDATE_KEY] = "KeyUpdate",
    [KV_OPERATION_DELETE_KEY] = "KeyDelete",
    [KV_OPERATION_GET_KEY_VERSIONS] = "KeyListVersions",
    [KV_OPERATION_BACKUP_KEY] = "KeyBackup",
    [KV_OPERATION_RESTORE_KEY] = "KeyRestore",
    [KV_OPERATION_RELEASE] = "KeyRelease",
    [KV_OPERATION_ROTATE_KEY] = "KeyRotate",
    [KV_OPERATION_GET_KEY_ROTATION_POLICY] = "KeyRotationPolicyGet",
    [KV_OPERATION_UPDATE_KEY_ROTATION_POLICY] = "KeyRotationPolicySet",
    [KV_OPERATION_GET_DELETED_KEYS] = "KeyListDeleted",
    [KV_OPERATION_GET_DELETED_KEY] = "KeyGetDeleted",
    [KV_OPERATION_PURGE_DELETED_KEY] = "KeyPurge",
    [KV_OPERATION_RECOVER_DELETED_KEY] = "KeyRecover",
    [KV_OPERATION_ENCRYPT] = "KeyEncrypt",
    [KV_OPERATION_DECRYPT] = "KeyDecrypt",
    [KV_OPERATION_SIGN] = "KeySign",
    [KV_OPERATION_VERIFY] = "KeyVerify",
    [KV_OPERATION_WRAP_KEY] = "KeyWrap",
    [KV_OPERATION_UNWRAP_KEY] = "KeyUnwrap",
};

static const struct {
    int status;
    const char *signature;
} signatures[] = {
    { 400, "Bad Request" },         { 401, "Unauthorized" },
    { 403, "Forbidden" },           { 404, "Not Found" },
    { 405, "Method Not Allowed" },  { 409, "Conflict" },
    { 413, "Payload Too Large" },   { 415, "Unsupported Media Type" },
    { 429, "Too Many Requests" },   { 500, "Internal Server Error" },
    { 503, "Service Unavailable" },
};

static const char *find_signature(int status)
{
    for (size_t i = 0; i < KV_COUNT(signatures); i++) {
        if (signatures[i].status == status) {
            return signatures[i].signature;
        }
    }
    return status > 0 && status < 400 ? "OK" : "Error";
}

/* What a record is made of. */
struct record {
    const struct kv_request *request;
    const struct kv_response *response;
    const struct kv_err *err; /* NULL: it was not refused */
    int64_t micros;
    size_t max; /* of each text of others */
    struct gate_subject subject;
    const struct kv_call *call; /* NULL: it is not known whose vault it is for */
};

/* The other operations have names of coffer's: "SetRoleDefinition". A challenge is the service's
 * Authentication, whatever was asked for. */
static void name_operation(const struct record *record, char ret_name[64])
{
    enum kv_operation operation = record->subject.subject.operation;
    const char *name = operation_names[operation];

    if (record->response->status == 401) {
        name = "Authentication";
    }
    (void) snprintf(ret_name, 64, "%s", name != NULL ? name : kv_operation_row(operation)->name);
    ret_name[0] = (char) toupper((unsigned char) ret_name[0]);
}

/* Printable ASCII, which headers and paths should be: the rest becomes question marks. */
static void clean(const char *text, size_t max, char ret_text[TEXT_SIZE])
{
    size_t len = text == NULL ? 0 : strnlen(text, max < TEXT_SIZE - 1 ? max : TEXT_SIZE - 1);

    for (size_t i = 0; i < len; i++) {
        ret_text[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
    }
    ret_text[len] = '\0';
}

static void add_clean(cJSON *object, const char *name, const char *text, size_t max, bool *ok)
{
    char cleaned[TEXT_SIZE];

    clean(text, max, cleaned);
    kv_json_add_text(object, name, cleaned, ok);
}

static void add_resource(cJSON *object, const struct record *record, bool *ok)
{
    const struct kv_call *call = record->call;
    const char *group = call != NULL && call->vault != NULL ? call->vault->group : KV_GROUP;
    char id[KV_EVENT_TOPIC_SIZE];

    (void) snprintf(
        id, sizeof(id), "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.KeyVault/%s/%s",
        record->request->app->event_place->subscription, group,
        gate_is_hsm(record->request) ? "managedHSMs" : "vaults", record->request->vault);
    for (char *at = id; *at != '\0'; at++) {
        *at = (char) toupper((unsigned char) *at);
    }
    kv_json_add_text(object, "resourceId", id, ok);
}

static void add_result(cJSON *object, const struct record *record, bool *ok)
{
    bool is_success = record->response->status > 0 && record->response->status < 400;
    char duration[24];

    kv_json_add_text(object, "resultType", is_success ? "Success" : "Failed", ok);
    kv_json_add_text(object, "resultSignature", find_signature(record->response->status), ok);
    add_clean(object, "resultDescription", record->err != NULL ? record->err->message : "",
              record->max, ok);
    (void) snprintf(duration, sizeof(duration), "%" PRId64, record->micros / 1000);
    kv_json_add_text(object, "durationMs", duration, ok);
}

static void add_claim(cJSON *claim, const char *name, const char *value, bool *ok)
{
    if (value != NULL && value[0] != '\0') {
        kv_json_add_text(claim, name, value, ok);
    }
}

static void add_identity(cJSON *object, const struct record *record, bool *ok)
{
    cJSON *claim = kv_json_add_object(kv_json_add_object(object, "identity", ok), "claim", ok);

    if (record->call == NULL) {
        return;
    }
    add_claim(claim, "http://schemas.microsoft.com/identity/claims/objectidentifier",
              record->call->principal.object_id, ok);
    add_claim(claim, "appid", record->call->principal.app_id, ok);
    add_claim(claim, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
              record->call->principal.name, ok);
}

/* A GUID by which the client finds the request again, or else ours. */
static const char *correlation_of(const struct kv_request *request)
{
    const char *sent = kv_request_header(request, "x-ms-client-request-id");

    return sent != NULL && kv_uuid_is_valid(sent) ? sent : request->id;
}

static void add_uri(cJSON *properties, const struct record *record, bool *ok)
{
    const struct kv_request *request = record->request;
    const char *version = record->subject.subject.api_version;
    char path[TEXT_SIZE], uri[2 * TEXT_SIZE], cleaned[TEXT_SIZE];

    clean(request->target, strcspn(request->target, "?#"), path);
    (void) snprintf(uri, sizeof(uri), "https://%.256s%.700s%s%.32s", request->authority, path,
                    version != NULL ? "?api-version=" : "", version != NULL ? version : "");
    clean(uri, record->max, cleaned);
    kv_json_add_text(properties, "requestUri", cleaned, ok);
}

static void add_id(cJSON *properties, const struct record *record, bool *ok)
{
    const struct kv_fault_subject *subject = &record->subject.subject;
    bool has_version = subject->version != NULL && subject->version[0] != '\0';
    char id[TEXT_SIZE];

    if (subject->key == NULL) {
        return;
    }
    (void) snprintf(id, sizeof(id), "https://%.256s/keys/%.127s%s%.127s",
                    record->request->authority, subject->key, has_version ? "/" : "",
                    has_version ? subject->version : "");
    add_clean(properties, "id", id, record->max, ok);
}

/* Which of the vault's two ways it was decided by; nothing where no such decision was made. */
static void add_verdict(cJSON *properties, const struct record *record, bool *ok)
{
    enum kv_code code = record->err != NULL ? record->err->code : KV_OK;
    bool is_success = record->response->status > 0 && record->response->status < 400;
    bool by_policy = code == KV_FORBIDDEN_BY_POLICY || code == KV_ACCESS_DENIED;

    if (code == KV_FORBIDDEN_BY_FIREWALL) {
        kv_json_add_bool(properties, "isAddressAuthorized", false, ok);
        return;
    }
    if (record->call == NULL || record->call->vault == NULL
        || !(is_success || by_policy || code == KV_FORBIDDEN_BY_RBAC)) {
        return;
    }
    kv_json_add_bool(properties, "isAddressAuthorized", true, ok);
    if (record->call->vault->access == KV_ACCESS_POLICY) {
        kv_json_add_bool(properties, "isAccessPolicyMatch", is_success, ok);
    }
    if (record->call->vault->access == KV_ACCESS_RBAC) {
        kv_json_add_bool(properties, "isRbacAuthorized", is_success, ok);
        add_claim(properties, "appliedAssignmentId", record->call->assignment, ok);
    }
}

static void add_properties(cJSON *object, const struct record *record, bool *ok)
{
    cJSON *properties = kv_json_add_object(object, "properties", ok);

    add_clean(properties, "clientInfo", kv_request_header(record->request, "User-Agent"),
              record->max, ok);
    add_uri(properties, record, ok);
    add_id(properties, record, ok);
    kv_json_add_int(properties, "httpStatusCode", record->response->status, ok);
    add_verdict(properties, record, ok);
}

static cJSON *render(const struct record *record)
{
    const struct kv_request *request = record->request;
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;
    char time[KV_EVENT_TIME_SIZE], operation[64];

    kv_event_time(request->now, time);
    name_operation(record, operation);
    kv_json_add_text(object, "time", time, &ok);
    add_resource(object, record, &ok);
    kv_json_add_text(object, "operationName", operation, &ok);
    add_clean(object, "operationVersion", record->subject.subject.api_version, 32, &ok);
    kv_json_add_text(object, "category", "AuditEvent", &ok);
    add_result(object, record, &ok);
    kv_json_add_text(object, "callerIpAddress", request->client, &ok);
    kv_json_add_text(object, "correlationId", correlation_of(request), &ok);
    add_identity(object, record, &ok);
    add_properties(object, record, &ok);
    if (!ok) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

/* False when the line would be too long. Out of memory, there is none. */
static bool put_line(const struct record *record)
{
    kv_auto(cJSON_Delete) cJSON *object = render(record);
    kv_auto(kv_buf_done) struct kv_buf line;

    kv_buf_init(&line, KV_SPOOL_PUT_MAX);
    if (object != NULL
        && (kv_json_print(object, &line, NULL) != KV_OK
            || kv_buf_printf(&line, NULL, "\n") != KV_OK)) {
        return false;
    }
    if (object != NULL) {
        record->request->app->put_audit(record->request->app->audit_context, line.data, line.len);
    }
    return true;
}

void gate_audit(const struct kv_request *request, const struct kv_response *response,
                const struct kv_err *err, int64_t micros)
{
    struct record record = {
        .request = request,
        .response = response,
        .err = err,
        .micros = micros,
        .max = TEXT_SIZE - 1,
    };

    if (request->app->put_audit == NULL || request->vault == NULL) {
        return;
    }
    record.call = gate_fault_is_of_vault(request) ? kv_call_of(request) : NULL;
    gate_fault_describe(request, KV_FAULT_REQUEST, &record.subject);
    if (record.subject.subject.operation == KV_OPERATION_NONE && response->status != 401) {
        return; /* nothing that the service has */
    }
    if (!put_line(&record)) {
        record.max = SHORT_MAX;
        (void) put_line(&record); /* fits: a few hundred bytes of it are of others */
    }
}
