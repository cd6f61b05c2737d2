/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the parts of `coffer serve` that only its composition knows: the token it opens, the
 * housekeeper, the rotator, the signals. Private to the files beside it.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "folder.h"
#include "hsm.h"
#include "kv/app/app.h"
#include "kv/base/agenda.h"
#include "kv/base/options.h"
#include "kv/hsmfaults/hsmfaults.h"
#include "kv/http/certificate.h"
#include "kv/http/lanes.h"
#include "kv/http/listener.h"
#include "kv/journal/journal.h"
#include "kv/keys/rotation.h"
#include "kv/resources/resources.h"

/* Runs the emulator until a signal ends it. Errors before it is ready are the caller's to print. */
enum kv_code serve_run(const struct kv_options *options, struct kv_err *err) kv_must_check;

/*
 * Lets the requests under way get their answers. One that cannot be finished keeps a thread inside
 * the token module: then nothing may be taken down, and this ends the process. Listeners may be
 * NULL.
 */
void drain(struct kv_listener *tls, struct kv_listener *control, struct data_folder *folder);

/* The journal by --journal and its like; `kept` NULL: none is. {0} is closed. */
struct journal {
    struct kv_journal *kept;
    _Atomic(struct kv_listener *) control; /* where its readers wait */
};
enum kv_code journal_open(struct journal *journal, const struct kv_options *options,
                          struct kv_err *err) kv_must_check;
void journal_lend(const struct journal *journal, const struct kv_options *options,
                  struct kv_app *app);
/* From now on those who wait at that port hear of new entries. */
void journal_hear(struct journal *journal, struct kv_listener *control);
/* When both listeners are gone. */
void journal_close(struct journal *journal);

/* The number of crypto workers: --workers, or one for each processor. */
unsigned machine_workers(const struct kv_options *options);

/* The lanes of the requests. */
enum kv_code lanes_open(unsigned workers, unsigned generators, struct kv_lanes **ret_lanes,
                        struct kv_err *err) kv_must_check;

/* How many keys are generated side by side. */
unsigned machine_generators(void);

/*
 * Whether the address space limit leaves room to start: the C++ of a token module cannot report
 * that memory has run out, and ends the process by SIGABRT.
 */
enum kv_code machine_check_memory(struct kv_err *err) kv_must_check;

/* Up to what the system allows: 2 000 or more idle connections are normal for a test farm. */
void machine_raise_descriptors(void);

/* The control port on `listen`, as this machine reaches it: http://127.0.0.1:8080. */
#define READY_URL_SIZE 80
void ready_control_url(const char *listen, unsigned port, char ret_url[READY_URL_SIZE]);

/* Tells the service manager that started us, if one did: "READY=1", "STATUS=..." (sd_notify(3)), a line
 * for each. That it could not be told is logged, and no failure: whoever started us then sees to it. */
void supervisor_tell(const char *state);

/* Prints on standard output where the ports are: on `listen`, as this machine reaches it. */
enum kv_code ready_announce(const struct kv_app *app, const char *listen, const char *folder,
                            struct kv_err *err) kv_must_check;

/* The same for a service manager, which waits for the token, too. */
void ready_tell_supervisor(const struct kv_app *app);

/* The two ports differ, unless any free one will do; and --authority-host is one. */
enum kv_code ports_check(const struct kv_options *options, struct kv_err *err) kv_must_check;

/* The additional names of the control port, --san and --control-host: at most KV_CONTROL_NAMES_MAX,
 * which `ret_names` has room for. They are borrowed from the options. */
enum kv_code control_names_read(const struct kv_options *options, const char **ret_names,
                                struct kv_err *err) kv_must_check;

/*
 * Who may use the control port: its names, and the token of the options, which is also left in `folder`
 * for the commands of the same user (KV_CONTROL_TOKEN_NAME). Warns when others than this machine's
 * users reach it and need none.
 */
enum kv_code control_port_guard(const struct kv_options *options, const char *folder,
                                struct kv_app *app, struct kv_err *err) kv_must_check;

/* Whether the files of secrets that the options name are private: KV_BAD_PARAMETER, unless
 * --allow-shared-files. A secret on the command line is worth a warning. */
enum kv_code secrets_check(const struct kv_options *options, struct kv_err *err) kv_must_check;

/* Takes from others what they may do with the secrets in the data folder, with a line in the log; what
 * cannot be put right is refused like the files above. */
enum kv_code secrets_tighten(const struct kv_options *options, const char *folder,
                             struct kv_err *err) kv_must_check;

