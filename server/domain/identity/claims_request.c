/* SPDX-License-Identifier: Apache-2.0 */
/* What a client asks its token to say: OpenID Connect Core 1.0 §5.5. */
#include <string.h>

#include "claims.h"
#include "kv/base/json.h"

bool kv_identity_read_claims_request(const char *json, bool *ret_announces_cp1)
{
    kv_auto(cJSON_Delete) cJSON *claims = NULL;

    if (kv_json_parse(json, strlen(json), &claims, NULL) != KV_OK || !kv_json_is_unique(claims)) {
        return false;
    }
    const cJSON *token = cJSON_GetObjectItemCaseSensitive(claims, "access_token");
    const cJSON *wish = cJSON_GetObjectItemCaseSensitive(token, "xms_cc");
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(wish, "values");

    values = values != NULL ? values : cJSON_GetObjectItemCaseSensitive(wish, "value");
    *ret_announces_cp1 = kv_claims_announce_cp1(values);
    return true;
}
