# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/cloud.c \
	%D%/private.h \
	%D%/site.c \
	%D%/subscriptions.c \
	%D%/token.c
