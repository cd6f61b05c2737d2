# SPDX-License-Identifier: Apache-2.0
libkv_a_SOURCES += \
	%D%/build.c \
	%D%/version.c
