/* SPDX-License-Identifier: Apache-2.0 */
/* Who the client of a connection is, and its end before there is a request. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "exchange.h"

bool kv_client_print(struct MHD_Connection *connection, char ret_client[KV_CLIENT_SIZE])
{
    const struct sockaddr *address =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    bool is_ipv6 = address->sa_family == AF_INET6;
    const void *bytes = is_ipv6 ? (const void *) &((const struct sockaddr_in6 *) address)->sin6_addr
                                : (const void *) &((const struct sockaddr_in *) address)->sin_addr;

    /* cannot fail: the family is known and the text fits */
    (void) inet_ntop(address->sa_family, bytes, ret_client, KV_CLIENT_SIZE);
    return is_ipv6;
}

/* Behind the library's back, which finds the connection ended when it first reads of it. */
bool kv_client_end(struct MHD_Connection *connection, enum kv_cut_kind cut)
{
    switch (cut) {
    case KV_CUT_RESET:
        kv_cut_reset(connection);
        return true;
    case KV_CUT_EMPTY:
        (void) shutdown(
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
            SHUT_RDWR);
        return true;
    case KV_CUT_NONE:
    case KV_CUT_GARBAGE:
    case KV_CUT_BAD_CHUNK:
    case KV_CUT_TRUNCATED:
    case KV_CUT_WRONG_LENGTH:
    case KV_CUT_DRIBBLE:
        break; /* an answer's, of which there is none yet */
    }
    return false;
}
