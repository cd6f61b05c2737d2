# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/ask.c \
	%D%/call.c \
	%D%/compare.c \
	%D%/complete.c \
	%D%/environment.c \
	%D%/hands.c \
	%D%/link.c \
	%D%/operations.c \
	%D%/place.c \
	%D%/preflight.c \
	%D%/private.h \
	%D%/record.c \
	%D%/show.c \
	%D%/types.c \
	%D%/whatif.c \
	%D%/world.c
