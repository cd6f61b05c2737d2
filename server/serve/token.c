/* SPDX-License-Identifier: Apache-2.0 */
/* The token of `coffer serve`: the user's PKCS#11 module, or SoftHSM with a token of our own. */
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "filler.h"
#include "kv/base/files.h"
#include "kv/base/json.h"
#include "kv/base/log.h"
#include "kv/base/secret.h"
#include "softhsm.h"
#include "token_place.h"

#define PIN_BYTES 16                   /* of randomness in a PIN that we make */
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* Windows editors put it before a file's text */
#define PIN_FILE_MAX 1024

bool token_is_own(const struct kv_options *options)
{
    return kv_option_text(options, KV_OPTION_PKCS11_MODULE)[0] == '\0';
}

/* The module's verdict as a sentence for the operator. */
static enum kv_code fail_open(const struct hsm_config *config, CK_RV rv, struct kv_err *err)
{
    switch (rv) {
    case HSM_RV_NOT_LOADABLE:
        return KV_FAIL(err, KV_UNAVAILABLE, rv, "%s cannot be loaded as a PKCS#11 module",
                       config->module);
    case HSM_RV_NO_TOKEN:
        return KV_FAIL(err, KV_UNAVAILABLE, rv, "%s has no token labelled \"%s\"", config->module,
                       config->token_label);
    case HSM_RV_TWO_TOKENS:
        return KV_FAIL(err, KV_UNAVAILABLE, rv, "%s has more than one token labelled \"%s\"",
                       config->module, config->token_label);
    case CKR_PIN_INCORRECT:
        return KV_FAIL(err, KV_UNAVAILABLE, rv, "token \"%s\" refuses the PIN",
                       config->token_label);
    default:
        return KV_FAIL(err, KV_UNAVAILABLE, rv, "token \"%s\" of %s cannot be opened: %s",
                       config->token_label, config->module, hsm_rv_name(rv));
    }
}

static enum kv_code append_random_pin(struct kv_buf *pins, struct kv_err *err)
{
    kv_auto(kv_secret_done) struct kv_secret pin = { .len = PIN_BYTES };

    if (RAND_bytes(pin.bytes, PIN_BYTES) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL could not make random bytes");
    }
    for (size_t i = 0; i < pin.len; i++) {
        KV_TRY(kv_buf_printf(pins, err, "%02x", pin.bytes[i]));
    }
    return kv_buf_append(pins, "\n", 1, err);
}

/* First line the user PIN, second the SO PIN: also the format of --pkcs11-pin-file. */
static enum kv_code load_own_pins(const char *folder, struct kv_buf *pins, struct kv_err *err)
{
    char file[KV_PATH_MAX];
    size_t tokens;

    KV_TRY(kv_path_join(file, folder, "pin", err));
    if (kv_file_exists(file)) {
        return kv_file_read(file, pins, err);
    }
    KV_TRY(softhsm_count(folder, &tokens, err));
    if (tokens > 0) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0,
                       "%s is missing, and the token in %s/tokens opens only with the PIN in it: "
                       "restore that file, or start on another folder with --data",
                       file, folder);
    }
    KV_TRY(append_random_pin(pins, err));
    KV_TRY(append_random_pin(pins, err));
    return kv_file_write(file, pins->data, pins->len, 0600, err);
}

static size_t line_length(const char *text)
{
    return strcspn(text, "\r\n");
}

static enum kv_code take_pin(struct hsm_config *config, const struct kv_buf *pins, const char *file,
                             struct kv_err *err)
{
    config->pin = pins->data;
    if (pins->len > 0 && strncmp(config->pin, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) {
        config->pin += strlen(BYTE_ORDER_MARK);
    }
    config->pin_len = pins->len > 0 ? line_length(config->pin) : 0;
    if (config->pin_len == 0 || config->pin_len > HSM_PIN_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: its first line is not a PIN", file);
    }
    return KV_OK;
}

static enum kv_code open_hsm(const struct hsm_config *config, struct hsm **ret_hsm,
                             struct kv_err *err)
{
    CK_RV rv = hsm_open(config, ret_hsm);

