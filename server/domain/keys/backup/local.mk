# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/backup.c \
	%D%/backup.h \
	%D%/backup_form.c \
	%D%/backup_policy.c \
	%D%/restore.c
