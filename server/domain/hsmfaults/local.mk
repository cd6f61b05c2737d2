# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/core.h \
	%D%/faults.c \
	%D%/gate.c \
	%D%/kinds.c \
	%D%/read.c \
	%D%/show.c
