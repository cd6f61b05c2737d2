# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/site.c \
	%D%/token.c \
	%D%/private.h
