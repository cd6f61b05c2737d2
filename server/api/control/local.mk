# SPDX-License-Identifier: Apache-2.0
libkv_a_SOURCES += \
	%D%/clock.c \
	%D%/metrics.c \
	%D%/private.h \
	%D%/site.c \
	%D%/state.c
