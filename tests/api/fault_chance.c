/* SPDX-License-Identifier: Apache-2.0 */
/* The same seed hits the same requests, over real connections. */
#include <stdio.h>
#include <string.h>

#include "fault_tools.h"

TestSuite(fault_chance, .timeout = 300);

#define REQUESTS 10000

static unsigned char hits[3][REQUESTS]; /* of the runs */

/* Sends them one after the other; how many were hit. */
static unsigned run(struct client *client, unsigned seed, unsigned char ret_hits[REQUESTS])
{
    unsigned count = 0;
    char rest[256];

    (void) snprintf(rest, sizeof(rest),
                    "\"match\":{\"key\":\"chance\"},\"when\":{\"probability\":0.3,\"seed\":%u},"
                    "\"effect\":{\"status\":503}",
                    seed);
    fault_add("chance", rest);
    for (size_t i = 0; i < REQUESTS; i++) {
        API_REPLY(reply, client_call(client, "GET", "/keys/chance", NULL));
        cr_assert(reply.status == 404 || reply.status == 503, "%zu: %ld", i, reply.status);
        ret_hits[i] = reply.status == 503;
        count += ret_hits[i];
    }
    cr_expect_eq(fault_count("chance", "seen"), REQUESTS);
    cr_expect_eq(fault_count("chance", "hits"), (int) count);
    fault_remove("chance");
    return count;
}

Test(fault_chance, hits_the_same_of_ten_thousand_requests)
{
    API_CLIENT(dev);
    unsigned first = run(&dev, 42, hits[0]);

    cr_expect(first > 2700 && first < 3300, "%u", first);
    (void) run(&dev, 42, hits[1]);
    cr_expect_arr_eq(hits[0], hits[1], REQUESTS);
    (void) run(&dev, 43, hits[2]);
    cr_expect_arr_neq(hits[0], hits[2], REQUESTS);
}
