/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timeline of a consumer as a picture: a bar of its states over virtual time, and below it what
 * changed. It brings its colours along, for light and for dark, as it is shown by others, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/base/buf.h"
#include "xml.h"

#define WIDTH 940
#define LEFT 20
#define ROOM (WIDTH - 2 * LEFT)
#define BAR_Y 44
#define BAR_HEIGHT 28
#define AXIS_Y (BAR_Y + BAR_HEIGHT + 16)
#define LINE_HEIGHT 18
#define LINES_Y (AXIS_Y + 26)
#define LINES_MAX 30 /* the newest ones */
#define STATE_X 170
#define CAUSE_X 290
#define CAUSE_MAX 84   /* characters that fit behind it */
#define LETTER_WIDTH 8 /* at least that of the font */
#define TICKS 4
#define WHEN_SIZE sizeof("2026-11-30 02:03:26")

/* The states have the colours that the page gives to outcomes (api/control/page/page.css). */
static const char style[] =
    "<style>svg{font:12px ui-monospace,Menlo,Consolas,monospace}"
    ".paper{fill:#fff}.ink{fill:#1b2733}.soft{fill:#526273}.on{fill:#fff}"
    ".starting{fill:#6b7785}.encrypted{fill:#156c4b}.access-lost{fill:#c0262d}"
    ".healing{fill:#a85800}.needs-redeploy{fill:#7642c0}"
    "@media(prefers-color-scheme:dark){"
    ".paper{fill:#18212a}.ink{fill:#e4eaf0}.soft{fill:#a3b1be}.on{fill:#10161c}"
    ".starting{fill:#93a1ae}.encrypted{fill:#53c596}.access-lost{fill:#f4797e}"
    ".healing{fill:#eea34a}.needs-redeploy{fill:#b695f0}}</style>\n";

/* What is drawn, oldest first; on the heap: it is too large for a stack. */
struct drawing {
    struct kv_buf *out; /* borrowed */
    kv_millis from, until;
    size_t count;
    struct entry entry[KV_CONSUMER_HISTORY_MAX];
};

static bool take_entry(void *drawing_, const struct entry *entry)
{
    struct drawing *drawing = drawing_;

    if (drawing->count < KV_COUNT(drawing->entry)) {
        drawing->entry[drawing->count++] = *entry;
    }
    return true;
}

/* The clock may have been moved back in between. */
static void find_frame(struct drawing *drawing, kv_millis now)
{
    drawing->from = drawing->until = now;
    for (size_t i = 0; i < drawing->count; i++) {
        kv_millis at = drawing->entry[i].at;

        drawing->from = at < drawing->from ? at : drawing->from;
        drawing->until = at > drawing->until ? at : drawing->until;
    }
}

static double place(const struct drawing *drawing, kv_millis at)
{
    kv_millis span = drawing->until - drawing->from;

    return span == 0 ? LEFT : LEFT + (double) (at - drawing->from) / (double) span * ROOM;
}

/* "2026-11-30 02:03:26" */
static void write_when(kv_millis at, char ret_text[WHEN_SIZE])
{
    char iso[KV_ISO_DATE_SIZE];

    kv_time_render_iso(at, iso);
    iso[10] = ' ';
    (void) snprintf(ret_text, WHEN_SIZE, "%.19s", iso);
}

/* --- the bar --- */

/* The piece that begins with an entry, as far as the state stays. Named where there is room. */
static enum kv_code draw_piece(const struct drawing *drawing, size_t first, size_t next,
                               struct kv_err *err)
{
    const struct entry *entry = &drawing->entry[first];
    const char *state = kv_consumer_state_name(entry->state);
    kv_millis until = next < drawing->count ? drawing->entry[next].at : drawing->until;
    double x = place(drawing, entry->at), width = place(drawing, until) - x;
    char when[WHEN_SIZE];

    width = width > 1 ? width : 1;
    write_when(entry->at, when);
    KV_TRY(kv_buf_printf(drawing->out, err,
                         "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\">"
                         "<title>%s since %s</title></rect>\n",
                         state, x, BAR_Y, width, BAR_HEIGHT, state, when));
    if (width < (double) (strlen(state) + 1) * LETTER_WIDTH) {
        return KV_OK;
    }
    return kv_buf_printf(
        drawing->out, err,
        "<text class=\"on\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x + width / 2,
        BAR_Y + BAR_HEIGHT / 2 + 4, state);
}

static enum kv_code draw_bar(const struct drawing *drawing, struct kv_err *err)
{
    size_t first = 0;

    for (size_t next = 1; next <= drawing->count; next++) {
        if (next < drawing->count && drawing->entry[next].state == drawing->entry[first].state) {
            continue;
        }
        KV_TRY(draw_piece(drawing, first, next, err));
        first = next;
    }
    return KV_OK;
}

/* As exact as the span needs it. */
static enum kv_code draw_tick(const struct drawing *drawing, int tick, struct kv_err *err)
{
    kv_millis span = drawing->until - drawing->from;
    kv_millis at = drawing->from + span / TICKS * tick + span % TICKS * tick / TICKS;
    const char *anchor = tick == 0 ? "start" : tick == TICKS ? "end" : "middle";
    int begin = span >= DAY_MS ? 5 : 11, end = span < 10 * MINUTE_MS ? 19 : 16;
    char when[WHEN_SIZE];

