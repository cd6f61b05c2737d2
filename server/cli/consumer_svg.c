/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline of a consumer as a picture: a bar of its states over virtual time, and what changed. */
#include <string.h>

#include "consumer.h"
#include "journal.h"
#include "kv/base/clock.h"

#define WIDTH 900
#define LEFT 20
#define BAR_Y 40
#define BAR_HEIGHT 28
#define LINE_HEIGHT 18
#define LINES_MAX 30 /* the newest ones */

static const struct {
    const char *state, *color;
} colors[] = {
    { "starting", "#9e9e9e" }, { "encrypted", "#2e7d32" },      { "access-lost", "#c62828" },
    { "healing", "#f9a825" },  { "needs-redeploy", "#6a1b9a" },
};

static const char *color_of(const char *state)
{
    for (size_t i = 0; i < KV_COUNT(colors); i++) {
        if (strcmp(colors[i].state, state) == 0) {
            return colors[i].color;
        }
    }
    return "#000000";
}

static kv_millis time_of(const cJSON *object, const char *name)
{
    kv_millis time = 0;

    return kv_time_parse_iso(cli_text_of(object, name), &time) ? time : 0;
}

/* Text of a vault's: what means something in XML is written as a reference. */
static void write_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char) *text;

        if (c == '&' || c == '<' || c == '>' || c == '"') {
            (void) fprintf(out, "&#%u;", c);
        } else if (c >= ' ' && c != 0x7f) {
            (void) fputc(c, out);
        }
    }
}

struct drawing {
    FILE *out;
    kv_millis from, until;
};

static double place(const struct drawing *drawing, kv_millis at)
{
    kv_millis span = drawing->until - drawing->from;
    kv_millis past = at < drawing->from ? 0 : at - drawing->from;

    return span <= 0 ? LEFT : LEFT + (double) (past < span ? past : span) / (double) span * WIDTH;
}

static void draw_piece(const struct drawing *drawing, const cJSON *entry, kv_millis until)
{
    double x = place(drawing, time_of(entry, "at"));
    double width = place(drawing, until) - x;

    (void) fprintf(drawing->out,
                   "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"><title>", x,
                   BAR_Y, width > 1 ? width : 1, BAR_HEIGHT, color_of(cli_text_of(entry, "state")));
    write_text(drawing->out, cli_text_of(entry, "state"));
    (void) fputs("</title></rect>\n", drawing->out);
}

static void draw_line(const struct drawing *drawing, const cJSON *entry, int line)
{
    const char *cause = cli_text_of(entry, "cause");

    (void) fprintf(drawing->out, "<text x=\"%d\" y=\"%d\" fill=\"%s\">", LEFT,
                   BAR_Y + BAR_HEIGHT + LINE_HEIGHT * (line + 1) + 6,
                   color_of(cli_text_of(entry, "state")));
    write_text(drawing->out, cli_text_of(entry, "at"));
    (void) fputs(" ", drawing->out);
    write_text(drawing->out, cli_text_of(entry, "state"));
    (void) fputs(*cause != '\0' ? ": " : "", drawing->out);
    write_text(drawing->out, cause);
    (void) fputs("</text>\n", drawing->out);
}

static void draw_entries(const struct drawing *drawing, const cJSON *entries)
{
    int count = cJSON_GetArraySize(entries), i = 0;
    const cJSON *entry;

    cJSON_ArrayForEach (entry, entries) {
        draw_piece(drawing, entry,
                   entry->next != NULL ? time_of(entry->next, "at") : drawing->until);
        if (i >= count - LINES_MAX) {
            draw_line(drawing, entry, i - (count > LINES_MAX ? count - LINES_MAX : 0));
        }
        i++;
    }
}

enum kv_code kv_cli_draw_timeline(const cJSON *timeline, FILE *out, struct kv_err *err)
{
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(timeline, "entries");
    int count = cJSON_GetArraySize(entries);
    int lines = count < LINES_MAX ? count : LINES_MAX;
    struct drawing drawing = { out, 0, time_of(timeline, "now") };

    if (count > 0) {
        drawing.from = time_of(entries->child, "at");
    }
    (void) fprintf(out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                   "font-family=\"monospace\" font-size=\"12\">\n<rect width=\"100%%\" "
                   "height=\"100%%\" fill=\"#ffffff\"/>\n<text x=\"%d\" y=\"24\" font-size=\"16\">",
                   WIDTH + 2 * LEFT, BAR_Y + BAR_HEIGHT + LINE_HEIGHT * (lines + 2), LEFT);
    write_text(out, cli_text_of(timeline, "name"));
    (void) fputs("</text>\n", out);
    draw_entries(&drawing, entries);
    (void) fputs("</svg>\n", out);
    return ferror(out) == 0 ? KV_OK : KV_FAIL(err, KV_INTERNAL, 0, "the picture cannot be written");
}
