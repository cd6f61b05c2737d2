/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - all that a request can reach, in this process: a store and a token in a temporary
 * folder, three vaults with some keys. No key can be made once it is there: the token says that it
 * has no room.
 *
 *   dev    premium vault    keys rsa, ec; once: one that is changed
 *   std    standard vault
 *   pool   managed HSM      keys rsa, ec, oct; free: releasable to whom https://a.test attests
 */
#pragma once

#include "kv/app/app.h"

/* Made at the first call. Ends the process when it cannot be. */
struct kv_app *world(void);

/*
 * Has the request that a text describes handled by the row of the route tables that it leads to:
 *
 *   POST dev /keys/rsa/wrapkey?api-version=7.6
 *   {"alg":"RSA-OAEP", ...
 *
 * `vault` of the first line is a name of above, or control. Nothing is asked of who sends it.
 * Returns the status of the answer; 0 for a text that does not lead anywhere. Holds whatever is
 * answered against what every answer has to be.
 */
int world_ask(const char *text, size_t len);

/* The listener of the data plane and the control port, without TLS; started at the first call. */
unsigned world_port(void);
unsigned world_control_port(void);
