# SPDX-License-Identifier: Apache-2.0
libkv_a_SOURCES += \
	%D%/attest.c \
	%D%/assignments.c \
	%D%/card.c \
	%D%/claims.c \
	%D%/claims.h \
	%D%/core.h \
	%D%/identity.c \
	%D%/issuer.c \
	%D%/issuer.h \
	%D%/roles.c \
	%D%/roles_core.h \
	%D%/seen.c \
	%D%/seen.h \
	%D%/settings.c \
	%D%/verify.c
