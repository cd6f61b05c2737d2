/* SPDX-License-Identifier: Apache-2.0 */
#include "effect.h"

#include <string.h>
#include <strings.h>

#define WITH_PLAINTEXT (KV_OPERATION_BIT(UNWRAP_KEY) | KV_OPERATION_BIT(DECRYPT))
#define WITH_SIGNATURE KV_OPERATION_BIT(SIGN)
#define WITH_TOKEN (KV_OPERATIONS_OF_MANAGED | KV_OPERATION_BIT(AUTHORITY_TOKEN))
#define PIECES_MAX 1000

struct dribble {
    uint64_t chunks;
    kv_millis duration;
};

/* An effect as it was given. */
struct sent_effect {
    struct fault_said said;
    struct fault_delay delay;
    enum kv_fault_cut cut;
    uint64_t length;
    bool has_length, hang, carried_out, malformed_json, refuse;
    enum kv_fault_certificate certificate;
    struct dribble dribble;
    enum kv_fault_twist twist;
};

static void sent_effect_done(struct sent_effect *sent)
{
    fault_said_done(&sent->said);
}
KV_DEFINE_CLEANUP_VALUE(struct sent_effect, sent_effect_done)

/* Our own words, and WireMock's where it has one for the same. */
static const struct cut_name {
    const char *name;
    enum kv_fault_cut cut;
} cuts[] = {
    { "reset", KV_FAULT_CUT_RESET },         { "CONNECTION_RESET_BY_PEER", KV_FAULT_CUT_RESET },
    { "empty", KV_FAULT_CUT_EMPTY },         { "EMPTY_RESPONSE", KV_FAULT_CUT_EMPTY },
    { "garbage", KV_FAULT_CUT_GARBAGE },     { "RANDOM_DATA_THEN_CLOSE", KV_FAULT_CUT_GARBAGE },
    { "bad_chunk", KV_FAULT_CUT_BAD_CHUNK }, { "MALFORMED_RESPONSE_CHUNK", KV_FAULT_CUT_BAD_CHUNK },
    { "truncated", KV_FAULT_CUT_TRUNCATED }, { "wrong_length", KV_FAULT_CUT_WRONG_LENGTH },
};

static enum kv_code read_cut(const cJSON *value, const char *name, void *target, struct kv_err *err)
{
    for (size_t i = 0; cJSON_IsString(value) && i < KV_COUNT(cuts); i++) {
        if (strcmp(cuts[i].name, value->valuestring) == 0) {
            *(enum kv_fault_cut *) target = cuts[i].cut;
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "'%s' must be one of reset, empty, garbage, bad_chunk, truncated, wrong_length.",
                   name);
}

static enum kv_code read_twist(const cJSON *value, const char *name, void *target,
                               struct kv_err *err)
{
    static const struct {
        const char *name;
        enum kv_fault_twist twist;
    } rows[] = {
        { "wrong_plaintext", KV_FAULT_TWIST_PLAINTEXT },
        { "zero_r", KV_FAULT_TWIST_ZERO_R },
        { "zero_s", KV_FAULT_TWIST_ZERO_S },
        { "expired_token", KV_FAULT_TWIST_OLD_TOKEN },
        { "foreign_token", KV_FAULT_TWIST_FOREIGN_TOKEN },
        { "wrong_audience", KV_FAULT_TWIST_OTHER_AUDIENCE },
    };

    for (size_t i = 0; cJSON_IsString(value) && i < KV_COUNT(rows); i++) {
        if (strcmp(rows[i].name, value->valuestring) == 0) {
            *(enum kv_fault_twist *) target = rows[i].twist;
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "'%s' must be one of wrong_plaintext, zero_r, zero_s, expired_token, "
                   "foreign_token, wrong_audience.",
                   name);
}

static enum kv_code read_certificate(const cJSON *value, const char *name, void *target,
                                     struct kv_err *err)
{
    static const char *const names[KV_FAULT_CERTIFICATE_COUNT] = {
        [KV_FAULT_CERTIFICATE_EXPIRED] = "expired",
        [KV_FAULT_CERTIFICATE_NOT_YET_VALID] = "not_yet_valid",
        [KV_FAULT_CERTIFICATE_WRONG_NAME] = "wrong_name",
        [KV_FAULT_CERTIFICATE_FOREIGN_CA] = "foreign_ca",
    };

