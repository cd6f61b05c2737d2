/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine allows this process: processors, address space and file descriptors. */
#include "serve.h"

#include <sys/resource.h>
#include <unistd.h>

#define GENERATORS_MAX 4 /* more would leave nothing to those who use keys */
#define MIB (1024UL * 1024)
#define ADDRESSES_MIB 320 /* of which idle threads and libraries take 290 */

void machine_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

enum kv_code machine_check_memory(struct kv_err *err)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
        && limit.rlim_cur < ADDRESSES_MIB * MIB) {
        return KV_FAIL(
            err, KV_UNAVAILABLE, 0,
            "the address space is limited to %llu MiB (ulimit -v), but %d MiB are needed",
            (unsigned long long) (limit.rlim_cur / MIB), ADDRESSES_MIB);
    }
    return KV_OK;
}

unsigned machine_workers(const struct kv_options *options)
{
    int64_t workers = kv_option_number(options, KV_OPTION_WORKERS);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (workers > 0) {
        return (unsigned) workers;
    }
    return processors > 0 ? (unsigned) processors : 1;
}

unsigned machine_generators(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 1) {
        return 1;
    }
    return processors > GENERATORS_MAX ? GENERATORS_MAX : (unsigned) processors;
}
