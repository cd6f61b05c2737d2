/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of faults, and the sets of calls that they act on. */
#include <stdio.h>
#include <string.h>

#include "core.h"

#define BIT(function) CALL_BIT(HSM_##function)

#define ALL (CALL_BIT(HSM_FUNCTIONS) - 1)
#define CLOSING (BIT(C_Finalize) | BIT(C_CloseSession) | BIT(C_Logout))
#define OF_MODULE (BIT(C_Initialize) | BIT(C_GetInfo) | BIT(C_GetSlotList))
#define BEFORE_LOGIN                                                                               \
    (BIT(C_GetTokenInfo) | BIT(C_GetMechanismInfo) | BIT(C_InitToken) | BIT(C_InitPIN)             \
     | BIT(C_OpenSession) | BIT(C_GetSessionInfo))

/* The sets that kind.def names. */
#define CALLS_NONE 0
#define CALLS_GIVEN 0
#define CALLS_OF_TOKEN (ALL & ~CLOSING & ~OF_MODULE)
#define CALLS_LOGGED_IN (CALLS_OF_TOKEN & ~BEFORE_LOGIN)
#define CALLS_OPENING BIT(C_OpenSession)
#define CALLS_MAKING                                                                               \
    (BIT(C_CreateObject) | BIT(C_GenerateKey) | BIT(C_GenerateKeyPair) | BIT(C_UnwrapKey)          \
     | BIT(C_DeriveKey))
#define CALLS_USING                                                                                \
    (BIT(C_EncryptInit) | BIT(C_DecryptInit) | BIT(C_SignInit) | BIT(C_WrapKey) | BIT(C_UnwrapKey))
#define CALLS_MECHANICAL                                                                           \
    (CALLS_USING | BIT(C_GenerateKey) | BIT(C_GenerateKeyPair) | BIT(C_DeriveKey))

/* Members, in the upper half those that are needed. */
#define NEEDED(member) ((member) | (member) << 16)
enum {
    FUNCTIONS = MEMBER_FUNCTIONS,
    RV = MEMBER_RV,
    DELAY = MEMBER_DELAY,
    KEY = MEMBER_KEY,
    WHEN = MEMBER_WHEN,
    NEEDS_DELAY = NEEDED(MEMBER_DELAY),
    NEEDS_LIMIT = NEEDED(MEMBER_LIMIT),
    NEEDS_MECHANISMS = NEEDED(MEMBER_MECHANISMS),
    NEEDS_KEY = NEEDED(MEMBER_KEY),
};

static const struct kind_row rows[KIND_COUNT] = {
#define X(symbol, name, calls, rv, members)                                                        \
    [KIND_##symbol] = { name, CALLS_##calls, rv, (members) &0xffff, (members) >> 16 },
#include "kv/hsmfaults/kind.def"
#undef X
};

const struct kind_row *kind_row(enum kind kind)
{
    return &rows[kind];
}

bool kind_find(const char *name, enum kind *ret_kind)
{
    for (enum kind i = 0; i < KIND_COUNT; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *ret_kind = i;
            return true;
        }
    }
    return false;
}

void kinds_list(char ret_names[KINDS_SIZE])
{
    size_t used = 0;

    ret_names[0] = '\0';
    for (enum kind i = 0; i < KIND_COUNT && used < KINDS_SIZE; i++) {
        used += (size_t) snprintf(ret_names + used, KINDS_SIZE - used, "%s%s", i > 0 ? ", " : "",
                                  rows[i].name);
    }
}

calls_t calls_refusable(void)
{
    return ALL & ~CLOSING;
}
