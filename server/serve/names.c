/* SPDX-License-Identifier: Apache-2.0 */
/* The names that sibling containers have for this machine, which a web page cannot choose; and its
 * ports. */
#include "serve.h"

enum kv_code ports_check(const struct kv_options *options, struct kv_err *err)
{
    int64_t port = kv_option_number(options, KV_OPTION_PORT);

    if (port != 0 && port == kv_option_number(options, KV_OPTION_CONTROL_PORT)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--port and --control-port are both %d",
                       (int) port);
    }
    return authority_host_check(options, err);
}

enum kv_code control_names_read(const struct kv_options *options, const char **ret_names,
                                struct kv_err *err)
{
    static const enum kv_option lists[] = { KV_OPTION_SAN, KV_OPTION_CONTROL_HOST };
    size_t count = 0;

    for (size_t list = 0; list < KV_COUNT(lists); list++) {
        size_t items = kv_option_list_count(options, lists[list]);
        if (items > KV_CONTROL_NAMES_MAX - count) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "--control-host: at most %d names, counting those of --san",
                           KV_CONTROL_NAMES_MAX);
        }
        for (size_t i = 0; i < items; i++) {
            ret_names[count++] = kv_option_list_item(options, lists[list], i);
        }
    }
    return KV_OK;
}
