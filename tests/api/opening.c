/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A start that makes a token, beside the rest; and one with many keys, whose token takes its time: what
 * is answered meanwhile, what waits, and what comes of a token that cannot be opened after all. SoftHSM
 * waits for whoever has locked a file of its token, so these tests decide how long it takes.
 */
#include "process_tools.h"

#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

TestSuite(opening, .timeout = 120);

#define FEW 20    /* versions: of a start that waits for the token */
#define MANY 2100 /* of one that does not */
#define PATIENCE_MS 60000
#define SIGN "/keys/kept/sign"
#define ORDER "{\"alg\":\"ES256\",\"value\":\"n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg\"}"

static const char *const arguments[] = { "--vault", "dev", NULL };
static struct daemon own;
static int locked = -1; /* a file of the token */

static void execute(const char *sql)
{
    char path[400];
    sqlite3 *store;

    (void) snprintf(path, sizeof(path), "%s/coffer.db", own.folder);
    cr_assert_eq(sqlite3_open_v2(path, &store, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(store, sql, NULL, NULL, NULL), SQLITE_OK, "%s",
                 sqlite3_errmsg(store));
    sqlite3_close(store);
}

/* Versions of which the token has nothing, which is worth a line in the log and no more. */
static void add_versions(int count)
{
    char sql[1024];

    (void) snprintf(sql, sizeof(sql),
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                    " INSERT INTO version (key, version, object, kty, ops, bits, modulus, exponent,"
                    " enabled, created, updated, tags, curve, x, y)"
                    " SELECT key, printf('%%032x', i), randomblob(16), kty, ops, bits, modulus,"
                    " exponent, enabled, created, updated, tags, curve, x, y FROM version, n"
                    " WHERE version.id = (SELECT min(id) FROM version)",
                    count);
    execute(sql);
}

/* The last one in the order of names, which is an object and not the token itself. */
static void lock_token(void)
{
    struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char pattern[400];
    glob_t found;
    size_t chosen = 0;

    (void) snprintf(pattern, sizeof(pattern), "%s/tokens/*/*.object", own.folder);
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
    while (strstr(found.gl_pathv[chosen], "token.object") != NULL) {
        cr_assert_lt(++chosen, found.gl_pathc);
    }
    locked = open(found.gl_pathv[chosen], O_RDWR | O_CLOEXEC);
    globfree(&found);
    cr_assert_geq(locked, 0);
    cr_assert_eq(fcntl(locked, F_SETLK, &all), 0);
}

static void unlock_token(void)
{
    (void) close(locked); /* which ends the lock */
    locked = -1;
}

/* A folder with a key and some versions, its daemon stopped, its token locked. */
static void begin(int versions)
{
    API_SKIP_WITH_NSS("it has its token elsewhere");
    api_begin(&own, arguments);
    API_CLIENT_OF(&own, dev);
    API_REPLY(made, client_call(&dev, "POST", "/keys/kept/create", "{\"kty\":\"EC\"}"));

    cr_assert_eq(made.status, 200, "%ld %s", made.status, made.body);
    cr_assert(daemon_stop(&own));
    add_versions(versions);
    lock_token();
}

/* As long as that takes. */
static void expect_end(int wanted)
{
    int status = -1;

    cr_assert_eq(waitpid(own.pid, &status, 0), own.pid);
    own.pid = 0;
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == wanted, "%d", status);
}

/* The log is a little later than what it tells of. */
static void await_line(const char *part)
{
    for (int waited = 0; process_count_lines(&own, part) == 0; waited += 5) {
        cr_assert_lt(waited, PATIENCE_MS, "%s", part);
        process_pause(5);
    }
}

static struct reply ask(const char *path)
{
    const struct request request = { .method = "GET", .target = path, .control = true };
    struct client client = { .daemon = &own, .curl = curl_easy_init() };
    struct reply reply = client_send(&client, &request);

    curl_easy_cleanup(client.curl);
    return reply;
}

static void expect(const char *path, long status, const char *part)
{
    API_REPLY(reply, ask(path));

    cr_expect_eq(reply.status, status, "%s: %ld", path, reply.status);
    cr_expect(reply.body != NULL && strstr(reply.body, part) != NULL, "%s: %s", path, reply.body);
}

/* Somebody who uses a key while the token is not there. */
struct user {
    pthread_t thread;
    struct reply reply;
};

static void *use(void *argument)
{
    struct user *user = argument;
    API_CLIENT_OF(&own, dev);

    user->reply = client_call(&dev, "POST", SIGN, ORDER);
    return NULL;
}

static void begin_to_use(struct user *user)
{
    cr_assert_eq(pthread_create(&user->thread, NULL, use, user), 0);
}

static void end_use(struct user *user)
{
    (void) pthread_join(user->thread, NULL);
}

