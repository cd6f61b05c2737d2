/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "kv/base/secret.h"
#include "memory.h"

TestSuite(secret, .timeout = 120);

Test(secret, differs_from_one_of_another_length)
{
    cr_assert_not(kv_secret_equal("abc", 3, "abcd", 4));
    cr_assert_not(kv_secret_equal("abcd", 4, "abc", 3));
    cr_assert_not(kv_secret_equal("", 0, "a", 1));
}

Test(secret, differs_when_any_bit_does)
{
    unsigned char a[32] = { 1, 2, 3 }, b[32];

    for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
        memcpy(b, a, sizeof(b));
        b[bit / 8] ^= (unsigned char) (1U << bit % 8);
        cr_assert_not(kv_secret_equal(a, sizeof(a), b, sizeof(b)));
    }
}

Test(secret, equals_the_same_bytes)
{
    cr_assert(kv_secret_equal("a\0b", 3, "a\0b", 3));
    cr_assert(kv_secret_equal("", 0, NULL, 0));
}

Test(secret, is_wiped_as_a_whole)
{
    struct kv_secret secret, zero;

    memset(&zero, 0, sizeof(zero));
    memset(&secret, 0x5a, sizeof(secret));
    kv_secret_done(&secret);
    cr_assert_eq(memcmp(&secret, &zero, sizeof(zero)), 0);
}

Test(secret, wipes_only_what_it_is_told)
{
    char bytes[] = "secret and not";

    kv_wipe(bytes, 6);
    cr_assert_eq(memcmp(bytes, "\0\0\0\0\0\0 and not", sizeof(bytes)), 0);
    kv_wipe(NULL, 0);
}

Test(secret, wipes_heap_memory_it_frees)
{
    char *heap = malloc(300);

    cr_assert_not_null(heap);
    for (size_t i = 0; i + 10 <= 300; i += 10) {
        memcpy(heap + i, "plaintext-", 10);
    }
    uintptr_t old = (uintptr_t) heap;
    kv_wipe_free(heap);
    cr_assert_not(memory_holds(old, 300, "plain"));
    kv_wipe_free(NULL);
}

/* In a process of its own: a leak checker could not look into a protected one. */
Test(secret, protects_the_process)
{
    int status = 0;
    pid_t child = fork();

    cr_assert_geq(child, 0);
    if (child == 0) {
        struct rlimit limit;
        kv_secret_protect_process();
        bool is_protected = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
                            && getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0
                            && limit.rlim_max == 0;
        _exit(is_protected ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}
