# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/core.h \
	%D%/events.c \
	%D%/hooks.c \
	%D%/list.c \
	%D%/render.c
