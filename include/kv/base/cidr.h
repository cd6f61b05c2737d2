/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/cidr.h - IP addresses and ranges of them, as in firewall rules: RFC 4632 §3.1, RFC 4291 §2.
 *
 * An IPv4 address that IPv6 carries (::ffff:192.0.2.1) is the IPv4 address, and so is a range of
 * such. Reading is strict: no leading zeros, no zones, no blanks, no bits behind the prefix.
 * Plain data; a list belongs to one thread until nobody changes it any more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/err.h"

struct kv_address {
    bool is_v6;
    unsigned char bytes[16]; /* IPv4: the first four, and zeros */
};

#define KV_ADDRESS_SIZE 46 /* of a text, with its NUL */
bool kv_address_parse(const char *text, struct kv_address *ret_address);
void kv_address_render(const struct kv_address *address, char ret_text[KV_ADDRESS_SIZE]);

/* A range: all addresses that begin with the first `prefix` bits of `first`, of which the others are
 * 0. */
struct kv_cidr {
    struct kv_address first;
    unsigned char prefix; /* 1..32 or 1..128 */
};

/*
 * Reads "192.0.2.0/24", or an address alone, which is the range that it makes up. KV_BAD_PARAMETER,
 * with a text that says why: it is neither, has bits behind its prefix, or is /0: that is everybody,
 * and no rule.
 */
enum kv_code kv_cidr_parse(const char *text, struct kv_cidr *ret_cidr,
                           struct kv_err *err) kv_must_check;

#define KV_CIDR_SIZE (KV_ADDRESS_SIZE + 4)
void kv_cidr_render(const struct kv_cidr *cidr, char ret_text[KV_CIDR_SIZE]); /* with its prefix */
bool kv_cidr_has(const struct kv_cidr *cidr, const struct kv_address *address);

/* A list; whoever fills it bounds it. { 0 } is empty. */
struct kv_cidrs {
    struct kv_cidr *cidr; /* heap */
    size_t count;
};
void kv_cidrs_done(struct kv_cidrs *list);
KV_DEFINE_CLEANUP_VALUE(struct kv_cidrs, kv_cidrs_done)

/* Appends one; KV_INTERNAL when memory is short. */
enum kv_code kv_cidrs_add(struct kv_cidrs *list, const struct kv_cidr *cidr,
                          struct kv_err *err) kv_must_check;

/* Where that very range is in a list; its count: nowhere. */
size_t kv_cidrs_find(const struct kv_cidrs *list, const struct kv_cidr *cidr);

/* Takes the one at a place out; the others keep their order. */
void kv_cidrs_remove(struct kv_cidrs *list, size_t place);

/* Sorts a list for kv_cidrs_have(), and drops ranges that lie in others. */
void kv_cidrs_sort(struct kv_cidrs *list);

/* Whether the address is in one of the ranges of a sorted list. */
bool kv_cidrs_have(const struct kv_cidrs *sorted, const struct kv_address *address);
