# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/bring.c \
	%D%/core.h \
	%D%/envelope.c \
	%D%/operations.c \
	%D%/resources.c
