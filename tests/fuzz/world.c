/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "kv/app/api.h"
#include "kv/base/agenda.h"
#include "kv/base/files.h"
#include "kv/http/certificate.h"
#include "kv/store/store.h"
#include "server/serve/serve.h"
#include "signer.h"
#include "tests/support/token.h"
#include "tests/support/vaults.h"
#include "tests/unit/identity/forge_key.h"

#define TENANT "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
#define POLICY                                                                                     \
    "eyJ2ZXJzaW9uIjoiMS4wLjAiLCJhbnlPZiI6W3siYXV0aG9yaXR5IjoiaHR0cHM6Ly9hLnRlc3QiLCJhbGxPZiI6W3si" \
    "Y2xhaW0iOiJjIiwiZXF1YWxzIjoidiJ9XX1dfQ"
#define SECONDS 1000

static struct {
    struct kv_app app;
    char folder[32];
    pid_t owner; /* who removes the folder */
    struct test_token token;
    bool is_full; /* the token */
    struct kv_store *store;
    struct kv_custody *custody;
    struct certifier *certifier;
    struct kv_certificates certificates;
    struct kv_listener *listener, *control;
} self = { .folder = "/tmp/coffer-fuzz-XXXXXX" };

/* Nothing is added to a token that is full; what is there works. */
static CK_RV gate(void *context, const struct hsm_call *call)
{
    static const enum hsm_function refused[] = { HSM_C_GenerateKey, HSM_C_GenerateKeyPair,
                                                 HSM_C_CreateObject };

    (void) context;
    for (size_t i = 0; i < KV_COUNT(refused); i++) {
        if (self.is_full && call->function == refused[i]) {
            return CKR_DEVICE_MEMORY;
        }
    }
    return CKR_OK;
}

/* Whether no request of it is under way any more. */
static bool is_quiet(struct kv_listener *listener)
{
    return listener == NULL || kv_listener_drain(listener, 10 * SECONDS);
}

static void close_all(void)
{
    kv_listener_free(self.control);
    kv_listener_free(self.listener);
    kv_lanes_free(self.app.lanes);
    kv_keys_free(self.app.keys);
    kv_consumers_free(self.app.consumers);
    kv_records_free(self.app.records);
    certifier_free(self.certifier);
    kv_custody_free(self.custody);
    kv_access_free(self.app.access);
    kv_principals_free(self.app.principals);
    kv_roles_free(self.app.roles);
    kv_vaults_free(self.app.vaults);
    kv_store_close(self.store);
    kv_certificates_done(&self.certificates);
    kv_authorities_free(self.app.authorities);
    kv_identity_free(self.app.identity);
    kv_agenda_free(self.app.agenda);
    kv_clock_free(self.app.clock);
    test_token_destroy(&self.token);
}

static void end(void)
{
    if (getpid() == self.owner) {
        FUZZ_HOLDS(is_quiet(self.control) && is_quiet(self.listener));
        close_all();
        KV_IGNORE(kv_folder_remove(self.folder, NULL));
    }
}

static enum kv_code open_identity(struct kv_err *err)
{
    const struct kv_identity_config config = {
        .folder = self.folder,
        .tenant = TENANT,
        .auth = KV_AUTH_STRICT,
    };
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, self.folder, "issuer.pem", err));
    KV_TRY(kv_file_write(path, FORGE_PEM, strlen(FORGE_PEM), 0600, err));
    KV_TRY(kv_identity_new(&config, &self.app.identity, err));
    KV_TRY(kv_authorities_new(signer_fetch, &self.app.authorities, err));
    KV_TRY(kv_clock_new(&self.app.clock, err));
    return kv_agenda_new(self.app.clock, &self.app.agenda, err);
}

static enum kv_code open_certificates(struct kv_err *err)
{
    static const char *const names[] = { "*.vault.localhost" };
    const struct kv_certificate_source source = { .ca_cert = NULL };
    const struct kv_certificate_names wanted = { .names = names, .count = KV_COUNT(names) };

    KV_TRY(kv_certificates_open(self.folder, &source, &wanted, &self.certificates, err));
    self.app.ca_pem = self.certificates.ca.data;
    self.app.ca_p12 = &self.certificates.trust;
    return certifier_new(&self.certificates, &self.certifier, err);
}

static enum kv_code open_keys(struct kv_err *err)
{
    static const char *const specs[] = { "dev", "std,sku=standard", "pool,kind=hsm",
                                         "shut,access=rbac" };
    struct kv_access_config access = { .tenant = TENANT };
    struct kv_principals_config principals = { .identity = self.app.identity };
    struct kv_custody_config custody = { .hsm = NULL };
    struct kv_keys_config keys = { .certify = certifier_certify };
    struct kv_consumers_config consumers = { .clock = self.app.clock };
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, self.folder, "coffer.db", err));
    KV_TRY(kv_store_open(path, 8, &self.store, err));
    KV_TRY(vaults_of_specs(self.store, specs, KV_COUNT(specs), &self.app.vaults, err));
    KV_TRY(kv_roles_new(self.store, &self.app.roles, err));
    principals.store = self.store;
    KV_TRY(kv_principals_new(&principals, &self.app.principals, err));
    access.store = self.store;
    access.roles = self.app.roles;
    KV_TRY(kv_access_new(&access, &self.app.access, err));
    test_token_create(&self.token, gate, NULL);
    custody.hsm = self.token.hsm;
    KV_TRY(kv_custody_new(&custody, &self.custody, err));
    KV_TRY(kv_custody_adopt(self.custody, self.store, true, err));
    keys.store = self.store;
    keys.custody = self.custody;
    keys.certify_context = self.certifier;
    consumers.store = self.store;
    KV_TRY(kv_consumers_new(&consumers, &self.app.consumers, err));
    KV_TRY(kv_records_new(self.store, &self.app.records, err));
    return kv_keys_new(&keys, &self.app.keys, err);
}