    write_when(at, when);
    return kv_buf_printf(
        drawing->out, err,
        "<text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%.*s</text>\n",
        place(drawing, at), AXIS_Y, anchor, end - begin, when + begin);
}

static enum kv_code draw_axis(const struct drawing *drawing, struct kv_err *err)
{
    if (drawing->until == drawing->from) {
        return draw_tick(drawing, 0, err);
    }
    for (int tick = 0; tick <= TICKS; tick++) {
        KV_TRY(draw_tick(drawing, tick, err));
    }
    return KV_OK;
}

/* --- the lines --- */

/* What there is to say of it: of good news a check says nothing. */
static const char *explain(const struct entry *entry)
{
    if (entry->cause[0] != '\0') {
        return entry->cause;
    }
    if (entry->state == KV_CONSUMER_HEALING) {
        return "access is back";
    }
    return entry->state == KV_CONSUMER_NEEDS_REDEPLOY && entry->is_healthy
               ? "checks are good again, and data stays out of reach"
               : entry->reason;
}

static enum kv_code draw_line(const struct drawing *drawing, const struct entry *entry, size_t line,
                              struct kv_err *err)
{
    const char *state = kv_consumer_state_name(entry->state);
    const char *why = explain(entry);
    int y = LINES_Y + LINE_HEIGHT * (int) line;
    char when[WHEN_SIZE];

    write_when(entry->at, when);
    KV_TRY(kv_buf_printf(drawing->out, err,
                         "<text class=\"soft\" x=\"%d\" y=\"%d\">%s</text>"
                         "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>",
                         LEFT, y, when, state, STATE_X, y, state));
    if (*why != '\0') {
        KV_TRY(kv_buf_printf(drawing->out, err, "<text class=\"ink\" x=\"%d\" y=\"%d\"><title>",
                             CAUSE_X, y));
        KV_TRY(xml_write(drawing->out, why, SIZE_MAX, err));
        KV_TRY(kv_buf_printf(drawing->out, err, "</title>"));
        KV_TRY(xml_write(drawing->out, why, CAUSE_MAX, err));
        KV_TRY(kv_buf_printf(drawing->out, err, "</text>"));
    }
    return kv_buf_printf(drawing->out, err, "\n");
}

static size_t count_lines(const struct drawing *drawing)
{
    return drawing->count < LINES_MAX ? drawing->count : LINES_MAX;
}

static enum kv_code draw_lines(const struct drawing *drawing, struct kv_err *err)
{
    size_t lines = count_lines(drawing), left_out = drawing->count - lines;

    for (size_t i = 0; i < lines; i++) {
        KV_TRY(draw_line(drawing, &drawing->entry[left_out + i], i, err));
    }
    if (left_out == 0) {
        return KV_OK;
    }
    return kv_buf_printf(
        drawing->out, err,
        "<text class=\"soft\" x=\"%d\" y=\"%d\">%zu earlier changes are in the bar "
        "alone</text>\n",
        LEFT, LINES_Y + LINE_HEIGHT * (int) lines, left_out);
}

/* --- the whole --- */

/* A consumer's name is a label of a host: nothing in it means something in XML. */
static enum kv_code draw(const struct drawing *drawing, const struct kv_consumer_view *view,
                         struct kv_err *err)
{
    size_t lines = count_lines(drawing) + (drawing->count > LINES_MAX ? 1 : 0);
    int height = LINES_Y + LINE_HEIGHT * (int) lines;
    char now[WHEN_SIZE];

    write_when(drawing->until, now);
    KV_TRY(kv_buf_printf(drawing->out, err,
                         "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                         "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>Timeline of %s</title>\n",
                         WIDTH, height, WIDTH, height, view->name));
    KV_TRY(kv_buf_append(drawing->out, style, sizeof(style) - 1, err));
    KV_TRY(kv_buf_printf(drawing->out, err,
                         "<rect class=\"paper\" width=\"100%%\" height=\"100%%\" rx=\"8\"/>\n"
                         "<text class=\"ink\" x=\"%d\" y=\"28\" font-size=\"15\" "
                         "font-weight=\"600\">%s</text>\n"
                         "<text class=\"soft\" x=\"%d\" y=\"28\" text-anchor=\"end\">%s, until %s "
                         "UTC</text>\n",
                         LEFT, view->name, WIDTH - LEFT, view->profile, now));
    KV_TRY(draw_bar(drawing, err));
    KV_TRY(draw_axis(drawing, err));
    KV_TRY(draw_lines(drawing, err));
    return kv_buf_printf(drawing->out, err, "</svg>\n");
}

KV_DEFINE_CLEANUP(void *, free)

enum kv_code kv_consumers_draw(struct kv_consumers *consumers, const char *name,
                               struct kv_buf *picture, struct kv_err *err)
{
    kv_auto(free) void *room = calloc(1, sizeof(struct drawing));
    struct drawing *drawing = room;
    struct kv_consumer_view view;

    if (drawing == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_consumers_find(consumers, name, &view, err));
    KV_TRY(keeping_history(consumers->store, view.name, false, take_entry, drawing, err));
    drawing->out = picture;
    find_frame(drawing, kv_clock_now(consumers->clock));
    return draw(drawing, &view, err);
}
