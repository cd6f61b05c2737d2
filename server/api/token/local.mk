# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/arc.c \
	%D%/pick.c \
	%D%/refusal.c \
	%D%/site.c \
	%D%/token.c \
	%D%/private.h
