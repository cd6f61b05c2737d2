# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/access.c \
	%D%/authority.c \
	%D%/body.c \
	%D%/credentials.c \
	%D%/ekm.c \
	%D%/identities.c \
	%D%/identities.h \
	%D%/metrics.c \
	%D%/private.h \
	%D%/reset.c \
	%D%/roles.c \
	%D%/site.c \
	%D%/state.c \
	%D%/time.c \
	%D%/tokens.c \
	%D%/vaults.c
