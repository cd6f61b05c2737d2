/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

int main(void)
{
    fputs("coffer: not composed yet\n", stderr);
    return 1;
}