/* The drafts from every --vault; the first is the vault for hosts that name none. */
#define VAULT_DRAFTS_MAX 256
struct vault_drafts {
    struct kv_vault_draft draft[VAULT_DRAFTS_MAX];
    size_t count;
};
enum kv_code vaults_read(const struct kv_options *options, struct vault_drafts *ret_drafts,
                         struct kv_err *err) kv_must_check;

/* Reads --public-url, which has to tell the drafts apart; without "*." it is the first one's. */
enum kv_code vaults_read_public_url(const struct kv_options *options,
                                    const struct vault_drafts *drafts,
                                    struct kv_public_url *ret_url,
                                    struct kv_err *err) kv_must_check;

/* The verifier of tokens, with its key in `folder`, by --auth, --tenant and --trust-issuer. What
 * becomes of the keys of those issuers is logged. */
enum kv_code issuers_open(const struct kv_options *options, const char *folder,
                          struct kv_identity **ret_identity, struct kv_err *err) kv_must_check;

/* Before anything is created: whether all options make sense, and the machine has room. */
enum kv_code settings_check(const struct kv_options *options, struct kv_err *err) kv_must_check;

/* What handlers do otherwise by an option alone. */
void settings_lend(const struct kv_options *options, struct kv_app *app);

/* --auth; and --throttling, which leaves *ret_limits as it is when there are none. */
enum kv_auth settings_auth(const struct kv_options *options);
enum kv_code settings_limits(const struct kv_options *options, const struct kv_build *build,
                             struct kv_limits **ret_limits, struct kv_err *err) kv_must_check;

/* What each port serves: the first site that takes a request has it. A NULL ends them. */
extern const struct kv_site *const sites_of_tls[], *const sites_of_control[];

/* Whether options or folder have anything that certificates_open() may refuse. */
bool certificates_are_given(const struct kv_options *options, const char *folder);

/* Loads or issues the certificates for the names of these vaults and the --san ones, or takes what
 * the options give. */
enum kv_code certificates_open(const struct kv_options *options, const char *folder,
                               const struct vault_drafts *drafts,
                               const struct kv_public_url *public_url,
                               struct kv_certificates *ret_certificates,
                               struct kv_err *err) kv_must_check;

/* Warns of each vault whose name a given server certificate lacks: those that are there, and those
 * that are made later. All borrowed, and set before; it stays where it is. */
struct coverage {
    const struct kv_certificates *certificates;
    const struct kv_public_url *public_url;
};
enum kv_code coverage_watch(struct coverage *coverage, struct kv_vaults *vaults,
                            struct kv_err *err) kv_must_check;

/* "[::1]" as certificates have it: "::1". Other hosts stay as they are. */
void names_unbracket(char *host);

/* Opens the table with them; logs those that were deleted, which stay deleted. */
enum kv_code vaults_open(struct kv_vaults *vaults, const struct vault_drafts *drafts, kv_time now,
                         struct kv_err *err) kv_must_check;

/* Adds those who keep things of vaults, before that. */
void vaults_let(struct kv_vaults *vaults, struct kv_keys *keys, struct kv_roles *roles,
                struct kv_access *access, struct kv_resources *resources);

/* The vault that a SPEC names. *ret_vault NULL: it is not `only`, or was deleted before, and stays as
 * it is. KV_VAULT_NOT_FOUND. Release it. */
struct vault_named {
    const char *name;
    size_t len;       /* of the name */
    const char *only; /* the one that is asked for, in lower case; NULL: whichever it is */
    kv_time now;
};
enum kv_code vaults_find_named(struct kv_vaults *vaults, const struct vault_named *named,
                               const struct kv_vault **ret_vault, struct kv_err *err) kv_must_check;

/* Who there is and who may do what: what the options say, beside what was said since. The first five
 * are borrowed, and set before grants_open(). */
struct grants {
    const struct kv_options *options;
    const char *folder; /* the data */
    struct kv_clock *clock;
    struct kv_identity *identity;
    struct kv_vaults *vaults;
    struct kv_principals *principals;
    struct kv_key_file *arc_keys;
    struct kv_access *access;
    struct kv_events *events; /* borrowed, and set before grants_open() */
    struct kv_cidrs proxies;  /* that are trusted */
};
enum kv_code grants_open(struct grants *grants, struct kv_store *store, struct kv_roles *roles,
                         struct kv_err *err) kv_must_check;

void grants_lend(struct grants *grants, struct kv_app *app);

/* After the last request, before the roles and the store. */
void grants_close(struct grants *grants);

/* Scenarios. What a former run has left of them is put back before the options are carried out, with a
 * line in the log; they are lent once all that they change is. Free with kv_scenarios_free(). */
enum kv_code scenarios_open(struct kv_store *store, struct kv_custody *custody,
                            struct kv_keys *keys, const struct grants *grants,
                            struct kv_scenarios **ret_scenarios, struct kv_err *err) kv_must_check;
