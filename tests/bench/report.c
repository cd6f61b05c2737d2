/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

static kv_printf(3, 0) void add(struct report *report, struct figure figure, const char *name,
                                va_list arguments)
{
    assert(report->figures < FIGURES_MAX);
    vsnprintf(figure.name, sizeof(figure.name), name, arguments);
    report->figure[report->figures++] = figure;
}

void report_value(struct report *report, const char *part, const char *unit, double value,
                  const char *name, ...)
{
    struct figure figure = { .part = part, .unit = unit, .value = value, .samples = 1 };
    va_list arguments;

    figure.low = value;
    figure.high = value;
    va_start(arguments, name);
    add(report, figure, name, arguments);
    va_end(arguments);
}

void report_samples(struct report *report, const char *part, const char *unit,
                    struct samples *samples, const char *name, ...)
{
    struct figure figure = { .part = part, .unit = unit, .samples = samples->count };
    va_list arguments;

    figure.value = samples_median(samples);
    figure.low = samples_quantile(samples, 0);
    figure.high = samples_quantile(samples, 1);
    va_start(arguments, name);
    add(report, figure, name, arguments);
    va_end(arguments);
}

static const struct target *find_target(const struct report *report, const struct figure *figure)
{
    const struct target *target = report->targets;

    while (
        target->part != NULL
        && (strcmp(target->part, figure->part) != 0 || strcmp(target->name, figure->name) != 0)) {
        target++;
    }
    return target->part != NULL ? target : NULL;
}

/* A figure that could not be measured (NAN) meets nothing. */
static bool is_met(const struct target *target, double value)
{
    return value >= target->least && value <= target->most;
}

static const char *describe_target(const struct target *target, char *text, size_t size)
{
    if (isinf(target->most)) {
        snprintf(text, size, ">= %g", target->least);
    } else if (target->least > 0) {
        snprintf(text, size, "%g..%g", target->least, target->most);
    } else {
        snprintf(text, size, "<= %g", target->most);
    }
    return text;
}

/* Four digits are more than any figure here is sure of. */
static const char *render(double value, char *text, size_t size)
{
    int decimals = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : 3;

    snprintf(text, size, "%.*f", decimals, value);
    return text;
}

static bool print_figure(const struct report *report, const struct figure *figure)
{
    const struct target *target = find_target(report, figure);
    bool met = target == NULL || is_met(target, figure->value);
    char value[32], low[32], high[32], range[72] = "", wanted[48] = "";

    if (figure->samples > 1) {
        snprintf(range, sizeof(range), "%s..%s", render(figure->low, low, sizeof(low)),
                 render(figure->high, high, sizeof(high)));
    }
    if (target != NULL) {
        describe_target(target, wanted, sizeof(wanted));
    }
    printf("%-8s %-42s %10s %-6s %-18s %-12s%s\n", figure->part, figure->name,
           render(figure->value, value, sizeof(value)), figure->unit, range, wanted,
           target == NULL ? ""
           : met          ? "met"
                          : "MISSED");
    return met;
}

/* A target of a part that was measured, without its figure: a name was misspelt. */
static bool has_figure(const struct report *report, const struct target *target)
{
    bool part_was_run = false;

    for (size_t i = 0; i < report->figures; i++) {
        const struct figure *figure = &report->figure[i];

        if (strcmp(target->part, figure->part) == 0) {
            part_was_run = true;
            if (strcmp(target->name, figure->name) == 0) {
                return true;
            }
        }
    }
    return !part_was_run;
}

bool report_print(const struct report *report)
{
    size_t missed = 0;

    printf("\n%-8s %-42s %10s %-6s %-18s %s\n", "part", "figure", "median", "unit", "range",
           "target");
    for (size_t i = 0; i < report->figures; i++) {
        missed += !print_figure(report, &report->figure[i]);
    }
    for (const struct target *target = report->targets; target->part != NULL; target++) {
        if (!has_figure(report, target)) {
            printf("%-8s %-42s was not measured: MISSED\n", target->part, target->name);
            missed++;
        }
    }
    printf("\n%ld processors; load average before %.2f; other programs took %.0f %% meanwhile%s\n",
           sysconf(_SC_NPROCESSORS_ONLN), report->load_average, report->foreign * 100,
           report->foreign > 0.05 ? ": figures of a busy machine" : "");
    printf("%zu target%s missed\n", missed, missed == 1 ? "" : "s");
    return missed == 0;
}

static cJSON *make_figure(const struct report *report, const struct figure *figure)
{
    const struct target *target = find_target(report, figure);
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "part", figure->part);
    cJSON_AddStringToObject(object, "figure", figure->name);
    cJSON_AddStringToObject(object, "unit", figure->unit);
    cJSON_AddNumberToObject(object, "median", figure->value);
    cJSON_AddNumberToObject(object, "low", figure->low);
    cJSON_AddNumberToObject(object, "high", figure->high);
    cJSON_AddNumberToObject(object, "samples", (double) figure->samples);
    if (target != NULL) {
        cJSON_AddNumberToObject(object, "least", target->least);
        cJSON_AddNumberToObject(object, "most", target->most); /* null when it is infinite */
        cJSON_AddBoolToObject(object, "met", is_met(target, figure->value));
    }
    return object;
}

bool report_write_json(const struct report *report, const char *path)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *figures = cJSON_AddArrayToObject(root, "figures");
    FILE *file = fopen(path, "we");
    bool written = false;

    cJSON_AddNumberToObject(root, "processors", (double) sysconf(_SC_NPROCESSORS_ONLN));
    cJSON_AddNumberToObject(root, "loadAverage", report->load_average);
    cJSON_AddNumberToObject(root, "foreign", report->foreign);
    for (size_t i = 0; i < report->figures; i++) {
        cJSON_AddItemToArray(figures, make_figure(report, &report->figure[i]));
    }

    char *text = cJSON_Print(root);

    if (file != NULL) {
        written = text != NULL && fprintf(file, "%s\n", text) > 0;
        written = fclose(file) == 0 && written;
    }
    if (!written) {
        perror(path);
    }
    cJSON_free(text);
    cJSON_Delete(root);
    return written;
}
