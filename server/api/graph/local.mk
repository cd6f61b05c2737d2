# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/filter.c \
	%D%/lists.c \
	%D%/objects.c \
	%D%/private.h \
	%D%/single.c \
	%D%/site.c
