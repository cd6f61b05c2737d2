# SPDX-License-Identifier: Apache-2.0
libkvcmk_a_SOURCES += \
	%D%/check.c \
	%D%/private.h \
	%D%/profile.c \
	%D%/rules.c \
	%D%/texts.c \
	%D%/url.c
