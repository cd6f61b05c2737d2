/* SPDX-License-Identifier: Apache-2.0 */
/* The threads, and the queue that they empty. A thread is made when a job finds none idle. */
#include <stdlib.h>

#include "run.h"

static struct job *take_job_locked(struct kv_deployments *deployments)
{
    deployments->idle++;
    while (STAILQ_EMPTY(&deployments->jobs) && !deployments->is_stopping) {
        pthread_cond_wait(&deployments->changed, &deployments->mutex);
    }
    deployments->idle--;
    struct job *job = STAILQ_FIRST(&deployments->jobs);
    if (job != NULL) {
        STAILQ_REMOVE_HEAD(&deployments->jobs, link);
    }
    return job;
}

static void *run_jobs(void *argument)
{
    struct kv_deployments *deployments = argument;
    struct job *job;

    pthread_mutex_lock(&deployments->mutex);
    while ((job = take_job_locked(deployments)) != NULL) {
        pthread_mutex_unlock(&deployments->mutex);
        job->run_it(job);
        pthread_mutex_lock(&deployments->mutex);
        deployments->busy--;
        pthread_cond_broadcast(&deployments->changed);
    }
    pthread_mutex_unlock(&deployments->mutex);
    return NULL;
}

/* If the system gives no more threads, those there are do the work. */
static void add_thread_locked(struct kv_deployments *deployments)
{
    if (deployments->started < deployments->config.threads
        && pthread_create(&deployments->thread[deployments->started], NULL, run_jobs, deployments)
               == 0) {
        deployments->started++;
    }
}

void work_post_locked(struct kv_deployments *deployments, struct job *job)
{
    STAILQ_INSERT_TAIL(&deployments->jobs, job, link);
    deployments->busy++;
    if (deployments->idle == 0 || deployments->busy > deployments->started) {
        add_thread_locked(deployments);
    }
    pthread_cond_broadcast(&deployments->changed);
}

void work_drive_locked(struct tree *tree)
{
    if (tree->is_driven) {
        tree->is_again = true;
        return;
    }
    tree->is_driven = true;
    work_post_locked(tree->deployments, &tree->drive);
}

bool work_begin_locked(struct kv_deployments *deployments)
{
    if (deployments->started == 0) {
        add_thread_locked(deployments);
    }
    return deployments->started > 0;
}

void work_end(struct kv_deployments *deployments)
{
    pthread_mutex_lock(&deployments->mutex);
    deployments->is_stopping = true;
    pthread_cond_broadcast(&deployments->changed);
    pthread_mutex_unlock(&deployments->mutex);
    for (size_t i = 0; i < deployments->started; i++) {
        pthread_join(deployments->thread[i], NULL);
    }
}
