/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps at which fault rules act: what the first rule says that matches and is due becomes
 * what comes next (step.h).
 */
#include "faults.h"

#include <stdlib.h>
#include <string.h>

#include "kv/app/api.h"

static void fate_free(void *argument)
{
    struct gate_fate *fate = argument;

    kv_fault_hit_done(&fate->hit);
    free(fate);
}

static bool ask(const struct kv_request *request, enum kv_fault_stage stage,
                struct kv_fault_hit *ret_hit)
{
    struct gate_subject subject;

    gate_fault_describe(request, stage, &subject);
    if (subject.subject.operation == KV_OPERATION_NONE && !gate_fault_is_of_vault(request)) {
        return false; /* a path that is none: rules that name no operation are for vaults */
    }
    return kv_faults_ask(request->app->faults, &subject.subject, ret_hit);
}

/* Asks the rules. False: out of memory. */
static bool meet_fate(struct kv_request *request, enum kv_fault_stage stage)
{
    struct kv_fault_hit hit;

    if (!ask(request, stage, &hit)) {
        return true;
    }
    struct gate_fate *fate = calloc(1, sizeof(*fate));
    if (fate == NULL) {
        kv_fault_hit_done(&hit);
        return false;
    }
    /* a reading may be up to one millisecond early, and an answer must not be */
    *fate = (struct gate_fate){ .hit = hit, .until = kv_clock_monotonic() + hit.delay };
    fate->until += hit.delay > 0;
    request->fate = fate;
    request->fate_free = fate_free;
    request->rule = fate->hit.id;
    return true;
}

static struct kv_cut cut_of(const struct kv_fault_effect *effect)
{
    static const enum kv_cut_kind kinds[KV_FAULT_CUT_COUNT] = {
        [KV_FAULT_CUT_NONE] = KV_CUT_NONE,
        [KV_FAULT_CUT_RESET] = KV_CUT_RESET,
        [KV_FAULT_CUT_EMPTY] = KV_CUT_EMPTY,
        [KV_FAULT_CUT_GARBAGE] = KV_CUT_GARBAGE,
        [KV_FAULT_CUT_BAD_CHUNK] = KV_CUT_BAD_CHUNK,
        [KV_FAULT_CUT_TRUNCATED] = KV_CUT_TRUNCATED,
        [KV_FAULT_CUT_WRONG_LENGTH] = KV_CUT_WRONG_LENGTH,
    };

    if (effect->pieces > 0) {
        return (struct kv_cut){ KV_CUT_DRIBBLE, effect->pieces, effect->pause };
    }
    return (struct kv_cut){ .kind = kinds[effect->cut], .length = effect->length };
}

/* What becomes of the connection, and of the answer on its way. True if that is all that happens. */
static bool choose_end(struct kv_request *request, const struct kv_fault_effect *effect,
                       enum kv_code *ret_code)
{
    struct kv_cut cut = cut_of(effect);

    if (effect->hang) {
        *ret_code = kv_step_hang(request);
        return true;
    }
    if (cut.kind != KV_CUT_NONE && kv_cut_is_wordless(cut.kind)) {
        *ret_code = kv_step_cut(request, cut);
        return true;
    }
    if (cut.kind != KV_CUT_NONE) {
        kv_step_spoil(request, cut);
    }
    return false;
}

static void twist(struct kv_request *request, enum kv_fault_twist what)
{
    if (gate_fault_is_of_vault(request)) {
        struct kv_call *call = request->context;

        call->twist = what;
    }
}

/* In place of the handler. */
static enum kv_code act(struct kv_request *request, struct kv_response *response,
                        const struct gate_fate *fate, struct kv_err *err)
{
    const struct kv_fault_effect *effect = fate->hit.effect;
    enum kv_code code;

    if (choose_end(request, effect, &code)) {
        return code;
    }
    twist(request, effect->twist);
    if (!effect->has_answer) {
        return KV_OK;
    }
    KV_TRY(gate_fault_answer(request, &effect->answer, fate->hit.id, response, err));
    return kv_step_answer(request);
}

static enum kv_code step(struct kv_request *request, struct kv_response *response,
                         enum kv_fault_stage stage, struct kv_err *err)
{
    const struct gate_fate *fate = request->fate;

    if (fate == NULL && !meet_fate(request, stage)) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (fate != NULL && request->waits == 0) {
        return KV_OK; /* it was met at the step before */
    }
    fate = request->fate;
    if (fate == NULL || fate->hit.effect->carried_out) {
        return KV_OK;
    }
    if (kv_clock_monotonic() < fate->until) {
        return kv_step_wait(request, fate->until);
    }
    return act(request, response, fate, err);
}

enum kv_code kv_fault_on_arrival(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    return kv_faults_has_any(request->app->faults) || request->fate != NULL
               ? step(request, response, KV_FAULT_ARRIVAL, err)
               : KV_OK;
}

enum kv_code kv_fault_on_request(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    return kv_faults_has_any(request->app->faults) || request->fate != NULL
               ? step(request, response, KV_FAULT_REQUEST, err)
               : KV_OK;
}

/* The real answer goes, and another one comes. */
static void replace(struct kv_request *request, const struct gate_fate *fate,
                    struct kv_response *response)
{
    bool sorted = response->sorted;
    struct kv_err raised = { .code = KV_OK };

    kv_response_reset(response);
    response->sorted = sorted;
    if (gate_fault_answer(request, &fate->hit.effect->answer, fate->hit.id, response, &raised)
        != KV_OK) {
        request->site->render_error(request, &raised, response);
    }
}

/* Without its last byte no JSON is any. */
static enum kv_code spoil_json(struct kv_response *response, struct kv_err *err)
{
    if (response->body.len > 1) {
        kv_buf_cut(&response->body, response->body.len - 1);
        return KV_OK;
    }
    return kv_buf_append(&response->body, "{", 1, err);
}

/* Whatever is sent: the headers of the rule's own answer, and the end of its JSON. */
static enum kv_code finish(struct kv_request *request, struct kv_response *response,
                           const struct kv_fault_effect *effect, struct kv_err *err)
{
    if (effect->has_answer) {
        KV_TRY(gate_fault_trim(request, &effect->answer, response, err));
    }
    return effect->malformed_json ? spoil_json(response, err) : KV_OK;
}

enum kv_code kv_fault_on_answer(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    const struct gate_fate *fate = request->fate;
    enum kv_code code;

    if (fate == NULL) {
        return KV_OK;
    }
    const struct kv_fault_effect *effect = fate->hit.effect;
    if (effect->carried_out) {
        if (request->waits == 0 && kv_clock_monotonic() < fate->until) {
            return kv_step_wait(request, fate->until);
        }
        if (choose_end(request, effect, &code)) {
            return code;
        }
        if (effect->has_answer) {
            replace(request, fate, response);
        }
    }
    return finish(request, response, effect, err);
}
