# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/build.c \
	%D%/version.c