    return rv == CKR_OK ? KV_OK : fail_open(config, rv, err);
}

/* The line after the user PIN's. */
static void take_so_pin(struct hsm_config *config)
{
    config->so_pin = config->pin + config->pin_len;
    config->so_pin += strspn(config->so_pin, "\r\n");
    config->so_pin_len = line_length(config->so_pin);
}

/* At the first start; or at the one after a kill during that. */
static enum kv_code make_own(const struct hsm_config *config, const char *folder,
                             struct kv_err *err)
{
    if (!softhsm_has_room(folder)) { /* SoftHSM would say no more than that it failed */
        return KV_FAIL(err, KV_UNAVAILABLE, ENOSPC,
                       "there is no room for a token in %s: it takes a megabyte, with what the "
                       "store may need beside it",
                       folder);
    }
    CK_RV rv = hsm_init_token(config, config->so_pin, config->so_pin_len);

    if (rv != CKR_OK) {
        return fail_open(config, rv, err);
    }
    return softhsm_keep(folder, err);
}

static enum kv_code fail_lost(const char *folder, struct kv_err *err)
{
    return KV_FAIL(err, KV_UNAVAILABLE, 0,
                   "the token that holds this store's keys is not in %s/tokens: restore that "
                   "folder, give --pkcs11-module if another module has it, or start on another "
                   "folder with --data",
                   folder);
}

/* Before anything is written: neither an empty folder nor new PINs must be in the way of a copy
 * that is put back. */
static enum kv_code check_not_lost(const char *folder, struct kv_err *err)
{
    size_t tokens;

    KV_TRY(softhsm_count(folder, &tokens, err));
    return tokens > 0 ? KV_OK : fail_lost(folder, err);
}

/* Tried before anything is created, since SoftHSM reads all objects each time it is initialised. */
static enum kv_code open_own(struct hsm_config *config, const char *folder, bool has_token,
                             struct hsm **ret_hsm, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pins;
    size_t tokens;
    CK_RV rv;

    kv_buf_init(&pins, PIN_FILE_MAX);
    KV_TRY(token_place_restore(folder, err));
    KV_TRY(has_token ? check_not_lost(folder, err) : KV_OK);
    KV_TRY(softhsm_configure(folder, err));
    KV_TRY(softhsm_restore(folder, err));
    KV_TRY(load_own_pins(folder, &pins, err));
    KV_TRY(take_pin(config, &pins, "pin", err));
    take_so_pin(config);
    KV_TRY(softhsm_keep(folder, err));
    KV_TRY(softhsm_count(folder, &tokens, err));
    rv = tokens > 0 ? hsm_open(config, ret_hsm) : HSM_RV_NO_TOKEN;
    if (rv == CKR_PIN_INCORRECT) {
        /* SoftHSM was seen to refuse the right PIN, once, at the start after a kill; the login
         * after that was taken. It locks nobody out, so asking again costs nothing. */
        kv_log(KV_LOG_WARNING, "pin_refused", KV_LOG_TEXT_FIELD("token", config->token_label));
        rv = hsm_open(config, ret_hsm);
    }
    if (has_token && rv == HSM_RV_NO_TOKEN) { /* its files are there, and hold no token */
        return fail_lost(folder, err);
    }
    if (rv == HSM_RV_NO_TOKEN || rv == CKR_USER_PIN_NOT_INITIALIZED) {
        KV_TRY(make_own(config, folder, err));
        rv = hsm_open(config, ret_hsm);
    }
    return rv == CKR_OK ? KV_OK : fail_open(config, rv, err);
}

static enum kv_code open_foreign(struct hsm_config *config, const struct kv_options *options,
                                 struct hsm **ret_hsm, struct kv_err *err)
{
    const char *file = kv_option_text(options, KV_OPTION_PKCS11_PIN_FILE);
    kv_auto(kv_buf_done) struct kv_buf pins;

