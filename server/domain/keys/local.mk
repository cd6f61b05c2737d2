# SPDX-License-Identifier: Apache-2.0
include %D%/backup/local.mk
include %D%/rotation/local.mk
libkvdomain_a_SOURCES += \
	%D%/attestation.c \
	%D%/core.h \
	%D%/create.c \
	%D%/create.h \
	%D%/deletion.c \
	%D%/deletion.h \
	%D%/draft.h \
	%D%/due.c \
	%D%/external.c \
	%D%/external.h \
	%D%/import.c \
	%D%/intent.c \
	%D%/intent.h \
	%D%/keeping.c \
	%D%/names.c \
	%D%/names.h \
	%D%/operate.c \
	%D%/random.c \
	%D%/read.c \
	%D%/read.h \
	%D%/recent.c \
	%D%/recent.h \
	%D%/release_terms.c \
	%D%/release_terms.h \
	%D%/rows.c \
	%D%/rows.h \
	%D%/schema.c \
	%D%/secure.c \
	%D%/service_key.c \
	%D%/service_key.h \
	%D%/tidy.c \
	%D%/update.c \
	%D%/version.c \
	%D%/version.h
