# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/copy.c \
	%D%/core.h \
	%D%/digest.c \
	%D%/put.c \
	%D%/restore.c \
	%D%/restore.h \
	%D%/shelf.c \
	%D%/snapshots.c \
	%D%/space.c
