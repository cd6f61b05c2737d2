/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits look like: three models are laid through them by least squares, a constant, a line and,
 * through their logarithms, an exponential; the one that misses them least is named.
 */
#include <math.h>
#include <string.h>

#include "kv/journal/retries.h"

#define AT_ONCE 20000.0 /* microseconds: less than that is no wait */
#define SLACK 15000.0   /* by which timers and networks are off */
#define CLOSE 0.10      /* relative: what misses by less has no jitter */
#define GROWTH 1.3      /* from the first to the last: less is none */
#define STEEP 1.5       /* of two waits: more is a factor, less a span */
#define FLAT 0.5 /* of the constant's squares: a model that misses by more explains nothing */

const char *kv_backoff_name(enum kv_backoff backoff)
{
    static const char *const names[KV_BACKOFFS] = {
        [KV_BACKOFF_NONE] = "none",
        [KV_BACKOFF_SINGLE] = "single",
        [KV_BACKOFF_FIXED] = "fixed",
        [KV_BACKOFF_LINEAR] = "linear",
        [KV_BACKOFF_EXPONENTIAL] = "exponential",
    };

    return names[backoff];
}

/* Something of the number of the wait, and of its logarithm if it is one. */
struct model {
    double start, slope;
    bool is_exponential;
};

/* How far a model is off. */
struct fit {
    double worst;   /* relative, the slack apart */
    double squares; /* sum of */
};

static double value_of(const struct model *model, size_t i)
{
    double value = model->start + model->slope * (double) i;

    return model->is_exponential ? exp(value) : value;
}

static double read_wait(int64_t wait, bool as_logarithm)
{
    double value = wait > 1 ? (double) wait : 1.0;

    return as_logarithm ? log(value) : value;
}

static struct model lay_constant(const int64_t *waits, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += (double) waits[i];
    }
    return (struct model){ .start = sum / (double) count };
}

static struct model lay_line(const int64_t *waits, size_t count, bool is_exponential)
{
    double n = (double) count, x = 0, y = 0, xx = 0, xy = 0;

    for (size_t i = 0; i < count; i++) {
        double value = read_wait(waits[i], is_exponential);

        x += (double) i;
        y += value;
        xx += (double) i * (double) i;
        xy += (double) i * value;
    }
    double slope = (n * xy - x * y) / (n * xx - x * x);
    return (struct model){ (y - slope * x) / n, slope, is_exponential };
}

static struct fit measure(const struct model *model, const int64_t *waits, size_t count)
{
    struct fit fit = { 0, 0 };

    for (size_t i = 0; i < count; i++) {
        double value = value_of(model, i);
        double off = fabs((double) waits[i] - value);
        double relative = value > 0 ? (off > SLACK ? off - SLACK : 0) / value : 1.0;

        fit.worst = fmax(fit.worst, relative);
        fit.squares += off * off;
    }
    return fit;
}

static bool all_at_once(const int64_t *waits, size_t count)
{
    size_t i = 0;

    while (i < count && (double) waits[i] < AT_ONCE) {
        i++;
    }
    return i == count;
}

static bool are_close(int64_t one, int64_t other)
{
    double off = fabs((double) one - (double) other);

    return off <= SLACK + CLOSE * (double) other;
}

/* Growing waits come to a limit and stay there: how many until they do. */
static size_t skip_plateau(const int64_t *waits, size_t count)
{
    size_t end = count;

    while (end > 1 && are_close(waits[end - 2], waits[count - 1])) {
        end--;
    }
    return end >= 3 ? end : count;
}

/* Both go through two points. */
static bool is_steep(const int64_t *waits, size_t count, const struct fit *line,
                     const struct fit *curve)
{
    return count == 2 ? (double) waits[1] >= STEEP * (double) waits[0]
                      : curve->worst <= line->worst;
}

struct kv_backoff_verdict kv_backoff_judge(const int64_t *waits, size_t count)
{
    if (all_at_once(waits, count)) {
        return (struct kv_backoff_verdict){ KV_BACKOFF_NONE, false };
    }
    if (count == 1) {
        return (struct kv_backoff_verdict){ KV_BACKOFF_SINGLE, false };
    }
    count = skip_plateau(waits, count);

    struct model constant = lay_constant(waits, count);
    struct model line = lay_line(waits, count, false), curve = lay_line(waits, count, true);
    struct fit constant_fit = measure(&constant, waits, count);
    struct fit line_fit = measure(&line, waits, count), curve_fit = measure(&curve, waits, count);
    bool steep = is_steep(waits, count, &line_fit, &curve_fit);
    struct fit best = steep ? curve_fit : line_fit;
    bool grows = value_of(&curve, count - 1) >= GROWTH * value_of(&curve, 0);

    if (constant_fit.worst <= CLOSE || !grows || best.squares > FLAT * constant_fit.squares) {
        return (struct kv_backoff_verdict){ KV_BACKOFF_FIXED, constant_fit.worst > CLOSE };
    }
    return (struct kv_backoff_verdict){ steep ? KV_BACKOFF_EXPONENTIAL : KV_BACKOFF_LINEAR,
                                        best.worst > CLOSE };
}
