/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/step.h - what a step of a site can choose to do next, besides passing a request on and
 * refusing it.
 *
 * A step that returns an error refuses. One that returns KV_OK passes the request on, to the next
 * step or to the handler, unless it chose something else by calling one of the functions below as
 * the last thing it does:
 *     return kv_step_wait(request, kv_clock_monotonic() + 500);
 * So each step makes one choice, which is forgotten when the next step is asked; only what happens
 * to the answer (kv_step_spoil()) stays with the request. Only for steps, on the thread of the
 * connection; not for handlers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

struct kv_request;

/*
 * What happens to an answer, or replaces it, on the wire. This ends the connection, unless a wrong
 * length happens to be the right one, or is that of a HEAD.
 *
 * EMPTY         the stream ends without a byte, over TLS with close_notify
 * RESET         the connection is reset, over TLS without close_notify
 * GARBAGE       bytes that are not HTTP, then the end
 * BAD_CHUNK     a status line, chunked, and a chunk whose size is not a number, then the end
 * TRUNCATED     the head of the answer as it is, the first `length` bytes of its body, but never
 *               all of them, then the end. If there is no body to cut (none was made, 204, HEAD),
 *               the head is cut: only the status line is sent
 * WRONG_LENGTH the whole answer, with a Content-Length of `length`, then the end; if that is too
 * little, with Connection: close, too
 * DRIBBLE       the whole answer, its body in `length` pieces, each after another `pause`
 *
 * The first three send nothing of the answer.
 */
enum kv_cut_kind {
    KV_CUT_NONE,
    KV_CUT_EMPTY,
    KV_CUT_RESET,
    KV_CUT_GARBAGE,
    KV_CUT_BAD_CHUNK,
    KV_CUT_TRUNCATED,
    KV_CUT_WRONG_LENGTH,
    KV_CUT_DRIBBLE
};

struct kv_cut {
    enum kv_cut_kind kind;
    uint64_t length; /* bytes; of DRIBBLE: pieces, at least 1 */
    kv_millis pause; /* of DRIBBLE */
};

/* "reset": for logs, and for configuration. NULL for KV_CUT_NONE. */
const char *kv_cut_name(enum kv_cut_kind kind);
/* True when nothing of the answer is sent. */
bool kv_cut_is_wordless(enum kv_cut_kind kind);

enum kv_next { KV_NEXT_PASS, KV_NEXT_ANSWER, KV_NEXT_WAIT, KV_NEXT_HANG, KV_NEXT_CUT };

/* Read by http/, written by the functions below. */
struct kv_choice {
    enum kv_next next;
    kv_millis until; /* of a wait */
    bool is_virtual; /* by the virtual clock, not by the monotonic one */
    bool hears_news; /* it ends with kv_listener_tell(), too */
    unsigned news;   /* how often that had been called when the step was asked */
};

/* Answers with what *response holds: no further step is asked and no handler runs, but the steps of
 * at_answer are asked. */
enum kv_code kv_step_answer(struct kv_request *request) kv_must_check;

/*
 * Waits until kv_clock_monotonic() shows `until`. Then the same step is asked again, and
 * request->waits says how often it has waited: only the step knows whether what it waited for has
 * come (the clock may have been moved back), and what to do after the delay. Unless the handler has
 * already run, request->now is read again: the request counts as arriving when it is let in.
 *
 * A wait occupies no thread. It ends early, and the step is not asked again, when the client
 * leaves, or ends its half of the connection: nothing is answered;
 *   the listener is drained, or too many requests are waiting (listener.h: waits), or the request
 *   has waited as long as it may (wait_max), or KV_WAITS_MAX times: KV_UNAVAILABLE. Once there is
 *   an answer (kv_site.at_answer), it is sent instead in all of these cases.
 */
enum kv_code kv_step_wait(struct kv_request *request, kv_millis until) kv_must_check;

/* The same until kv_clock_now() of the listener's clock is `until` or later, however the clock gets
 * there if it is frozen or moved. */
enum kv_code kv_step_wait_virtual(struct kv_request *request, kv_millis until) kv_must_check;

/*
 * The same as kv_step_wait(), but the step is asked again as soon as somebody calls
 * kv_listener_tell() of its listener, or has called it since the step was asked: whoever looks for
 * something that others bring, who tell when it is there, misses nothing. There is no limit to
 * the number of such waits.
 */
enum kv_code kv_step_wait_news(struct kv_request *request, kv_millis until) kv_must_check;

/* Never answers: KV_CUT_EMPTY when the client leaves, or when a wait would end early. */
enum kv_code kv_step_hang(struct kv_request *request) kv_must_check;

/* Ends the connection, in place of the handler; *response is what it uses of an answer. */
enum kv_code kv_step_cut(struct kv_request *request, struct kv_cut cut) kv_must_check;

/* Does this to the answer when it is sent, whoever makes it; what comes next is still what the step
 * returns. The last call counts; KV_CUT_NONE undoes it. */
void kv_step_spoil(struct kv_request *request, struct kv_cut cut);
