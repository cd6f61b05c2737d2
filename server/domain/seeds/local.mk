# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/core.h \
	%D%/export.c \
	%D%/export_keys.c \
	%D%/grants.c \
	%D%/identities.c \
	%D%/keeping.c \
	%D%/keys.c \
	%D%/material.c \
	%D%/read.c \
	%D%/roles.c \
	%D%/seeds.c \
	%D%/vaults.c \
	%D%/version.c \
	%D%/version.h
