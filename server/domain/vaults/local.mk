# SPDX-License-Identifier: Apache-2.0
libkv_a_SOURCES += \
	%D%/public.c \
	%D%/vault.c
