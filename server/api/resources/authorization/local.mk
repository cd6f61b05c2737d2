# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/assignments.c \
	%D%/definitions.c \
	%D%/denials.c \
	%D%/filter.c \
	%D%/parts.c \
	%D%/private.h \
	%D%/types.c
