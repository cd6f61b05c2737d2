/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An issuer that takes its time: whoever comes with a token of it waits until its keys are there, at a
 * vault, at the resource manager and where it is exchanged (workload identity).
 */
#include "token_tools.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_US 700000 /* shorter than anybody's patience */
#define EXCHANGE "api://AzureADTokenExchange"
#define APP "0a0b0c0d-1111-4222-8333-444455556666"
#define OTHER_TENANT "11111111-2222-3333-4444-555555555555"

static struct daemon own;
static struct issuer {
    int listener;
    pthread_t thread;
    char answer[8192];
} issuer;

TestSuite(token_slow_issuer, .timeout = 120);

/* Answers the one request for keys that there is. */
static void *run_issuer(void *argument)
{
    char head[4096];
    int connection = accept(issuer.listener, NULL, NULL);

    (void) argument;
    if (connection >= 0 && recv(connection, head, sizeof(head), 0) > 0) {
        (void) usleep(PAUSE_US);
        (void) !write(connection, issuer.answer, strlen(issuer.answer));
    }
    close(connection);
    return NULL;
}

/* The keys of the program's daemon. */
static void write_answer(void)
{
    static const struct request certs = { .method = "GET", .target = "/certs", .control = true };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &certs));

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    snprintf(issuer.answer, sizeof(issuer.answer),
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
             "Connection: close\r\n\r\n%s",
             strlen(reply.body), reply.body);
}

static unsigned start_issuer(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(address);

    write_answer();
    issuer.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(issuer.listener, (struct sockaddr *) &address, sizeof(address)), 0);
    cr_assert_eq(listen(issuer.listener, 4), 0);
    cr_assert_eq(getsockname(issuer.listener, (struct sockaddr *) &address, &len), 0);
    cr_assert_eq(pthread_create(&issuer.thread, NULL, run_issuer, NULL), 0);
    return ntohs(address.sin_port);
}

static void start(void)
{
    char spec[256];
    const char *const arguments[] = { "--vault",        "dev", "--tenant", OTHER_TENANT,
                                      "--trust-issuer", spec,  NULL };

    snprintf(spec, sizeof(spec), ISSUER ",jwks=http://127.0.0.1:%u/keys", start_issuer());
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
    close(issuer.listener);
    cr_assert_eq(pthread_join(issuer.thread, NULL), 0);
}

/* A token of it for somebody; heap. */
static char *sign(const char *audience)
{
    char payload[2048];

    token_write(ISSUER, audience, 0, 3600, ",\"sub\":\"system:serviceaccount:default:app\"",
                payload);
    return token_sign(api_daemon(), payload);
}

Test(token_slow_issuer, lets_a_vaults_caller_wait)
{
    start();
    {
        API_CLIENT_OF(&own, dev);
        token_give(&dev, sign("https://vault.azure.net"));
        cr_expect(token_lets_in(&dev));
    }
    stop();
}

Test(token_slow_issuer, lets_the_resource_managers_caller_wait)
{
    char *token = sign("https://management.azure.com");
    char line[8192];

    start();
    {
        API_CLIENT_OF(&own, dev);
        snprintf(line, sizeof(line), "Authorization: Bearer %s", token);
        API_REPLY(reply, client_send(&dev, &(const struct request){
                                               .method = "GET",
                                               .target = "/tenants?api-version=2022-12-01",
                                               .host = "localhost",
                                               .headers = { line },
                                               .without_token = true }));
        cr_expect_eq(reply.status, 200, "%s", reply.body);
    }
    stop();
    free(token);
}

Test(token_slow_issuer, lets_a_workload_wait)
{
    char *token = sign(EXCHANGE);
    char form[8192];

    start();
    {
        API_CLIENT_OF(&own, dev);
        snprintf(form, sizeof(form),
                 "grant_type=client_credentials&client_id=" APP
                 "&scope=https://vault.azure.net/.default&client_assertion=%s"
                 "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                 token);
        API_REPLY(reply, client_send(&dev, &(const struct request){
                                               .method = "POST",
                                               .target = "/" OTHER_TENANT "/oauth2/v2.0/token",
                                               .host = "login.localhost",
                                               .body = form,
                                               .content_type = "application/x-www-form-urlencoded",
                                               .without_token = true }));
        cr_expect_eq(reply.status, 200, "%s", reply.body);
    }
    stop();
    free(token);
}
