/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include <assert.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

typedef enum MHD_Result queue_fn(struct MHD_Connection *, unsigned, struct MHD_Response *);
typedef int bye_fn(gnutls_session_t, gnutls_close_request_t);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static queue_fn *library_queue;
static bye_fn *library_bye;

static void find_originals(void)
{
    library_queue = (queue_fn *) dlsym(RTLD_NEXT, "MHD_queue_response");
    library_bye = (bye_fn *) dlsym(RTLD_NEXT, "gnutls_bye");
    assert(library_queue != NULL && library_bye != NULL); /* both are linked */
}

enum kv_code kv_library_check(const char *version, struct kv_err *err)
{
    return strncmp(version, "0.9.", strlen("0.9.")) == 0
               ? KV_OK
               : KV_FAIL(err, KV_UNAVAILABLE, 0,
                         "libmicrohttpd %.32s has requests otherwise in memory than coffer reads "
                         "them there: it takes one from 0.9.75 on, before 1.0",
                         version);
}

enum MHD_Result kv_library_queue(struct MHD_Connection *connection, unsigned status,
                                 struct MHD_Response *response)
{
    (void) pthread_once(&once, find_originals); /* cannot fail */
    return library_queue(connection, status, response);
}

int kv_library_bye(gnutls_session_t session, gnutls_close_request_t how)
{
    (void) pthread_once(&once, find_originals); /* cannot fail */
    return library_bye(session, how);
}
