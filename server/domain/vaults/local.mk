# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/exchange.c \
	%D%/life.c \
	%D%/private.h \
	%D%/public.c \
	%D%/purge.c \
	%D%/reset.c \
	%D%/rows.c \
	%D%/spec.c \
	%D%/table.c \
	%D%/vault.c \
	%D%/vaults.c
