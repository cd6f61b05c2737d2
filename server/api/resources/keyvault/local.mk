# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/deleted.c \
	%D%/endpoints.c \
	%D%/find.c \
	%D%/keep.c \
	%D%/key_read.c \
	%D%/key_render.c \
	%D%/keys.c \
	%D%/lists.c \
	%D%/names.c \
	%D%/network.c \
	%D%/policies.c \
	%D%/policies_put.c \
	%D%/private.h \
	%D%/read.c \
	%D%/types.c \
	%D%/vault.c \
	%D%/vault_render.c \
	%D%/wish.c
