/* SPDX-License-Identifier: Apache-2.0 */
/* The journal, and who hears of a new entry: those who wait for one at the control port. */
#include "serve.h"

/* From threads of either listener. That of the control port is the last to be freed; until it is
 * there nobody waits. */
static void tell(void *context)
{
    struct journal *journal = context;
    struct kv_listener *control = atomic_load(&journal->control);

    if (control != NULL) {
        kv_listener_tell(control);
    }
}

enum kv_code journal_open(struct journal *journal, const struct kv_options *options,
                          struct kv_err *err)
{
    size_t entries = (size_t) kv_option_number(options, KV_OPTION_JOURNAL);

    return entries == 0 ? KV_OK : kv_journal_new(entries, tell, journal, &journal->kept, err);
}

void journal_lend(const struct journal *journal, const struct kv_options *options,
                  struct kv_app *app)
{
    app->journal = journal->kept;
    app->journals_bodies = kv_option_flag(options, KV_OPTION_JOURNAL_BODIES);
    app->journals_control = kv_option_flag(options, KV_OPTION_JOURNAL_CONTROL);
}

void journal_hear(struct journal *journal, struct kv_listener *control)
{
    atomic_store(&journal->control, control);
}

void journal_close(struct journal *journal)
{
    kv_journal_free(journal->kept);
}
