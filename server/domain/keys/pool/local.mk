# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/fill.c \
	%D%/plan.c \
	%D%/pool.c \
	%D%/pool.h \
	%D%/rows.c \
	%D%/stock.c
