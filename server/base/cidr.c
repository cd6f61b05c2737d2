/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/cidr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V4_BITS 32
#define V6_BITS 128
#define MAPPED_BITS 96 /* of ::ffff:0:0/96, in which IPv4 addresses are carried */

static const unsigned char mapped[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

static unsigned bits_of(const struct kv_address *address)
{
    return address->is_v6 ? V6_BITS : V4_BITS;
}

/* The address as it is written: one that carries IPv4 is still of IPv6. */
static bool read_address(const char *text, struct kv_address *address)
{
    *address = (struct kv_address){ .is_v6 = strchr(text, ':') != NULL };
    return inet_pton(address->is_v6 ? AF_INET6 : AF_INET, text, address->bytes) == 1;
}

static bool is_mapped(const struct kv_address *address)
{
    return address->is_v6 && memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

static void unmap(struct kv_address *address)
{
    struct kv_address v4 = { .is_v6 = false };

    memcpy(v4.bytes, address->bytes + sizeof(mapped), V4_BITS / 8);
    *address = v4;
}

bool kv_address_parse(const char *text, struct kv_address *ret_address)
{
    struct kv_address address;

    if (!read_address(text, &address)) {
        return false;
    }
    if (is_mapped(&address)) {
        unmap(&address);
    }
    *ret_address = address;
    return true;
}

void kv_address_render(const struct kv_address *address, char ret_text[KV_ADDRESS_SIZE])
{
    _Static_assert(KV_ADDRESS_SIZE >= INET6_ADDRSTRLEN, "an address fits");
    /* cannot fail: the family is one of the two, and there is room */
    (void) inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->bytes, ret_text,
                     KV_ADDRESS_SIZE);
}

/* One to three digits that do not begin with 0, unless it is 0. */
static bool read_prefix(const char *text, unsigned *ret_prefix)
{
    size_t len = strspn(text, "0123456789");
    unsigned prefix = 0;

    if (len == 0 || len > 3 || text[len] != '\0' || (text[0] == '0' && len > 1)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        prefix = prefix * 10 + (unsigned) (text[i] - '0');
    }
    *ret_prefix = prefix;
    return true;
}

/* Sets the bits behind the first `prefix` to 0. */
static void clear_rest(struct kv_address *address, unsigned prefix)
{
    unsigned byte = prefix / 8;

    if (byte < sizeof(address->bytes)) {
        address->bytes[byte] &= (unsigned char) ~(0xffU >> prefix % 8);
        memset(address->bytes + byte + 1, 0, sizeof(address->bytes) - byte - 1);
    }
}

static int compare_addresses(const struct kv_address *one, const struct kv_address *other)
{
    return one->is_v6 != other->is_v6 ? (int) one->is_v6 - (int) other->is_v6
                                      : memcmp(one->bytes, other->bytes, sizeof(one->bytes));
}

/* "ADDRESS" or "ADDRESS/PREFIX", as it is written. */
static bool read_range(const char *text, struct kv_address *address, unsigned *prefix)
{
    char copy[KV_CIDR_SIZE];
    char *slash;

    if (strlen(text) >= sizeof(copy)) {
        return false;
    }
    (void) snprintf(copy, sizeof(copy), "%s", text);
    slash = strchr(copy, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    if (!read_address(copy, address)) {
        return false;
    }
    *prefix = bits_of(address);
    return slash == NULL || (read_prefix(slash + 1, prefix) && *prefix <= bits_of(address));
}

static enum kv_code refuse_host_bits(const char *text, const struct kv_address *first,
                                     unsigned prefix, struct kv_err *err)
{
    char begin[KV_ADDRESS_SIZE];

    kv_address_render(first, begin);
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "'%s' has bits behind its prefix: the range it is in is %s/%u.", text, begin,
                   prefix);
}

enum kv_code kv_cidr_parse(const char *text, struct kv_cidr *ret_cidr, struct kv_err *err)
{
    struct kv_address address, first;
    unsigned prefix;

    if (!read_range(text, &address, &prefix)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%.60s' is neither an IP address nor a range such as 203.0.113.0/24.",
                       text);
    }
    first = address;
    clear_rest(&first, prefix);
    if (compare_addresses(&first, &address) != 0) {
        return refuse_host_bits(text, &first, prefix, err);
    }
    if (is_mapped(&address) && prefix >= MAPPED_BITS) {
        unmap(&first);
        prefix -= MAPPED_BITS;
    }
    if (prefix == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' is every address: that is the default action Allow, and no rule.",
                       text);
    }
    *ret_cidr = (struct kv_cidr){ .first = first, .prefix = (unsigned char) prefix };
    return KV_OK;
}

void kv_cidr_render(const struct kv_cidr *cidr, char ret_text[KV_CIDR_SIZE])
{
    char first[KV_ADDRESS_SIZE];

    kv_address_render(&cidr->first, first);
    (void) snprintf(ret_text, KV_CIDR_SIZE, "%s/%u", first, cidr->prefix);
}

bool kv_cidr_has(const struct kv_cidr *cidr, const struct kv_address *address)
{
    struct kv_address first = *address;

    clear_rest(&first, cidr->prefix);
    return compare_addresses(&first, &cidr->first) == 0;
}

void kv_cidrs_done(struct kv_cidrs *list)
{
    free(list->cidr);
    *list = (struct kv_cidrs){ .cidr = NULL };
}

/* It grows at powers of two. */
enum kv_code kv_cidrs_add(struct kv_cidrs *list, const struct kv_cidr *cidr, struct kv_err *err)
{
    bool is_full = (list->count & (list->count - 1)) == 0; /* 0 too */

    if (is_full) {
        size_t room = list->count > 0 ? 2 * list->count : 1;
        struct kv_cidr *grown = realloc(list->cidr, room * sizeof(*grown));

        if (grown == NULL) {
            return KV_OUT_OF_MEMORY(err);
        }
        list->cidr = grown;
    }
    list->cidr[list->count++] = *cidr;
    return KV_OK;
}

static int compare_ranges(const void *one, const void *other)
{
    const struct kv_cidr *a = one, *b = other;
    int order = compare_addresses(&a->first, &b->first);

    return order != 0 ? order : (int) a->prefix - (int) b->prefix;
}

size_t kv_cidrs_find(const struct kv_cidrs *list, const struct kv_cidr *cidr)
{
    size_t i = 0;

    while (i < list->count && compare_ranges(&list->cidr[i], cidr) != 0) {
        i++;
    }
    return i;
}

/* Room that was made stays: to add again must find it where the count says it is. */
void kv_cidrs_remove(struct kv_cidrs *list, size_t place)
{
    list->count--;
    memmove(list->cidr + place, list->cidr + place + 1,
            (list->count - place) * sizeof(*list->cidr));
}

/* Two ranges are apart, or one lies in the other; what lies in one comes right behind it. */
void kv_cidrs_sort(struct kv_cidrs *list)
{
    size_t kept = 0;

    if (list->count == 0) {
        return;
    }
    qsort(list->cidr, list->count, sizeof(*list->cidr), compare_ranges);
    for (size_t i = 1; i < list->count; i++) {
        if (!kv_cidr_has(&list->cidr[kept], &list->cidr[i].first)) {
            list->cidr[++kept] = list->cidr[i];
        }
    }
    list->count = kept + 1;
}

/* Only the last range that does not begin behind the address can have it. */
bool kv_cidrs_have(const struct kv_cidrs *sorted, const struct kv_address *address)
{
    size_t low = 0, high = sorted->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_addresses(&sorted->cidr[middle].first, address) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && kv_cidr_has(&sorted->cidr[low - 1], address);
}
