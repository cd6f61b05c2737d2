# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/rotation.c \
	%D%/rotation_policy.c \
	%D%/rotation_policy.h \
	%D%/rotation_rules.c
