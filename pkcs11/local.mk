# SPDX-License-Identifier: Apache-2.0
libhsm_a_SOURCES += \
	%D%/check.c \
	%D%/crypto.c \
	%D%/door.h \
	%D%/generate.c \
	%D%/hsm.c \
	%D%/init.c \
	%D%/internal.h \
	%D%/map.c \
	%D%/module.c \
	%D%/next.c \
	%D%/object.c \
	%D%/probe.c \
	%D%/probe_key.h \
	%D%/rv.c \
	%D%/sentinel.c \
	%D%/session.c \
	%D%/token.c
