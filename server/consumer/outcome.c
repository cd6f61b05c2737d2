/* SPDX-License-Identifier: Apache-2.0 */
/* How a probe ends. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"

void probe_end(struct probe *probe, enum outcome outcome, long status, const char *format, ...)
{
    char *cause = probe->finding.cause;
    va_list arguments;

    va_start(arguments, format);
    int len = vsnprintf(cause, CAUSE_SIZE, format, arguments);
    va_end(arguments);
    if (len >= (int) CAUSE_SIZE) { /* what was left out is seen to be missing */
        memcpy(cause + CAUSE_SIZE - sizeof(" ..."), " ...", sizeof(" ..."));
    }
    probe->finding.outcome = outcome;
    probe->finding.status = status;
    probe->is_over = true;
}

void probe_end_refused(struct probe *probe, enum outcome outcome, long status)
{
    char text[CAUSE_SIZE];

    answer_describe(probe, status, text, sizeof(text));
    answer_name(probe, probe->finding.code, sizeof(probe->finding.code));
    probe_end(probe, outcome, status, "%s: %s", job_name(probe->job), text);
}

void probe_end_unread(struct probe *probe, long status)
{
    char text[CAUSE_SIZE];

    answer_describe_unread(probe, status, text, sizeof(text));
    probe_end(probe, OUTCOME_UNREACHABLE, status, "%s: %s", job_name(probe->job), text);
}
