/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "private.h"

void arm_reply_done(struct arm_reply *reply)
{
    cJSON_Delete(reply->body);
    cJSON_Delete(reply->details);
    free(reply->location);
    free(reply->async);
    *reply = (struct arm_reply){ 0 };
}
