# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/assignments.c \
	%D%/permission.c \
	%D%/roles.c \
	%D%/roles_core.h \
	%D%/schema.c \
	%D%/settings.c
