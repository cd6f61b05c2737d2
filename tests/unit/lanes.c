/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes: what is accepted runs, in order and off the caller's thread; what is too much is not. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "asleep.h"
#include "kv/base/base.h"
#include "kv/http/lanes.h"

#define JOBS 100

static struct kv_lanes *lanes;
static sem_t started, released; /* of a job that blocks its lane */
static atomic_int ran;          /* jobs; some run only in the teardown */

static void open_lanes(unsigned workers, size_t queue)
{
    const struct kv_lanes_config config = {
        .workers = workers,
        .work_queue = queue,
        .generators = workers,
        .generate_queue = queue,
        .generate_niceness = 3,
        .outside = workers,
        .outside_queue = queue,
        .outside_share = 2,
    };

    cr_assert_eq(kv_lanes_new(&config, &lanes, NULL), KV_OK);
}

static void setup(void)
{
    cr_assert_eq(sem_init(&started, 0, 0), 0);
    cr_assert_eq(sem_init(&released, 0, 0), 0);
}

static void teardown(void)
{
    kv_lanes_free(lanes);
    sem_destroy(&started);
    sem_destroy(&released);
}

TestSuite(lanes, .init = setup, .fini = teardown, .timeout = 60);

static void block(void *unused)
{
    (void) unused;
    sem_post(&started);
    sem_wait(&released);
}

static void count(void *unused)
{
    (void) unused;
    atomic_fetch_add(&ran, 1);
}

/* Returns when a worker is held up in block(). */
static void occupy(enum kv_lane lane)
{
    cr_assert(kv_lanes_post(lanes, lane, block, NULL));
    sem_wait(&started);
}

Test(lanes, refuse_a_job_when_the_queue_is_full)
{
    open_lanes(1, 2);
    occupy(KV_LANE_WORK);
    cr_assert(kv_lanes_post(lanes, KV_LANE_WORK, count, NULL));
    cr_assert(kv_lanes_post(lanes, KV_LANE_WORK, count, NULL));
    cr_assert_not(kv_lanes_post(lanes, KV_LANE_WORK, count, NULL), "two may wait, not three");
    cr_assert_eq(kv_lanes_waiting(lanes, KV_LANE_WORK), 2);
    cr_assert_eq(kv_lanes_running(lanes, KV_LANE_WORK), 1);
    sem_post(&released);
}

Test(lanes, do_not_share_their_queues)
{
    open_lanes(1, 1);
    occupy(KV_LANE_WORK);
    cr_assert(kv_lanes_post(lanes, KV_LANE_WORK, count, NULL));
    cr_assert(kv_lanes_post(lanes, KV_LANE_GENERATE, count, NULL), "the other lane has room");
    sem_post(&released);
}

struct post_attempt {
    struct kv_lanes *lanes;
    bool accepted;
};

static void post_to_the_other_lane(void *argument)
{
    struct post_attempt *attempt = argument;

    block(NULL);
    attempt->accepted = kv_lanes_post(attempt->lanes, KV_LANE_WORK, block, NULL);
}

/* When the thread that frees the lanes sleeps, it waits for the job, and they are stopping. */
static void *release_when_stopping(void *argument)
{
    await_sleep(argument);
    sem_post(&released);
    return NULL;
}

Test(lanes, refuse_jobs_of_jobs_once_they_stop)
{
    struct post_attempt attempt = { .accepted = true };
    atomic_int self = gettid();
    pthread_t helper;

    open_lanes(1, 1);
    attempt.lanes = lanes;
    cr_assert(kv_lanes_post(lanes, KV_LANE_GENERATE, post_to_the_other_lane, &attempt));
    sem_wait(&started);
    cr_assert_eq(pthread_create(&helper, NULL, release_when_stopping, &self), 0);
    kv_lanes_free(kv_take(lanes));
    pthread_join(helper, NULL);
    cr_assert_not(attempt.accepted);
}

Test(lanes, run_what_is_queued_before_they_are_freed)
{
    open_lanes(2, JOBS);
    for (int i = 0; i < JOBS; i++) {
        cr_assert(kv_lanes_post(lanes, KV_LANE_WORK, count, NULL));
    }
    kv_lanes_free(kv_take(lanes));
    cr_assert_eq(ran, JOBS);
}

struct order {
    int number;
    int *next; /* of the lane's one thread */
    bool right;
};

static void check_order(void *argument)
{
    struct order *order = argument;

    order->right = order->number == (*order->next)++;
}

Test(lanes, run_jobs_in_the_order_of_posting)
{
    struct order orders[JOBS];
    int next = 0;

    open_lanes(1, JOBS / 2);
    for (int i = 0; i < JOBS; i++) {
        orders[i] = (struct order){ .number = i, .next = &next };
        while (!kv_lanes_post(lanes, KV_LANE_WORK, check_order, &orders[i])) {
            usleep(100); /* so that the ring goes round more than once */
        }
    }
    kv_lanes_free(kv_take(lanes));
    for (int i = 0; i < JOBS; i++) {
        cr_assert(orders[i].right, "job %d", i);
    }
}

Test(lanes, have_as_many_workers_as_configured)
{
    open_lanes(3, 1);
    for (int i = 0; i < 3; i++) {
        occupy(KV_LANE_WORK); /* hangs when there are fewer */
    }
    for (int i = 0; i < 3; i++) {
        sem_post(&released);
    }
}

struct thread_facts {
    int nice;
    sigset_t blocked;
};

