# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/attestation.c \
	%D%/attested.c \
	%D%/backup.c \
	%D%/body.c \
	%D%/crypto.c \
	%D%/lifecycle.c \
	%D%/lists.c \
	%D%/private.h \
	%D%/random.c \
	%D%/released.c \
	%D%/release_policy.c \
	%D%/render.c \
	%D%/rotation.c \
	%D%/routes.c \
	%D%/secure.c \
	%D%/sent_jwk.c \
	%D%/sent_transfer.c \
	%D%/shown.c \
	%D%/statement.c