    for (unsigned i = 1; cJSON_IsString(value) && i < KV_COUNT(names); i++) {
        if (strcmp(names[i], value->valuestring) == 0) {
            *(enum kv_fault_certificate *) target = (enum kv_fault_certificate) i;
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "'%s' must be one of expired, not_yet_valid, wrong_name, foreign_ca.", name);
}

static enum kv_code read_length(const cJSON *value, const char *name, void *target,
                                struct kv_err *err)
{
    struct sent_effect *sent = target;

    sent->has_length = true;
    return fault_read_number(value, name, &sent->length, err);
}

static enum kv_code read_dribble(const cJSON *value, const char *name, void *target,
                                 struct kv_err *err)
{
    static const struct fault_member members[] = {
        { "chunks", fault_read_count, offsetof(struct dribble, chunks) },
        { "duration", fault_read_millis, offsetof(struct dribble, duration) },
    };
    struct dribble *dribble = target;

    KV_TRY(fault_read_object(value, name, members, KV_COUNT(members), dribble, err));
    if (dribble->chunks == 0 || dribble->chunks > PIECES_MAX || dribble->duration == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' needs 'chunks', up to %d, and a 'duration' in milliseconds.", name,
                       PIECES_MAX);
    }
    return KV_OK;
}

static enum kv_code read_sent(const cJSON *json, struct sent_effect *sent, struct kv_err *err)
{
#define SAID(member) offsetof(struct sent_effect, said.member)
    static const struct fault_member members[] = {
        { "error", fault_read_refusal, offsetof(struct sent_effect, said) },
        { "status", fault_read_number, SAID(status) },
        { "code", fault_read_text, SAID(code) },
        { "inner_code", fault_read_text, SAID(inner) },
        { "message", fault_read_body, SAID(message) },
        { "body", fault_read_body, SAID(body) },
        { "content_type", fault_read_text, SAID(content_type) },
        { "headers", fault_read_answer_headers, offsetof(struct sent_effect, said) },
        { "retry_after", fault_read_after, offsetof(struct sent_effect, said) },
        { "retry_after_ms", fault_read_after_ms, offsetof(struct sent_effect, said) },
        { "retry_after_date", fault_read_after_date, offsetof(struct sent_effect, said) },
        { "delay", fault_read_delay, offsetof(struct sent_effect, delay) },
        { "hang", fault_read_bool, offsetof(struct sent_effect, hang) },
        { "cut", read_cut, offsetof(struct sent_effect, cut) },
        { "refuse", fault_read_bool, offsetof(struct sent_effect, refuse) },
        { "certificate", read_certificate, offsetof(struct sent_effect, certificate) },
        { "length", read_length, 0 },
        { "malformed_json", fault_read_bool, offsetof(struct sent_effect, malformed_json) },
        { "dribble", read_dribble, offsetof(struct sent_effect, dribble) },
        { "result", read_twist, offsetof(struct sent_effect, twist) },
        { "carried_out", fault_read_bool, offsetof(struct sent_effect, carried_out) },
    };
#undef SAID

    return fault_read_object(json, "effect", members, KV_COUNT(members), sent, err);
}

static bool is_wordless(enum kv_fault_cut cut)
{
    return cut >= KV_FAULT_CUT_RESET && cut <= KV_FAULT_CUT_GARBAGE;
}

/* One thing can become of a body. */
static enum kv_code check_body(const struct sent_effect *sent, bool has_answer, struct kv_err *err)
{
    unsigned ends = (sent->cut != KV_FAULT_CUT_NONE) + sent->hang + (sent->dribble.chunks > 0)
                    + sent->refuse + (sent->certificate != KV_FAULT_CERTIFICATE_GOOD);
    bool takes_length =
        sent->cut == KV_FAULT_CUT_TRUNCATED || sent->cut == KV_FAULT_CUT_WRONG_LENGTH;
    bool is_silent = sent->hang || is_wordless(sent->cut);