void scenarios_lend(struct kv_scenarios *scenarios, struct kv_app *app);

/* Which authority challenges name, once the port is known; the service's own by default. */
enum kv_code authority_host_check(const struct kv_options *options,
                                  struct kv_err *err) kv_must_check;
void authority_host_fill(const struct kv_options *options, struct kv_app *app);

/* Whether every --identity can be read; and every --grant, --firewall and --trusted-proxy. Nothing
 * has to exist yet. */
enum kv_code identities_check(const struct kv_options *options, struct kv_err *err) kv_must_check;
enum kv_code grants_check(const struct kv_options *options, struct kv_err *err) kv_must_check;

/* firewalls.c: the same for --firewall, which replaces a vault's network settings: at the start, and
 * of a vault that a reset makes (a kv_vault_settle_fn, with the struct grants). */
enum kv_code firewalls_check(const struct kv_options *options, struct kv_err *err) kv_must_check;
enum kv_code firewalls_apply(const struct grants *grants, struct kv_err *err) kv_must_check;
enum kv_code firewalls_settle(void *grants, struct kv_db *db, const struct kv_vault *vault,
                              struct kv_err *err) kv_must_check;

/* --trusted-proxy, sorted. Free with kv_cidrs_done(). */
enum kv_code proxies_read(const struct kv_options *options, struct kv_cidrs *ret_proxies,
                          struct kv_err *err) kv_must_check;

/* Does what the options say of grants and firewalls, at once, at all vaults. */
enum kv_code grants_apply(const struct grants *grants, struct kv_err *err) kv_must_check;

/* Opens the registry of principals, and registers those that the options name: kept ones stay as
 * they are, and one who was deleted stays deleted. KV_BAD_PARAMETER, with the name, for one who is
 * there as somebody else, and for a file that cannot be read. */
enum kv_code identities_open(const struct kv_options *options, struct kv_store *store,
                             struct kv_identity *identity, struct kv_principals **ret_principals,
                             struct kv_err *err) kv_must_check;
enum kv_code identities_apply(const struct kv_options *options, struct kv_principals *principals,
                              struct kv_err *err) kv_must_check;

/*
 * The certifier: issues the certificates under which statements are signed (contract §6.10, §11),
 * a kv_certify_fn. A certificate is kept as long as the process runs, because statements name it by
 * its digests.
 */
struct certifier; /* opaque, thread-safe */
/* `certificates` is borrowed. */
enum kv_code certifier_new(const struct kv_certificates *certificates,
                           struct certifier **ret_certifier, struct kv_err *err) kv_must_check;
void certifier_free(struct certifier *certifier); /* NULL is fine */
enum kv_code certifier_certify(void *certifier, const void *spki, size_t len, const char *name,
                               struct kv_buf *chain, struct kv_err *err) kv_must_check;

/* C_ calls, how many of them failed, and how long they were inside the module, by function. */
struct token_counts {
    atomic_ulong calls[HSM_FUNCTIONS], failures[HSM_FUNCTIONS], micros[HSM_FUNCTIONS];
};
void token_counts_enter(void); /* on the thread of the call, when nothing holds it up any more */
void token_counts_add(void *counts, const struct hsm_call *call, CK_RV rv); /* hsm_told_fn */
/* Renders the counts of the functions that were called. */
enum kv_code token_counts_print(struct token_counts *counts, struct kv_buf *buf,
                                struct kv_err *err) kv_must_check;

struct housekeeper;

/* The token, what its gate counts, and what is wrong with it. */
struct token {
    struct hsm *hsm;
    struct token_counts counts;
    struct kv_hsm_faults *faults;
    struct housekeeper *keeper; /* borrowed: who looks at it */
    const char *folder;         /* borrowed: the data folder; NULL: the token is not our own */
    const char *label;          /* borrowed */
    struct kv_keys *keys;       /* borrowed: whose pool is shown with it */
    atomic_bool is_open;        /* requests may use it: the rest of the world reads `hsm` then */
    /* While the module is closed: makes a token like the one that was there, with nothing on it. */
    enum kv_code (*make_blank)(const struct token *token, struct kv_err *err);
};

enum kv_code token_prepare(struct token *token, struct kv_clock *clock, struct housekeeper *keeper,
                           struct kv_err *err) kv_must_check;

/*
 * Opens the token that the options name; without --pkcs11-module SoftHSM's, with a token of
 * coffer's own under `folder`, made at first start, its random PINs in FOLDER/pin (0600), and refused
 * while it is missing if the store `has_token`: its keys are on the one that was lost.
 * `token` was zeroed and prepared, and stays where it is.
 */
