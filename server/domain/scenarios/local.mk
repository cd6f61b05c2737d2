# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/core.h \
	%D%/digest.c \
	%D%/of_access.c \
	%D%/of_keys.c \
	%D%/of_rules.c \
	%D%/of_vaults.c \
	%D%/params.c \
	%D%/parts.c \
	%D%/rows.c \
	%D%/scenarios.c \
	%D%/table.c
