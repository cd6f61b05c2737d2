# SPDX-License-Identifier: Apache-2.0
libkv_a_SOURCES += \
	%D%/custody.c \
	%D%/padding.c \
	%D%/padding.h \
	%D%/tables.c
