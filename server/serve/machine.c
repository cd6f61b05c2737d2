/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine gives this process: processors and file descriptors. */
#include "serve.h"

#include <sys/resource.h>
#include <unistd.h>

void machine_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
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