static enum kv_code open_lanes(struct kv_err *err)
{
    const struct kv_lanes_config config = {
        .workers = 1,
        .work_queue = 8,
        .generators = 1,
        .generate_queue = 8,
        .outside = 1,
        .outside_queue = 8,
        .outside_share = 8,
    };

    return kv_lanes_new(&config, &self.app.lanes, err);
}

static bool is_healthy(void *context)
{
    (void) context;
    return true;
}

static enum kv_code describe(void *context, cJSON **ret_description, struct kv_err *err)
{
    (void) context;
    *ret_description = cJSON_CreateObject();
    return *ret_description != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code print_metrics(void *context, struct kv_buf *buf, struct kv_err *err)
{
    (void) context;
    return kv_buf_printf(buf, err, "# none\n");
}

static enum kv_code check_store(void *context, struct kv_err *err)
{
    return kv_store_check(context, err);
}

static void fill_app(void)
{
    /* ::1 and 127.0.0.0/8: whoever sends inputs is a proxy */
    static struct kv_cidr near[] = {
        { .first = { .bytes = { 127 } }, .prefix = 8 },
        { .first = { .is_v6 = true, .bytes = { [15] = 1 } }, .prefix = 128 },
    };
    static const struct kv_cidrs proxies = { near, KV_COUNT(near) };
    struct kv_app *app = &self.app;

    app->trusted_proxies = &proxies;
    app->build = kv_build_find("2026");
    app->port = 8443;
    app->control_port = 8080;
    app->control_names[0] = "coffer";
    app->token_is_healthy = is_healthy;
    app->describe_token = describe;
    app->print_token_metrics = print_metrics;
    app->check_store = check_store;
    app->store_context = self.store;
}

/* The keys there are, and a backup, which makes the key that seals backups. */
static void furnish(void)
{
    static const char *const requests[] = {
        "POST dev /keys/rsa/create\n{\"kty\":\"RSA\"}",
        "POST dev /keys/ec/create\n{\"kty\":\"EC\"}",
        "POST dev /keys/once/create\n{\"kty\":\"EC\"}",
        "POST pool /keys/rsa/create\n{\"kty\":\"RSA-HSM\"}",
        "POST pool /keys/ec/create\n{\"kty\":\"EC-HSM\",\"crv\":\"P-521\"}",
        "POST pool /keys/oct/create\n{\"kty\":\"oct-HSM\",\"key_size\":256}",
        ("POST pool "
         "/keys/free/create\n{\"kty\":\"RSA-HSM\",\"key_ops\":[\"sign\",\"secureWrapKey\","
         "\"secureUnwrapKey\"],\"attributes\":{\"exportable\":true},\"release_policy\":{\"data\":"
         "\"" POLICY "\"}}"),
        "POST dev /keys/ec/backup\n",
        "POST pool /keys/ec/backup\n",
        "GET pool /keys/ec/attestation\n",
    };

    for (size_t i = 0; i < KV_COUNT(requests); i++) {
        FUZZ_HOLDS(world_ask(requests[i], strlen(requests[i])) == 200);
    }
    self.is_full = true;
}

struct kv_app *world(void)
{
    static const struct {
        enum kv_code (*open)(struct kv_err *err);
    } steps[] = { { open_identity }, { open_certificates }, { open_keys }, { open_lanes } };
    struct kv_err err;

    if (self.owner != 0) {
        return &self.app;
    }
    fuzz_begin();
    FUZZ_HOLDS(mkdtemp(self.folder) != NULL);
    self.owner = getpid();
    for (size_t i = 0; i < KV_COUNT(steps); i++) {
        if (steps[i].open(&err) != KV_OK) {
            (void) fprintf(stderr, "step %zu: %s\n", i, err.message);
            abort();
        }
    }
    fill_app();
    furnish();
    FUZZ_HOLDS(atexit(end) == 0); /* last, and so before the end of the libraries */
    return &self.app;
}

static void listen_on(const struct kv_site *const *sites, struct kv_listener **ret_listener)
{
    const struct kv_listener_config config = {
        .address = "127.0.0.1",
        .sites = sites,
        .app = world(),
        .lanes = self.app.lanes,
        .clock = self.app.clock,
        .threads = 1,
        .connections = 64,
        .idle_timeout = 60 * SECONDS,
        .head_timeout = 30 * SECONDS,
        .arrival_timeout = 60 * SECONDS,
        .deadline = { [KV_LANE_WORK] = 60 * SECONDS,
                      [KV_LANE_GENERATE] = 60 * SECONDS,
                      [KV_LANE_ALONE] = 60 * SECONDS,
                      [KV_LANE_OUTSIDE] = 60 * SECONDS },
    };

    FUZZ_HOLDS(kv_listener_new(&config, ret_listener, NULL) == KV_OK);
}

unsigned world_port(void)
{
    static const struct kv_site *const sites[] = { &kv_data_plane, NULL };

    if (self.listener == NULL) {
        listen_on(sites, &self.listener);
    }
    return kv_listener_port(self.listener);
}

unsigned world_control_port(void)
{
    static const struct kv_site *const sites[] = { &kv_token_site, &kv_control_site, NULL };

    if (self.control == NULL) {
        listen_on(sites, &self.control);
    }
    return kv_listener_port(self.control);
}
