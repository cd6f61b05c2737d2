# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/assignments.c \
	%D%/definitions.c \
	%D%/private.h \
	%D%/routes.c \
	%D%/scope.c \
	%D%/settings.c