/* Whether the process waits for the lock; /proc/locks has those that wait behind an arrow. */
static bool waits_for_lock(void)
{
    FILE *locks = fopen("/proc/locks", "re");
    char line[256], wanted[32];
    bool found = false;

    cr_assert_not_null(locks);
    (void) snprintf(wanted, sizeof(wanted), " %d ", (int) own.pid);
    while (fgets(line, sizeof(line), locks) != NULL) {
        found = found || (strstr(line, "->") != NULL && strstr(line, wanted) != NULL);
    }
    (void) fclose(locks);
    return found;
}

static void await_lock(void)
{
    for (int waited = 0; !waits_for_lock(); waited += 5) {
        cr_assert_lt(waited, PATIENCE_MS);
        process_pause(5);
    }
}

/* A file of the data folder, which is new. */
static void put_in_the_way(const char *name)
{
    char path[400];

    (void) snprintf(path, sizeof(path), "%s/%s", own.folder, name);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert_geq(descriptor, 0);
    (void) close(descriptor);
}

static bool is_there(const char *name)
{
    char path[400];

    (void) snprintf(path, sizeof(path), "%s/%s", own.folder, name);
    return access(path, F_OK) == 0;
}

static void clear_the_way(const char *name)
{
    char path[400];

    (void) snprintf(path, sizeof(path), "%s/%s", own.folder, name);
    cr_assert_eq(unlink(path), 0);
}

/* The token is made beside the tables. */
Test(opening, of_a_new_token_that_fails_ends_the_start)
{
    API_SKIP_WITH_NSS("it has its token elsewhere");
    daemon_prepare(&own);
    put_in_the_way("tokens");
    cr_assert(daemon_launch(&own, arguments));
    expect_end(1);
    cr_expect_eq(process_count_lines(&own, "/tokens: Not a directory"), 1);
    cr_expect_not(is_there("pin"));
    clear_the_way("tokens");
    cr_assert(daemon_start(&own, arguments), "it does not go on where it stopped");
    expect("/control/v1/hsm", 200, "\"state\":\"available\"");
    api_end(&own);
}

