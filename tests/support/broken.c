/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests that pass for Criterion and yet must fail: net.sh runs them one by one to see that
 * run-checked catches them.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

static void *volatile forgotten;

static void leak(void)
{
    forgotten = malloc(100);
    forgotten = NULL;
}

/* Does nothing wrong. */
Test(broken, passes)
{
    cr_assert_neq(getpid(), 0);
}

/* Found only at exit, when Criterion has stopped looking. */
Test(broken, leaks)
{
    leak();
}

/* The same in a process whose output and status nobody looks at. */
Test(broken, leaks_in_a_silent_child)
{
    pid_t child = fork();

    cr_assert_geq(child, 0);
    if (child == 0) {
        (void) dup2(open("/dev/null", O_WRONLY), STDERR_FILENO); /* if that fails: not silent */
        leak();
        exit(EXIT_SUCCESS);
    }
    cr_assert_eq(waitpid(child, NULL, 0), child);
}

/* Ends the test's process at once; in a silent child only its exit status would tell. */
Test(broken, overflows)
{
    volatile int number = INT_MAX;

    number = number + 1;
}
