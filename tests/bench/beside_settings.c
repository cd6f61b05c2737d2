/* SPDX-License-Identifier: Apache-2.0 */
#include "beside.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "kv/base/clock.h"

#define TOKEN_SECONDS 86400
#define CLAIMS_MAX 512

static const char usage[] =
    "Usage: beside --url URL [OPTION]...\n"
    "Measures the daemon ./coffer, or $TEST_PROGRAM, beside another server of the keys API, in "
    "turns.\n"
    "A ratio above 1: coffer gives more answers.\n\n"
    "  --url URL          of the other server's vault: https://HOST[:PORT]\n"
    "  --connect HOST:PORT\n"
    "                     where it is, when URL is a name that nothing resolves\n"
    "  --ca FILE          PEM of the CA that its certificate is checked with (default: the "
    "system's)\n"
    "  --insecure         takes any certificate\n"
    "  --token TOKEN      sent as its bearer token (default: a JWT that nobody has signed)\n"
    "  --header LINE      sent to it, too; repeatable. An \"Authorization: ...\" replaces the "
    "token\n"
    "  --api-version V    asked of both (default 7.4)\n"
    "  --only OPERATION   measure only this one; repeatable:\n"
    "                     ";
static const char usage_rest[] =
    "\n"
    "  --rounds N         of each row (default 5); a turn of each before them is not counted\n"
    "  --seconds S        length of a turn (default 1)\n"
    "  --wait S           for the other server to take connections (default 10)\n"
    "  --help\n\n"
    "Each operation is tried once before it is measured. What a server refuses is said, and the "
    "others\n"
    "are measured; the exit status is 1 then.\n\n"
    "  beside --url https://localhost:8443 --insecure\n"
    "  beside --url https://a.vault.azure.net --connect 127.0.0.1:8443 --ca ca.pem --only unwrap\n";

