/* SPDX-License-Identifier: Apache-2.0 */
/* A main around one daemon; API_ARGUMENTS, if defined, are further options of it. */
#include <stddef.h>

#include "api_run.h"

int main(int argc, char **argv)
{
    static const char *const arguments[] = {
        "--vault",     "dev",
        "--vault",     "std,sku=standard,retention=7",
        "--vault",     "locked,purge-protection,retention=7",
#ifdef API_ARGUMENTS
        API_ARGUMENTS,
#endif
        NULL,
    };

    return api_run(argc, argv, arguments);
}
