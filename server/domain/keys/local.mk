# SPDX-License-Identifier: Apache-2.0
include %D%/backup/local.mk
include %D%/rotation/local.mk
libkvdomain_a_SOURCES += \
	%D%/attestation.c \
	%D%/create.c \
	%D%/deletion.c \
	%D%/external.c \
	%D%/import.c \
	%D%/names.c \
	%D%/operate.c \
	%D%/private.h \
	%D%/random.c \
	%D%/read.c \
	%D%/recent.c \
	%D%/release_terms.c \
	%D%/rows.c \
	%D%/schema.c \
	%D%/secure.c \
	%D%/service_key.c \
	%D%/tidy.c \
	%D%/update.c \
	%D%/version.c
