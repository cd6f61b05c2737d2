/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define COLUMNS 8 /* user nice system idle iowait irq softirq steal */

double machine_load_average(void)
{
    double average;

    return getloadavg(&average, 1) == 1 ? average : NAN;
}

static double own_seconds(int who)
{
    struct rusage usage;

    getrusage(who, &usage);
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
           + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct machine_time machine_time(void)
{
    struct machine_time reading = { .all = NAN, .busy = NAN };
    double tick = (double) sysconf(_SC_CLK_TCK);
    char line[512] = "";
    char *rest = line + 3; /* behind "cpu" */
    FILE *file = fopen("/proc/stat", "re");

    reading.own = own_seconds(RUSAGE_SELF) + own_seconds(RUSAGE_CHILDREN);
    if (file == NULL) {
        return reading;
    }
    if (fgets(line, sizeof(line), file) != NULL) {
        reading.all = 0;
        reading.busy = 0;
        for (int column = 0; column < COLUMNS; column++) {
            double seconds = strtod(rest, &rest) / tick;

            reading.all += seconds;
            reading.busy += column == 3 || column == 4 ? 0 : seconds;
        }
    }
    fclose(file);
    return reading;
}

double machine_foreign(const struct machine_time *before, const struct machine_time *after)
{
    double foreign = (after->busy - before->busy) - (after->own - before->own);

    return fmax(foreign / (after->all - before->all), 0);
}