    kv_buf_init(&pins, PIN_FILE_MAX);
    if (file[0] == '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--pkcs11-module needs --pkcs11-pin-file");
    }
    KV_TRY(kv_file_read(file, &pins, err));
    KV_TRY(take_pin(config, &pins, file, err));
    return open_hsm(config, ret_hsm, err);
}

/* With the label and the PINs of the one that was there. */
static enum kv_code make_blank(const struct token *token, struct kv_err *err)
{
    struct hsm_config config = { .module = SOFTHSM_MODULE, .token_label = token->label };
    kv_auto(kv_buf_done) struct kv_buf pins;

    kv_buf_init(&pins, PIN_FILE_MAX);
    KV_TRY(load_own_pins(token->folder, &pins, err));
    KV_TRY(take_pin(&config, &pins, "pin", err));
    take_so_pin(&config);
    CK_RV rv = hsm_init_token(&config, config.so_pin, config.so_pin_len);
    return rv == CKR_OK ? KV_OK : fail_open(&config, rv, err);
}

enum kv_code token_open(const struct kv_options *options, const char *folder, bool has_token,
                        unsigned sessions, struct token *token, struct kv_err *err)
{
    const bool is_own = token_is_own(options);
    struct hsm_config config = {
        .module = is_own ? SOFTHSM_MODULE : kv_option_text(options, KV_OPTION_PKCS11_MODULE),
        .init_args = kv_option_text(options, KV_OPTION_PKCS11_INIT_ARGS),
        .token_label = kv_option_text(options, KV_OPTION_PKCS11_TOKEN),
        .sessions = sessions,
        .extractable = kv_option_is(options, KV_OPTION_KEY_EXPORT, "wrapped"),
        .gate = token_ask,
        .told = token_told,
        .gate_context = token,
    };

    token->label = config.token_label;
    token->folder = is_own ? folder : NULL;
    token->make_blank = make_blank;
    token_lend_hands(token, is_own);
    return is_own ? open_own(&config, folder, has_token, &token->hsm, err)
                  : open_foreign(&config, options, &token->hsm, err);
}

static void add_capabilities(cJSON *body, const struct hsm_capabilities *can, bool *ok)
{
    cJSON *capabilities = kv_json_add_object(body, "capabilities", ok);

    kv_json_add_bool(capabilities, "rsaGenerate", can->rsa_generate, ok);
    kv_json_add_bool(capabilities, "rsaRaw", can->rsa_raw, ok);
    kv_json_add_bool(capabilities, "rsaOaepSha256", can->rsa_oaep_sha256, ok);
    kv_json_add_bool(capabilities, "aesGenerate", can->aes_generate, ok);
    kv_json_add_bool(capabilities, "aesKeyWrapPad", can->aes_key_wrap_pad, ok);
    kv_json_add_bool(capabilities, "import", can->import, ok);
    kv_json_add_bool(capabilities, "backup", can->backup, ok);
    kv_json_add_bool(capabilities, "trustedWrap", can->trusted_wrap, ok);
    kv_json_add_int(capabilities, "rsaBitsMin", (int64_t) can->rsa_bits_min, ok);
    kv_json_add_int(capabilities, "rsaBitsMax", (int64_t) can->rsa_bits_max, ok);
}

/* The kinds of key besides RSA: curves and sizes of AES keys. */
static void add_key_kinds(cJSON *body, const struct hsm_capabilities *can, bool *ok)
{
    cJSON *curves = kv_json_add_object(body, "curves", ok);

#define X(symbol, name, bits, coordinate, group, token)                                            \
    kv_json_add_bool(curves, name, (can->ec_curves & HSM_BIT(HSM_##token)) != 0, ok);
#include "kv/custody/curve.def"
#undef X

    cJSON *aes = kv_json_add_object(body, "aes", ok);

    kv_json_add_bool(aes, "128", can->aes_128, ok);
    kv_json_add_bool(aes, "192", can->aes_192, ok);
    kv_json_add_bool(aes, "256", can->aes_256, ok);
}

/* Every algorithm of the API, and how this token does it. */
static void add_algorithms(cJSON *body, const struct hsm_capabilities *can, bool *ok)
{
    static const char *const ways[] = {
        [KV_WAY_NONE] = "none",
        [KV_WAY_NATIVE] = "native",
        [KV_WAY_OUTSIDE] = "outside",
    };
    cJSON *algorithms = kv_json_add_object(body, "algorithms", ok);

    for (enum kv_alg alg = 0; alg < KV_ALG_COUNT; alg++) {
        kv_json_add_text(algorithms, kv_alg_row(alg)->name, ways[kv_alg_way(can, alg)], ok);
    }
}

/* Whether it works, and where it is. */
static void add_state(cJSON *body, const struct token *token, bool *ok)
{
    static const char *const places[] = {
        [KV_HSM_IN_PLACE] = "in place",
        [KV_HSM_REMOVED] = "removed",
        [KV_HSM_REINITIALISED] = "reinitialised",
    };
    bool works = housekeeper_token_is_healthy(token->keeper);

    kv_json_add_text(body, "state", works ? "available" : "unavailable", ok);
    kv_json_add_text(body, "place", places[kv_hsm_faults_place(token->faults)], ok);
}

static enum kv_code token_describe(void *context, cJSON **ret_description, struct kv_err *err)
{
    const struct token *token = context;
    const struct hsm *hsm = token->hsm;
    const struct hsm_capabilities *can = hsm_capabilities(hsm);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    struct hsm_info info;
    bool ok = true;

    hsm_describe(hsm, &info);
    add_state(body, context, &ok);
    kv_json_add_text(body, "manufacturer", info.manufacturer, &ok);
    kv_json_add_text(body, "library", info.library, &ok);
    kv_json_add_text(body, "model", info.model, &ok);
    kv_json_add_text(body, "label", info.label, &ok);
    kv_json_add_text(body, "serial", info.serial, &ok);
    add_capabilities(body, can, &ok);
    add_key_kinds(body, can, &ok);
    add_algorithms(body, can, &ok);
    filler_show(body, token->keys, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_description = kv_take(body);
    return KV_OK;
}

static bool token_is_open(const void *token)
{
    return atomic_load(&((const struct token *) token)->is_open);
}

static enum kv_code token_print_metrics(void *context, struct kv_buf *buf, struct kv_err *err)
{
    struct token *token = context;
    struct hsm_counters counters = { 0 };

    if (token_is_open(token)) {
        hsm_counters(token->hsm, &counters);
    }
    KV_TRY(kv_buf_printf(
        buf, err,
        "# HELP coffer_token_calls_total PKCS#11 calls made.\n"
        "# TYPE coffer_token_calls_total counter\n"
        "coffer_token_calls_total %lu\n"
        "# HELP coffer_token_failures_total PKCS#11 calls that returned anything but CKR_OK.\n"
        "# TYPE coffer_token_failures_total counter\n"
        "coffer_token_failures_total %lu\n"
        "# HELP coffer_token_reopened_total Times the token came back.\n"
        "# TYPE coffer_token_reopened_total counter\n"
        "coffer_token_reopened_total %lu\n"
        "# HELP coffer_token_sessions Sessions of the pool, by state.\n"
        "# TYPE coffer_token_sessions gauge\n"
        "coffer_token_sessions{state=\"open\"} %u\n"
        "coffer_token_sessions{state=\"lent\"} %u\n"
        "# HELP coffer_token_keys Private keys found on the token.\n"
        "# TYPE coffer_token_keys gauge\n"
        "coffer_token_keys %zu\n",
        counters.calls, counters.failures, counters.reopened, counters.sessions_open,
        counters.sessions_lent, counters.keys));
    return token_counts_print(&token->counts, buf, err);
}

void token_lend(struct token *token, struct kv_app *app)
{
    app->print_token_metrics = token_print_metrics;
    app->token_is_open = token_is_open;
    app->describe_token = token_describe;
    app->token_context = token;
    app->hsm_faults = token->faults;
}
