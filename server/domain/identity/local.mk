# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/attest.c \
	%D%/caller.c \
	%D%/card.c \
	%D%/claims.c \
	%D%/claims.h \
	%D%/claims_request.c \
	%D%/core.h \
	%D%/credentials.c \
	%D%/credentials.h \
	%D%/federated.c \
	%D%/identity.c \
	%D%/issuer.c \
	%D%/issuer.h \
	%D%/key_file.c \
	%D%/key_set.c \
	%D%/key_set.h \
	%D%/principals.c \
	%D%/principals_certificates.c \
	%D%/principals_core.h \
	%D%/principals_federated.c \
	%D%/principals_index.c \
	%D%/principals_keeping.c \
	%D%/principals_life.c \
	%D%/principals_members.c \
	%D%/principals_read.c \
	%D%/principals_register.c \
	%D%/principals_secrets.c \
	%D%/principals_words.c \
	%D%/principals_write.c \
	%D%/seen.c \
	%D%/seen.h \
	%D%/trust.c \
	%D%/trust.h \
	%D%/trust_source.c \
	%D%/trust_source.h \
	%D%/verify.c