static void look_at_thread(void *argument)
{
    struct thread_facts *facts = argument;

    facts->nice = getpriority(PRIO_PROCESS, (id_t) gettid());
    pthread_sigmask(SIG_SETMASK, NULL, &facts->blocked);
}

Test(lanes, let_others_pass_who_waits_for_its_turn)
{
    open_lanes(2, 4);
    cr_assert(kv_lanes_post_in_turn(lanes, 7, block, NULL));
    sem_wait(&started);
    cr_assert(kv_lanes_post_in_turn(lanes, 7, block, NULL));
    cr_assert(kv_lanes_post_in_turn(lanes, 8, block, NULL));
    sem_wait(&started); /* it is 8 that has the second thread */
    cr_expect_eq(kv_lanes_waiting(lanes, KV_LANE_OUTSIDE), 1);
    sem_post(&released);
    sem_post(&released);
    sem_wait(&started);
    sem_post(&released);
}

Test(lanes, refuse_more_of_one_turn_than_its_share_of_the_queue)
{
    open_lanes(1, 4);
    cr_assert(kv_lanes_post_in_turn(lanes, 7, block, NULL));
    sem_wait(&started);
    cr_assert(kv_lanes_post_in_turn(lanes, 7, count, NULL));
    cr_assert(kv_lanes_post_in_turn(lanes, 7, count, NULL));
    cr_expect_not(kv_lanes_post_in_turn(lanes, 7, count, NULL), "two may wait, not three");
    cr_expect(kv_lanes_post_in_turn(lanes, 8, count, NULL), "there is room for others");
    sem_post(&released);
}

static atomic_int together, most;

static void meet(void *unused)
{
    int now = atomic_fetch_add(&together, 1) + 1;

    (void) unused;
    if (now > most) {
        most = now;
    }
    usleep(50);
    atomic_fetch_sub(&together, 1);
    atomic_fetch_add(&ran, 1);
}

Test(lanes, run_one_job_of_a_turn_at_a_time_and_every_one_before_they_are_freed)
{
    open_lanes(4, JOBS);
    for (int i = 0; i < JOBS; i++) {
        while (!kv_lanes_post_in_turn(lanes, 7, meet, NULL)) {
            usleep(100);
        }
    }
    kv_lanes_free(kv_take(lanes));
    cr_expect_eq(ran, JOBS, "%d", ran);
    cr_expect_eq(most, 1, "%d", most);
}

/* Whether any other job of the lane runs meanwhile, and how many have run before. */
struct solitude {
    int before;
    bool was_alone;
};

static void be_alone(void *argument)
{
    struct solitude *solitude = argument;

    solitude->before = ran;
    solitude->was_alone = atomic_fetch_add(&together, 1) == 0;
    usleep(500);
    solitude->was_alone = solitude->was_alone && together == 1;
    atomic_fetch_sub(&together, 1);
}

Test(lanes, run_a_job_alone_that_wants_to_be_after_all_before_it_and_before_all_after_it)
{
    struct solitude solitude[5] = { { .was_alone = false } };

    open_lanes(4, JOBS * KV_COUNT(solitude) * 2);
    for (size_t i = 0; i < KV_COUNT(solitude); i++) {
        for (int n = 0; n < JOBS; n++) {
            cr_assert(kv_lanes_post(lanes, KV_LANE_GENERATE, meet, NULL));
        }
        cr_assert(kv_lanes_post(lanes, KV_LANE_ALONE, be_alone, &solitude[i]));
    }
    kv_lanes_free(kv_take(lanes));
    for (size_t i = 0; i < KV_COUNT(solitude); i++) {
        cr_expect(solitude[i].was_alone, "%zu", i);
        cr_expect_eq(solitude[i].before, JOBS * (int) (i + 1), "%d", solitude[i].before);
    }
    cr_expect_gt(most, 1, "the others are together");
}

Test(lanes, let_jobs_run_beside_each_other_again_after_one_that_was_alone)
{
    struct solitude solitude;

    open_lanes(2, 4);
    cr_assert(kv_lanes_post(lanes, KV_LANE_ALONE, be_alone, &solitude));
    occupy(KV_LANE_GENERATE);
    occupy(KV_LANE_GENERATE); /* hangs when one thread did not hear of the end */
    cr_expect(solitude.was_alone);
    cr_expect_not(kv_lanes_are_idle(lanes, KV_LANE_GENERATE));
    sem_post(&released);
    sem_post(&released);
}

Test(lanes, lower_the_priority_of_generation_only)
{
    struct thread_facts work, generate;
    int ours = getpriority(PRIO_PROCESS, 0);

    open_lanes(1, 1);
    cr_assert(kv_lanes_post(lanes, KV_LANE_WORK, look_at_thread, &work));
    cr_assert(kv_lanes_post(lanes, KV_LANE_GENERATE, look_at_thread, &generate));
    kv_lanes_free(kv_take(lanes));
    cr_assert_eq(work.nice, ours);
    cr_assert_eq(generate.nice, ours + 3);
}

Test(lanes, leave_signals_to_the_main_thread)
{
    struct thread_facts facts;
    sigset_t ours;

    open_lanes(1, 1);
    cr_assert(kv_lanes_post(lanes, KV_LANE_WORK, look_at_thread, &facts));
    kv_lanes_free(kv_take(lanes));
    cr_assert_eq(sigismember(&facts.blocked, SIGTERM), 1);
    pthread_sigmask(SIG_SETMASK, NULL, &ours);
    cr_assert_eq(sigismember(&ours, SIGTERM), 0, "and the mask of the caller is as before");
}
