/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever may come over a connection, to a listener with the sites of the daemon: of the data plane,
 * or of the control port when the first byte is C. All of it is sent at once. Answers are read until
 * none comes for a moment, and then we go.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "world.h"

#define ANSWERS_MAX (256 * 1024)
#define MOMENT_MS 4

/* From many addresses: a port of one cannot be used again for a while after each connection. */
static int connect_to(unsigned port)
{
    static unsigned connections;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + connections++ % 250),
    };
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    FUZZ_HOLDS(descriptor >= 0);
    FUZZ_HOLDS(bind(descriptor, (const struct sockaddr *) &address, sizeof(address)) == 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t) port);
    FUZZ_HOLDS(connect(descriptor, (const struct sockaddr *) &address, sizeof(address)) == 0);
    return descriptor;
}

/* The peer may have had enough before the end. */
static void send_all(int descriptor, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(descriptor, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0) {
            return;
        }
        bytes += sent;
        len -= (size_t) sent;
    }
}

/* Until the peer closes, in whatever way, or has nothing to say. */
static size_t receive_all(int descriptor, char *answers, size_t size)
{
    struct pollfd wanted = { .fd = descriptor, .events = POLLIN };
    size_t len = 0;
    ssize_t got = 1;

    while (got > 0 && len < size && poll(&wanted, 1, MOMENT_MS) > 0) {
        got = recv(descriptor, answers + len, size - len, 0);
        len += got > 0 ? (size_t) got : 0;
    }
    return len;
}

/* What comes back is HTTP, and is not to say that we failed. */
static void check_answers(const char *answers, size_t len)
{
    if (len > 0) {
        FUZZ_HOLDS(len > 12 && memcmp(answers, "HTTP/1.", 7) == 0);
        FUZZ_HOLDS(memcmp(answers + 8, " 500", 4) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char answers[ANSWERS_MAX];
    bool to_control = size > 0 && data[0] == 'C';
    int descriptor;

    (void) world();
    descriptor = connect_to(to_control ? world_control_port() : world_port());
    send_all(descriptor, data + to_control, size - to_control);
    check_answers(answers, receive_all(descriptor, answers, sizeof(answers)));
    close(descriptor);
    kv_clock_reset(world()->clock);
    return 0;
}
