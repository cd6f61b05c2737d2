/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells systemd, or whatever else started us and speaks its protocol, how far we are: one datagram
 * to the socket that $NOTIFY_SOCKET names, as sd_notify(3) says under "Notes".
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "kv/base/log.h"
#include "serve.h"

#define PATIENCE_SECONDS 1 /* for one that does not read what it is told */

/* "/run/systemd/notify", or "@name" for a name that is no file. */
static bool fill_address(const char *name, struct sockaddr_un *address, socklen_t *ret_len)
{
    size_t len = strlen(name);

    if (len < 2 || len >= sizeof(address->sun_path) || (name[0] != '/' && name[0] != '@')) {
        errno = EAFNOSUPPORT;
        return false;
    }
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(address->sun_path, name, len);
    if (name[0] == '@') {
        address->sun_path[0] = '\0';
    }
    *ret_len = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + len);
    return true;
}

static bool send_state(int descriptor, const char *name, const char *state)
{
    const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
    struct sockaddr_un address;
    socklen_t len = 0;

    return fill_address(name, &address, &len)
           && setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0
           && sendto(descriptor, state, strlen(state), MSG_NOSIGNAL,
                     (const struct sockaddr *) &address, len)
                  >= 0;
}

static bool tell(const char *name, const char *state)
{
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool told = descriptor >= 0 && send_state(descriptor, name, state);
    int cause = errno;

    if (descriptor >= 0) {
        close(descriptor);
    }
    errno = cause;
    return told;
}

void supervisor_tell(const char *state)
{
    const char *name = getenv("NOTIFY_SOCKET");

    if (name != NULL && name[0] != '\0' && !tell(name, state)) {
        kv_log(KV_LOG_WARNING, "supervisor_not_told", KV_LOG_TEXT_FIELD("state", state),
               KV_LOG_TEXT_FIELD("socket", name), KV_LOG_NUMBER_FIELD("errno", errno));
    }
}
