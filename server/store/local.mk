# SPDX-License-Identifier: Apache-2.0
libkvstore_a_SOURCES += \
	%D%/attach.c \
	%D%/connection.c \
	%D%/connection.h \
	%D%/files.c \
	%D%/files.h \
	%D%/migrate.c \
	%D%/query.c \
	%D%/store.c \
	%D%/turn.c \
	%D%/turn.h
