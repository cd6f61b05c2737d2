/* SPDX-License-Identifier: Apache-2.0 */
#include "pages.h"

#include <assert.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#include "exchange.h"

typedef enum MHD_Result queue_fn(struct MHD_Connection *, unsigned, struct MHD_Response *);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static queue_fn *library_queue;

static void find_library_queue(void)
{
    library_queue = (queue_fn *) dlsym(RTLD_NEXT, "MHD_queue_response");
    assert(library_queue != NULL); /* it is linked */
}

enum MHD_Result kv_pages_queue(struct MHD_Connection *connection, unsigned status,
                               struct MHD_Response *response)
{
    (void) pthread_once(&once, find_library_queue); /* cannot fail */
    return library_queue(connection, status, response);
}

/*
 * The library has an error of its own for one case only: the line of a chunk's size fills its memory,
 * which is the client's doing.
 */
static unsigned meant_by(unsigned status)
{
    return status == MHD_HTTP_INTERNAL_SERVER_ERROR ? MHD_HTTP_BAD_REQUEST : status;
}

_MHD_EXTERN enum MHD_Result MHD_queue_response(struct MHD_Connection *connection,
                                               unsigned int status_code,
                                               struct MHD_Response *response)
{
    (void) response; /* the page; the library's still */
    return kv_answer_refuse(connection, meant_by(status_code));
}
