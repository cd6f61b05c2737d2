# SPDX-License-Identifier: Apache-2.0
libkv_a_SOURCES += \
	%D%/adopt.c \
	%D%/can.c \
	%D%/custody.c \
	%D%/import.c \
	%D%/padding.c \
	%D%/padding.h \
	%D%/private.h \
	%D%/private_key.c \
	%D%/tables.c \
	%D%/transfer.c \
	%D%/verdict.c
