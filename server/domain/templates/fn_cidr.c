/* SPDX-License-Identifier: Apache-2.0 */
/* Networks: parseCidr(), cidrSubnet(), cidrHost(). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "kv/base/cidr.h"

/* A network, or any address of one: bits behind the prefix are kept. */
struct network {
    struct kv_address address;
    unsigned prefix, bits; /* of the prefix; of all */
};

static bool read_network(const char *text, struct network *ret_network)
{
    char address[KV_ADDRESS_SIZE];
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t) (slash - text) : 0;
    char *end;

    if (len == 0 || len >= sizeof(address) || strspn(slash + 1, "0123456789") != strlen(slash + 1)
        || slash[1] == '\0' || strlen(slash) > 4) {
        return false;
    }
    (void) snprintf(address, sizeof(address), "%.*s", (int) len, text);
    if (!kv_address_parse(address, &ret_network->address)) {
        return false;
    }
    ret_network->bits = ret_network->address.is_v6 ? 128 : 32;
    ret_network->prefix = (unsigned) strtoul(slash + 1, &end, 10);
    return ret_network->prefix <= ret_network->bits;
}

static enum kv_code read_argument(const struct template_call *call, struct network *ret_network,
                                  struct kv_err *err)
{
    if (!read_network(template_text(call, 0), ret_network)) {
        return TEMPLATE_REFUSE(err, call, "expects a network such as 10.0.0.0/16, not '%.100s'.",
                               template_text(call, 0));
    }
    return KV_OK;
}

/* Sets the bits behind the first `prefix` to zeros, or to ones. */
static void fill(const struct network *network, unsigned prefix, bool ones,
                 struct kv_address *address)
{
    for (unsigned bit = prefix; bit < network->bits; bit++) {
        unsigned char mask = (unsigned char) (0x80 >> bit % 8);

        address->bytes[bit / 8] = (unsigned char) (ones ? address->bytes[bit / 8] | mask
                                                        : address->bytes[bit / 8] & ~mask);
    }
}

/* Adds to the bits up to `end`; false when it carries beyond them. */
static bool add(struct kv_address *address, unsigned end, uint64_t number)
{
    for (unsigned bit = end; bit > 0 && number > 0; bit--) {
        unsigned char mask = (unsigned char) (0x80 >> (bit - 1) % 8);
        unsigned sum = ((address->bytes[(bit - 1) / 8] & mask) != 0) + (unsigned) (number & 1);

        address->bytes[(bit - 1) / 8] =
            (unsigned char) ((address->bytes[(bit - 1) / 8] & ~mask) | (sum & 1 ? mask : 0));
        number = (number >> 1) + (sum >> 1);
    }
    return number == 0;
}

static enum kv_code add_address(cJSON *object, const char *name, const struct kv_address *address,
                                struct kv_err *err)
{
    char text[KV_ADDRESS_SIZE];

    kv_address_render(address, text);
    return template_add(object, name, cJSON_CreateString(text), err);
}

static enum kv_code describe(const struct network *network, cJSON *object, struct kv_err *err)
{
    struct kv_address first = network->address, last = network->address, mask = network->address;
    bool is_v6 = network->address.is_v6;
    bool has_ends = !is_v6 && network->bits - network->prefix >= 2; /* network and broadcast */

    fill(network, network->prefix, false, &first);
    fill(network, network->prefix, true, &last);
    fill(network, 0, true, &mask);
    fill(network, network->prefix, false, &mask);
    KV_TRY(add_address(object, "network", &first, err));
    KV_TRY(add_address(object, "netmask", &mask, err));
    if (!is_v6) {
        KV_TRY(add_address(object, "broadcast", &last, err));
    }
    (void) add(&first, network->bits, has_ends ? 1 : 0);
    last.bytes[network->bits / 8 - 1] =
        (unsigned char) (last.bytes[network->bits / 8 - 1] - (has_ends ? 1 : 0));
    KV_TRY(add_address(object, "firstUsable", &first, err));
    KV_TRY(add_address(object, "lastUsable", &last, err));
    return template_add(object, "cidr", cJSON_CreateNumber(network->prefix), err);
}

enum kv_code template_fn_parse_cidr(struct template_eval *eval, const struct template_call *call,
                                    struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *object = cJSON_CreateObject();
    struct network network;

    KV_TRY(template_spend(eval->budget, 10 * sizeof(*object), err));
    KV_TRY(read_argument(call, &network, err));
    KV_TRY(describe(&network, object, err));
    return template_own(kv_take(object), ret_value, err);
}

enum kv_code template_fn_cidr_subnet(struct template_eval *eval, const struct template_call *call,
                                     struct template_value *ret_value, struct kv_err *err)
{
    int64_t prefix = template_integer(call, 1), index = template_integer(call, 2);
    char text[KV_ADDRESS_SIZE], made[2 * KV_CIDR_SIZE];
    struct network network;

    KV_TRY(read_argument(call, &network, err));
    if (prefix < network.prefix || prefix > network.bits || index < 0
        || (prefix - network.prefix < 63 && index >> (prefix - network.prefix) != 0)) {
        return TEMPLATE_REFUSE(err, call,
                               "has no network of '%lld' bits at index '%lld' within '%.60s'.",
                               (long long) prefix, (long long) index, template_text(call, 0));
    }
    fill(&network, network.prefix, false, &network.address);
    (void) add(&network.address, (unsigned) prefix, (uint64_t) index);
    kv_address_render(&network.address, text);
    (void) snprintf(made, sizeof(made), "%s/%lld", text, (long long) prefix);
    return template_make_text(eval->budget, made, ret_value, err);
}

/* The first usable address has index 0. */
enum kv_code template_fn_cidr_host(struct template_eval *eval, const struct template_call *call,
                                   struct template_value *ret_value, struct kv_err *err)
{
    int64_t index = template_integer(call, 1);
    char text[KV_ADDRESS_SIZE];
    struct network network;
    struct kv_address last;

    KV_TRY(read_argument(call, &network, err));
    unsigned free_bits = network.bits - network.prefix;
    int64_t ends = !network.address.is_v6 && free_bits >= 2 ? 2 : 0;
    if (index < 0 || (free_bits < 53 && index >= ((int64_t) 1 << free_bits) - ends)) {
        return TEMPLATE_REFUSE(err, call, "has no host at index '%lld' within '%.60s'.",
                               (long long) index, template_text(call, 0));
    }
    last = network.address;
    fill(&network, network.prefix, false, &last);
    (void) add(&last, network.bits, (uint64_t) index + (ends > 0 ? 1 : 0));
    kv_address_render(&last, text);
    return template_make_text(eval->budget, text, ret_value, err);
}
