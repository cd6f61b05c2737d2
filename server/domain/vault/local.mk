# SPDX-License-Identifier: Apache-2.0
libkv_a_SOURCES += \
	%D%/attestation.c \
	%D%/backup.c \
	%D%/backup.h \
	%D%/backup_form.c \
	%D%/backup_policy.c \
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
	%D%/secure.c \
	%D%/restore.c \
	%D%/rotation.c \
	%D%/rotation_policy.c \
	%D%/rotation_rules.c \
	%D%/rows.c \
	%D%/schema.c \
	%D%/service_key.c \
	%D%/tidy.c \
	%D%/update.c \
	%D%/vault.c \
	%D%/version.c