    if (ends > 1) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'cut', 'hang', 'dribble', 'refuse' and 'certificate' are different ends "
                       "of a connection: give one.");
    }
    if (is_silent && (has_answer || sent->malformed_json)) {
        return KV_FAIL(
            err, KV_BAD_PARAMETER, 0,
            "Nothing of an answer is sent with 'hang', and with 'cut' as reset, empty or "
            "garbage: an answer cannot go with it.");
    }
    if (sent->cut == KV_FAULT_CUT_BAD_CHUNK && sent->malformed_json) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "No body is sent with 'cut' as bad_chunk: it cannot be malformed.");
    }
    if (takes_length != sent->has_length) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'length', in bytes, goes with 'cut' as truncated or wrong_length, and they "
                       "need it.");
    }
    return KV_OK;
}

/* What the result of those operations can be. */
struct twisted {
    kv_operations operations;
    const char *names;
};

static struct twisted find_twisted(enum kv_fault_twist twist)
{
    if (twist == KV_FAULT_TWIST_PLAINTEXT) {
        return (struct twisted){ WITH_PLAINTEXT, "unwrapKey and decrypt" };
    }
    return twist < KV_FAULT_TWIST_OLD_TOKEN
               ? (struct twisted){ WITH_SIGNATURE, "sign" }
               : (struct twisted){ WITH_TOKEN, "imdsToken, appServiceToken, arcToken and "
                                               "authorityToken" };
}

static enum kv_code check_twist(const struct sent_effect *sent, bool has_answer,
                                struct fault_match *match, struct kv_err *err)
{
    const struct twisted twisted = find_twisted(sent->twist);
    kv_operations having = twisted.operations;

    if (sent->twist == KV_FAULT_TWIST_NONE) {
        return KV_OK;
    }
    fault_match_turn_to(match, having);
    if (has_answer || sent->hang || is_wordless(sent->cut) || sent->cut == KV_FAULT_CUT_BAD_CHUNK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'result' changes the real answer, which has to be sent: no other answer, "
                       "'hang' or 'cut' can go with it.");
    }
    if ((match->has_operations && (match->operations & ~having) != 0)
        || (match->operations & having) == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'result' is for %s alone: match no other operation.", twisted.names);
    }
    match->operations &= having;
    return KV_OK;
}

static enum kv_code check_time(const struct sent_effect *sent, bool has_answer,
                               enum kv_fault_stage stage, struct kv_err *err)
{
    bool acts_on_answer = has_answer || sent->hang || sent->cut != KV_FAULT_CUT_NONE
                          || sent->dribble.chunks > 0 || sent->delay.kind != DELAY_NONE
                          || sent->malformed_json;

    if (!sent->carried_out) {
        return KV_OK;
    }
    if (stage == KV_FAULT_ARRIVAL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "At its arrival nobody knows whether a request may be carried out: "
                       "'carried_out' cannot go with 'stage':'arrival'.");
    }
    if (!acts_on_answer) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'carried_out' says that something happens to the answer only: say what.");
    }
    return KV_OK;
}

static kv_operations operations_of(bool (*has)(const struct kv_operation_row *row))
{
    kv_operations found = 0;

    for (unsigned i = 0; i < KV_OPERATION_COUNT; i++) {
        found |= has(kv_operation_row((enum kv_operation) i)) ? UINT64_C(1) << i : 0;
    }
    return found;
}

static bool is_of_vault(const struct kv_operation_row *row)
{
    return row->place == KV_PLACE_VAULT;
}

/* Those that are refused by the state of a key. */
static const kv_operations by_state =
    KV_OPERATION_BIT(ENCRYPT) | KV_OPERATION_BIT(DECRYPT) | KV_OPERATION_BIT(SIGN)
    | KV_OPERATION_BIT(VERIFY) | KV_OPERATION_BIT(WRAP_KEY) | KV_OPERATION_BIT(UNWRAP_KEY)
    | KV_OPERATION_BIT(SECURE_WRAP_KEY) | KV_OPERATION_BIT(SECURE_UNWRAP_KEY)
    | KV_OPERATION_BIT(RELEASE);

