/* SPDX-License-Identifier: Apache-2.0 */
/* A step's choice is recorded in its request; steps.c reads it. */
#include "kv/http/step.h"

#include "kv/http/request.h"

static enum kv_code choose(struct kv_request *request, struct kv_choice choice)
{
    request->choice = choice;
    return KV_OK;
}

enum kv_code kv_step_answer(struct kv_request *request)
{
    return choose(request, (struct kv_choice){ .next = KV_NEXT_ANSWER });
}

enum kv_code kv_step_wait(struct kv_request *request, kv_millis until)
{
    return choose(request, (struct kv_choice){ .next = KV_NEXT_WAIT, .until = until });
}

enum kv_code kv_step_wait_virtual(struct kv_request *request, kv_millis until)
{
    return choose(request, (struct kv_choice){
                               .next = KV_NEXT_WAIT,
                               .until = until,
                               .is_virtual = true,
                           });
}

enum kv_code kv_step_wait_news(struct kv_request *request, kv_millis until)
{
    unsigned news = request->choice.news; /* from before the step looked */

    return choose(request, (struct kv_choice){
                               .next = KV_NEXT_WAIT,
                               .until = until,
                               .hears_news = true,
                               .news = news,
                           });
}

enum kv_code kv_step_hang(struct kv_request *request)
{
    return choose(request, (struct kv_choice){ .next = KV_NEXT_HANG });
}

enum kv_code kv_step_cut(struct kv_request *request, struct kv_cut cut)
{
    kv_step_spoil(request, cut);
    return choose(request, (struct kv_choice){ .next = KV_NEXT_CUT });
}

void kv_step_spoil(struct kv_request *request, struct kv_cut cut)
{
    request->cut = cut;
}
