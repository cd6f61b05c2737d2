/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads there are for what, and how many requests may wait for each. */
#include "kv/http/lanes.h"

#include "kv/app/app.h"
#include "serve.h"

#define WORK_QUEUE 1024
#define GENERATE_QUEUE 256
#define GENERATE_NICENESS 5
#define OUTSIDE_SHARE 64 /* that wait for one authority */
/* One more than the threads that wait for authorities: it refuses requests for a further one. */
#define OUTSIDE_THREADS (KV_AUTHORITIES_ASKED_MAX + 1)
#define OUTSIDE_QUEUE (OUTSIDE_THREADS * OUTSIDE_SHARE)

enum kv_code lanes_open(unsigned workers, unsigned generators, struct kv_lanes **ret_lanes,
                        struct kv_err *err)
{
    const struct kv_lanes_config config = {
        .workers = workers,
        .work_queue = WORK_QUEUE,
        .generators = generators,
        .generate_queue = GENERATE_QUEUE,
        .generate_niceness = GENERATE_NICENESS,
        .outside = OUTSIDE_THREADS,
        .outside_queue = OUTSIDE_QUEUE,
        .outside_share = OUTSIDE_SHARE,
    };

    return kv_lanes_new(&config, ret_lanes, err);
}