static bool names_key(const struct kv_operation_row *row)
{
    return row->names != KV_NAMES_NOTHING;
}

/* What a refusal says must be there to be said. */
static enum kv_code check_refusal(const struct kv_fault_refusal *refusal, enum kv_fault_stage stage,
                                  struct fault_match *match, struct kv_err *err)
{
    kv_operations having = operations_of(is_of_vault);

    if (refusal == NULL || refusal->message != NULL) {
        return KV_OK;
    }
    if (refusal->login != 0) {
        having = KV_OPERATIONS_OF_AUTHORITY;
        fault_match_turn_to(match, KV_OPERATIONS_OF_LOGIN);
    }
    having &= refusal->words[0] == KV_FAULT_WORD_KEY ? operations_of(names_key) : having;
    having &= refusal->words[0] == KV_FAULT_WORD_OPERATION ? by_state : having;
    if ((match->has_operations && (match->operations & ~having) != 0)
        || (match->operations & having) == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'error' as %s is no answer to some of these operations: match others.",
                       refusal->name);
    }
    match->operations &= having;
    if (stage == KV_FAULT_ARRIVAL
        && (refusal->denial != KV_FAULT_DENIAL_NONE || refusal->login != 0)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "At its arrival nobody knows whose request it is: 'error' as %s cannot go "
                       "with 'stage':'arrival'.",
                       refusal->name);
    }
    return KV_OK;
}

static kv_millis pause_of(const struct dribble *dribble)
{
    return dribble->chunks > 0 ? dribble->duration / (kv_millis) dribble->chunks : 0;
}

static void take_over(struct sent_effect *sent, struct fault_effect *effect)
{
    struct kv_fault_effect *done = &effect->done;

    done->carried_out = sent->carried_out;
    done->hang = sent->hang;
    done->cut = sent->cut;
    done->refuse = sent->refuse;
    done->certificate = sent->certificate;
    done->length = sent->length;
    done->malformed_json = sent->malformed_json;
    done->pieces = (unsigned) sent->dribble.chunks;
    done->pause = pause_of(&sent->dribble);
    done->twist = sent->twist;
    effect->delay = sent->delay;
}

static bool is_empty(const struct fault_effect *effect)
{
    const struct kv_fault_effect *done = &effect->done;

    return !done->has_answer && !done->hang && done->cut == KV_FAULT_CUT_NONE && !done->refuse
           && done->certificate == KV_FAULT_CERTIFICATE_GOOD && !done->malformed_json
           && done->pieces == 0 && done->twist == KV_FAULT_TWIST_NONE
           && effect->delay.kind == DELAY_NONE;
}

void fault_effect_done(struct fault_effect *effect)
{
    fault_answer_done(&effect->done.answer);
}

enum kv_code fault_effect_read(const cJSON *json, enum kv_fault_stage stage,
                               struct fault_match *match, struct fault_effect *ret_effect,
                               struct kv_err *err)
{
    kv_auto(sent_effect_done) struct sent_effect sent = { .length = 0 };
    bool *has_answer = &ret_effect->done.has_answer;

    if (json == NULL) {
        sent.said.refusal = fault_refusal_find("THROTTLED");
    } else {
        KV_TRY(read_sent(json, &sent, err));
    }
    KV_TRY(fault_answer_make(&sent.said, &ret_effect->done.answer, has_answer, err));
    KV_TRY(check_body(&sent, *has_answer, err));
    KV_TRY(check_twist(&sent, *has_answer, match, err));
    KV_TRY(check_time(&sent, *has_answer, stage, err));
    KV_TRY(check_refusal(ret_effect->done.answer.refusal, stage, match, err));
    take_over(&sent, ret_effect);
    ret_effect->is_empty = is_empty(ret_effect);
    return KV_OK;
}