/* It would be left behind by a start that comes to nothing. */
Test(opening, of_a_new_token_does_not_begin_before_old_certificates_are_read)
{
    char path[400];

    API_SKIP_WITH_NSS("it has its token elsewhere");
    daemon_prepare(&own);
    (void) snprintf(path, sizeof(path), "%s/tls", own.folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    put_in_the_way("tls/ca.key");
    cr_assert(daemon_launch(&own, arguments));
    expect_end(1);
    cr_expect_eq(process_count_lines(&own, "tls/ca.key does not contain a private key"), 1);
    cr_expect_not(is_there("coffer.db"));
    cr_expect_not(is_there("tokens"));
    daemon_discard(&own);
}

Test(opening, of_few_keys_is_waited_for)
{
    begin(FEW);
    cr_assert(daemon_launch(&own, arguments));
    await_lock();
    struct pollfd ready = { .fd = own.ready, .events = POLLIN };
    cr_expect_eq(poll(&ready, 1, 0), 0, "it said that it is ready");
    unlock_token();
    cr_assert(daemon_await(&own));
    await_line("token=open");
    cr_expect_eq(process_count_lines(&own, "token_open"), 0);
    api_end(&own);
}

static void spoil_pin(void)
{
    char path[400];

    (void) snprintf(path, sizeof(path), "%s/pin", own.folder);
    FILE *pin = fopen(path, "we");
    cr_assert_not_null(pin);
    (void) fputs("00000000\n11111111\n", pin);
    (void) fclose(pin);
}

/* But to wait on, which a slow machine is told again. */
static void expect_told_nothing(int descriptor)
{
    char text[256];
    ssize_t len;

    while ((len = recv(descriptor, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
        text[len] = '\0';
        cr_expect_eq(strncmp(text, "EXTEND_TIMEOUT_USEC=", 20), 0, "%s", text);
    }
}

Test(opening, that_fails_behind_ends_the_process_as_it_does_before)
{
    begin(MANY);
    spoil_pin();
    cr_assert(daemon_start(&own, arguments));
    expect("/health", 503, "\"token\":\"opening\"");
    unlock_token();
    expect_end(1);
    cr_expect_eq(process_count_lines(&own, "refuses the PIN"), 1);
    daemon_discard(&own);
}

/* A unit that is ordered after coffer's is started by systemd when it says that it is ready. */
Test(opening, has_a_service_manager_wait_and_never_says_ready_when_it_fails)
{
    char name[64];

    begin(MANY);
    (void) snprintf(name, sizeof(name), "@coffer-test-%d", (int) getpid());
    int told = process_supervise(name);
    spoil_pin();
    cr_assert(daemon_start(&own, arguments));
    process_expect_told(told, "STATUS=Opening the token");
    process_expect_told(told, "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=Opening the token; ");
    unlock_token();
    expect_end(1);
    expect_told_nothing(told);
    (void) close(told);
    daemon_discard(&own);
}

Test(opening, has_a_service_manager_wait_until_keys_can_be_used)
{
    char name[64];

    begin(MANY);
    (void) snprintf(name, sizeof(name), "@coffer-test-%d", (int) getpid());
    int told = process_supervise(name);
    cr_assert(daemon_start(&own, arguments));
    process_expect_told(told, "STATUS=Opening the token");
    process_expect_told(told, "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=Opening the token; ");
    expect("/health", 503, "\"token\":\"opening\"");
    expect_told_nothing(told);
    unlock_token();
    process_expect_told(told, "READY=1\nSTATUS=Serving on port ");
    expect("/ready", 200, "ready");
    api_end(&own);
    process_expect_told(told, "STOPPING=1\n");
    (void) close(told);
}

Test(opening, is_told_by_the_control_port)
{
    begin(MANY);
    cr_assert(daemon_start(&own, arguments));
    expect("/ready", 503, "The HSM is being opened");
    expect("/health", 503, "\"token\":\"opening\"");
    expect("/metrics", 200, "coffer_token_keys 0\n");
    expect("/control/v1/vaults", 200, "\"dev\"");
    await_line("token=opening");
    unlock_token();
    expect("/control/v1/hsm", 200, "\"state\":\"available\""); /* it waits */
    expect("/ready", 200, "ready");
    expect("/health", 200, "\"token\":\"available\"");
    await_line("token_open");
    api_end(&own);
}

Test(opening, lets_keys_be_read_and_has_their_users_wait)
{
    struct user user;

    begin(MANY);
    cr_assert(daemon_start(&own, arguments));
    begin_to_use(&user);
    API_CLIENT_OF(&own, dev);
    API_REPLY(key, client_call(&dev, "GET", "/keys/kept", NULL));
    API_REPLY(list, client_call(&dev, "GET", "/keys", NULL));
    cr_expect_eq(key.status, 200, "%s", key.body);
    cr_expect_eq(list.status, 200, "%s", list.body);
    expect("/health", 503, "opening");
    unlock_token();
    end_use(&user);
    cr_expect_eq(user.reply.status, 200, "%s", user.reply.body);
    reply_done(&user.reply);
    API_REPLY(made, client_call(&dev, "POST", "/keys/new/create", "{\"kty\":\"EC\"}"));
    cr_expect_eq(made.status, 200, "%s", made.body);
    api_end(&own);
}

/* Whoever starts coffer with a service may ask for it as soon as coffer is ready. */
Test(opening, has_the_services_that_the_options_name)
{
    const char *given[] = { "--vault", "dev", "--consumer",
                            "svc,profile=fhir,rules=none,"
                            "key=https://dev.vault.localhost:1/keys/kept",
                            NULL };

    begin(MANY);
    cr_assert(daemon_start(&own, given));
    expect("/control/v1/consumers/svc", 200, "\"state\":\"starting\"");
    expect("/health", 503, "opening");
    unlock_token();
    expect("/control/v1/hsm", 200, "available");
    api_end(&own);
}

/* What was never acknowledged is gone before anybody can use it. */
Test(opening, lets_nobody_in_before_the_sweep)
{
    struct user user;

    begin(MANY);
    execute("INSERT INTO limbo (object, doomed) SELECT object, 0 FROM version ORDER BY id LIMIT 1;"
            "UPDATE key SET latest = (SELECT min(id) FROM version)");
    cr_assert(daemon_start(&own, arguments));
    begin_to_use(&user);
    expect("/health", 503, "opening");
    unlock_token();
    end_use(&user);
    cr_expect_eq(user.reply.status, 503, "%ld %s", user.reply.status, user.reply.body);
    cr_expect_not_null(strstr(user.reply.body, "does not hold the material"), "%s",
                       user.reply.body);
    reply_done(&user.reply);
    await_line("swept unfinished=1");
    api_end(&own);
}

Test(opening, is_cut_short_by_a_signal)
{
    struct user user;

    begin(MANY);
    cr_assert(daemon_start(&own, arguments));
    begin_to_use(&user);
    API_CLIENT_OF(&own, dev);
    API_REPLY(key, client_call(&dev, "GET", "/keys/kept", NULL));
    cr_expect_eq(key.status, 200, "%s", key.body);
    cr_assert_eq(kill(own.pid, SIGTERM), 0);
    end_use(&user);
    cr_expect(user.reply.status == 503 || user.reply.status == 0, "%ld", user.reply.status);
    reply_done(&user.reply);
    unlock_token();
    expect_end(0);
    cr_assert(daemon_start(&own, arguments));
    begin_to_use(&user);
    end_use(&user);
    cr_expect_eq(user.reply.status, 200, "%s", user.reply.body);
    reply_done(&user.reply);
    api_end(&own);
}
