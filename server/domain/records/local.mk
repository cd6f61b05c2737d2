# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/private.h \
	%D%/records.c \
	%D%/seal.c