static const struct option options[] = {
    { "url", required_argument, NULL, 'u' },
    { "connect", required_argument, NULL, 'C' },
    { "ca", required_argument, NULL, 'c' },
    { "insecure", no_argument, NULL, 'k' },
    { "token", required_argument, NULL, 't' },
    { "header", required_argument, NULL, 'H' },
    { "only", required_argument, NULL, 'o' },
    { "api-version", required_argument, NULL, 'v' },
    { "rounds", required_argument, NULL, 'r' },
    { "seconds", required_argument, NULL, 's' },
    { "wait", required_argument, NULL, 'w' },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

static int print_help(void)
{
    fputs(usage, stdout);
    for (const struct deed *deed = side_deeds; deed->name != NULL; deed++) {
        printf("%s%s", deed == side_deeds ? "" : ", ", deed->name);
    }
    fputs(usage_rest, stdout);
    return 0;
}

/* False, having said what is wrong. */
static bool kv_printf(1, 2) refuse(const char *format, ...)
{
    va_list arguments;

    fputs("beside: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("; --help says more\n", stderr);
    return false;
}

/* --- headers --- */

/* Well-formed, for a day, and by nobody: for servers that only look whether there is a token. */
static void render_token(char *text, size_t size)
{
    static const char head[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"beside\"}";
    static const unsigned char signature[256] = { 0 };
    char claims[CLAIMS_MAX], id[KV_UUID_LENGTH + 1];
    char part[3][KV_BASE64URL_LENGTH(CLAIMS_MAX) + 1];
    long long now = kv_clock_real() / 1000;

    kv_uuid_random(id);
    (void) snprintf(claims, sizeof(claims),
                    "{\"aud\":\"https://vault.azure.net\",\"iss\":\"https://sts.windows.net/%s/\","
                    "\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld,\"appid\":\"%s\",\"oid\":\"%s\","
                    "\"tid\":\"%s\"}",
                    id, now, now, now + TOKEN_SECONDS, id, id, id);
    kv_base64url_encode(head, strlen(head), part[0]);
    kv_base64url_encode(claims, strlen(claims), part[1]);
    kv_base64url_encode(signature, sizeof(signature), part[2]);
    (void) snprintf(text, size, "%s.%s.%s", part[0], part[1], part[2]);
}

static bool add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer != NULL) {
        *list = longer;
    }
    return longer != NULL;
}

static bool add_token(struct curl_slist **list, const char *token)
{
    char *line;

    if (asprintf(&line, "Authorization: Bearer %s", token) < 0) {
        return false;
    }
    bool added = add_line(list, line);

    free(line);
    return added;
}

/* Without Expect, for which a server may be waited a second. */
static bool add_common(struct curl_slist **list)
{
    return add_line(list, "Content-Type: application/json")
           && add_line(list, "Accept: application/json") && add_line(list, "Expect:");
}

struct curl_slist *beside_headers(const char *token)
{
    struct curl_slist *list = NULL;

    if (!add_token(&list, token) || !add_common(&list)) {
        curl_slist_free_all(list);
        return NULL;
    }
    return list;
}

static bool names_caller(const struct curl_slist *headers)
{
    static const char name[] = "Authorization:";

    while (headers != NULL && strncasecmp(headers->data, name, strlen(name)) != 0) {
        headers = headers->next;
    }
    return headers != NULL;
}

static bool complete_headers(struct curl_slist **list, const char *token)
{
    char made[4096];

    if (token == NULL) {
        render_token(made, sizeof(made));
        token = made;
    }
    return (names_caller(*list) || add_token(list, token)) && add_common(list);
}

/* --- options --- */

static bool take_number(const char *name, const char *text, double least, double most,
                        double *ret_number)
{
    char *end;
    double number = strtod(text, &end);

    if (end == text || *end != '\0' || !(number >= least && number <= most)) {
        return refuse("--%s takes %g to %g, not '%s'", name, least, most, text);
    }
    *ret_number = number;
    return true;
}

static bool take_url(struct beside_settings *settings, const char *url)
{
    size_t len = strlen(url);

    while (len > 0 && url[len - 1] == '/') {
        len--;
    }
    if (strncmp(url, "https://", strlen("https://")) != 0 || len <= strlen("https://")
        || len >= sizeof(settings->url)) {
        return refuse("--url takes https://HOST[:PORT], not '%.100s'", url);
    }
    (void) snprintf(settings->url, sizeof(settings->url), "%.*s", (int) len, url);
    settings->other.url = settings->url;
    return true;
}

static bool take_place(struct beside_settings *settings, const char *place)
{
    const char *colon = strrchr(place, ':');
    char line[512];

    if (colon == NULL || colon == place || colon[1] == '\0'
        || strspn(colon + 1, "0123456789") != strlen(colon + 1)
        || snprintf(line, sizeof(line), "::%s", place) >= (int) sizeof(line)) {
        return refuse("--connect takes HOST:PORT, not '%.100s'", place);
    }
    return add_line(&settings->other.place, line);
}

static bool take_header(struct beside_settings *settings, const char *line)
{
    if (strchr(line, ':') == NULL || strpbrk(line, "\r\n") != NULL) {
        return refuse("--header takes 'Name: value', not '%.100s'", line);
    }
    return add_line(&settings->other.headers, line);
}

static bool take_ca(struct beside_settings *settings, const char *path)
{
    if (access(path, R_OK) != 0) {
        return refuse("--ca: %.200s cannot be read: %s", path, strerror(errno));
    }
    settings->other.ca = path;
    return true;
}

static bool take_token(const char *token, const char **ret_token)
{
    if (strpbrk(token, "\r\n") != NULL) {
        return refuse("--token is one line");
    }
    *ret_token = token;
    return true;
}

static bool take_version(struct beside_settings *settings, const char *version)
{
    if (snprintf(settings->query, sizeof(settings->query), "?api-version=%s", version)
        >= (int) sizeof(settings->query)) {
        return refuse("--api-version is too long");
    }
    return true;
}

static bool take_only(struct beside_settings *settings, const char *name)
{
    const struct deed *deed = side_deeds;

    while (deed->name != NULL && strcmp(deed->name, name) != 0) {
        deed++;
    }
    if (deed->name == NULL || settings->only_count == KV_COUNT(settings->only)) {
        return refuse("there is no operation '%.100s', or too many", name);
    }
    settings->only[settings->only_count++] = name;
    return true;
}

static bool take_rounds(struct beside_settings *settings, const char *text)
{
    double rounds;

    if (!take_number("rounds", text, 1, 1000, &rounds)) {
        return false;
    }
    settings->rounds = (unsigned) rounds;
    return true;
}

static bool take_option(struct beside_settings *settings, int option, const char *value,
                        const char **ret_token)
{
    switch (option) {
    case 'u':
        return take_url(settings, value);
    case 'C':
        return take_place(settings, value);
    case 'c':
        return take_ca(settings, value);
    case 'k':
        settings->other.is_insecure = true;
        return true;
    case 't':
        return take_token(value, ret_token);
    case 'H':
        return take_header(settings, value);
    case 'o':
        return take_only(settings, value);
    case 'v':
        return take_version(settings, value);
    case 'r':
        return take_rounds(settings, value);
    case 's':
        return take_number("seconds", value, 0.05, 600, &settings->seconds);
    case 'w':
        return take_number("wait", value, 0, 600, &settings->patience);
    default:
        return refuse("that is no option, or it lacks its value");
    }
}

static bool check(const struct beside_settings *settings, int argc, char **argv)
{
    if (optind < argc) {
        return refuse("'%.100s' is not an option", argv[optind]);
    }
    return settings->other.url != NULL || refuse("--url is missing");
}

bool beside_settings_take(struct beside_settings *settings, int argc, char **argv, int *ret_status)
{
    const char *token = NULL;
    int option;

    *settings = (struct beside_settings){
        .other = { .name = "the other" },
        .seconds = 1,
        .patience = 10,
        .rounds = 5,
        .query = "?api-version=7.4",
    };
    *ret_status = 2;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            *ret_status = print_help();
            return false;
        }
        if (!take_option(settings, option, optarg, &token)) {
            return false;
        }
    }
    return check(settings, argc, argv) && complete_headers(&settings->other.headers, token);
}

void beside_settings_done(struct beside_settings *settings)
{
    curl_slist_free_all(settings->other.headers);
    curl_slist_free_all(settings->other.place);
    settings->other.headers = settings->other.place = NULL;
}
