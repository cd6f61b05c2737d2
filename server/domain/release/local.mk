# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/authority.c \
	%D%/authority.h \
	%D%/judge.c \
	%D%/policy.c \
	%D%/policy.h \
	%D%/rewrite.c
