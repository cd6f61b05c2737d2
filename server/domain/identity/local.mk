# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/attest.c \
	%D%/card.c \
	%D%/claims.c \
	%D%/claims.h \
	%D%/core.h \
	%D%/identity.c \
	%D%/issuer.c \
	%D%/issuer.h \
	%D%/key_set.c \
	%D%/key_set.h \
	%D%/seen.c \
	%D%/seen.h \
	%D%/trust.c \
	%D%/trust.h \
	%D%/trust_source.c \
	%D%/trust_source.h \
	%D%/verify.c