enum kv_code token_open(const struct kv_options *options, const char *folder, bool has_token,
                        unsigned sessions, struct token *token, struct kv_err *err) kv_must_check;
bool token_has_room(void *token); /* for more keys; also while it is not open. Any thread */
/* At the end: faults hold nobody up any more. And then closed; both are fine with one that was not
 * opened. */
void token_let_go(struct token *token);
void token_close(struct token *token);

/* Its gate, a hsm_gate_fn and a hsm_told_fn; before the first call, what else faults can do to it; and
 * their end, as a row of the agenda. */
CK_RV token_ask(void *token, const struct hsm_call *call);
void token_told(void *token, const struct hsm_call *call, CK_RV rv);
void token_lend_hands(struct token *token, bool is_own);
void token_add_due(struct token *token, struct kv_agenda *agenda);

/* Whether the options leave it to coffer to provide the token. */
bool token_is_own(const struct kv_options *options);

/* Lends what the control port shows of it, and its faults. */
void token_lend(struct token *token, struct kv_app *app);

/*
 * The rotator: a row of the agenda that rotates keys by their policies when they are due. A key
 * whose rotation failed waits longer each time. Freed after the lanes.
 */
struct rotator; /* opaque, thread-safe */
struct rotator_config {
    struct kv_keys *keys; /* borrowed, as the next one is */
    struct kv_vaults *vaults;
};
enum kv_code rotator_new(const struct rotator_config *config, struct rotator **ret_rotator,
                         struct kv_err *err) kv_must_check;
void rotator_free(struct rotator *rotator); /* NULL is fine */
void rotator_add(struct rotator *rotator, struct kv_agenda *agenda);

/* Whoever has something due; all borrowed. */
struct due {
    struct kv_vaults *vaults;
    struct kv_access *access;
    struct kv_keys *keys;
    struct rotator *rotator;
    struct token *token;
    struct kv_consumers *consumers;
};

/* Creates the agenda with all of its rows, which borrow what they work on. */
enum kv_code due_open(struct kv_clock *clock, const struct due *due, struct kv_agenda **ret_agenda,
                      struct kv_err *err) kv_must_check;

/*
 * The housekeeper: one thread that runs what is due on the agenda while nobody moves the clock,
 * passes slow rows to the generation lane, destroys objects without an owner, and checks the token
 * every two seconds and whenever the alarm is sounded. The state of the token and of the store's
 * files is logged when it changes.
 */
struct housekeeper; /* opaque, thread-safe */

/* What it looks after; all borrowed. */
struct chores {
    struct kv_keys *keys;
    struct hsm *hsm;
    struct kv_store *store;
    struct kv_agenda *agenda;
    struct kv_lanes *lanes;
};

/* Created before the token's other users, which sound its alarm; started once the rest is there.
 * Freed after the lanes. */
enum kv_code housekeeper_new(struct kv_clock *clock, struct housekeeper **ret_keeper,
                             struct kv_err *err) kv_must_check;
enum kv_code housekeeper_start(struct housekeeper *keeper, const struct chores *chores,
                               struct kv_err *err) kv_must_check;
void housekeeper_stop(struct housekeeper *keeper); /* joins the thread, if it runs */
void housekeeper_free(struct housekeeper *keeper); /* NULL is fine */

/* Looks at the token now, in the caller's thread: which opens it again if it can be. */
void housekeeper_look(struct housekeeper *keeper);

/* These take the housekeeper as an untyped context, for code that must not know it. The second waits
 * at most half a second for a new look at the token, so that it does not tell of an old one;
 * of a token that is busy for longer it tells what the last look found. */
void housekeeper_alarm(void *keeper);
bool housekeeper_token_is_healthy(void *keeper);

/* Fetches a URL into a bounded buffer: a kv_fetch_fn. Two and a half seconds at most, including the
 * name lookup and connecting; no redirects, no proxy. */
enum kv_code fetch_url(const char *url, struct kv_buf *body, struct kv_err *err) kv_must_check;
enum kv_code fetch_of_issuer(const char *url, struct kv_buf *body,
                             struct kv_err *err) kv_must_check;

/* From now on nothing more is fetched; fetches under way end within a tenth of a second. */
void fetch_end(void);

/*
 * SIGTERM and SIGINT; SIGHUP and SIGQUIT unless they were ignored from the start. Block them before
 * any other thread is made. The first one makes signals_wait() return; after
 * signals_watch_second(), another one that comes a second or more later ends the process at once,
 * with exit code 128 plus its number; a temporary folder is removed first.
 */
void signals_block(void);
bool signals_have_come(void); /* whether signals_wait() would return at once */
int signals_wait(void);
enum kv_code signals_watch_second(const struct data_folder *folder,
                                  struct kv_err *err) kv_must_check;
