# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/backoff.c \
	%D%/entry.c \
	%D%/entry.h \
	%D%/expect.c \
	%D%/filter.c \
	%D%/journal.c \
	%D%/match.c \
	%D%/retries.c
