# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/availability.c \
	%D%/key.c \
	%D%/private.h \
	%D%/services.c \
	%D%/workspaces.c
