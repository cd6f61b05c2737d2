/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test that kills the daemon of its program: net.sh runs it to see that such a program ends at
 * once, and says why.
 */
#include <signal.h>

#include "api.h"

Test(bereaved, has_no_daemon)
{
    API_CLIENT(dev);

    kill(api_daemon()->pid, SIGKILL);
    API_REPLY(reply, client_call(&dev, "GET", "/keys", NULL));
    cr_assert_eq(reply.status, 200);
}
