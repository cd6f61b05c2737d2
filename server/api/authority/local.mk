# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/aadsts.def \
	%D%/discovery.c \
	%D%/form.c \
	%D%/form.h \
	%D%/keys.c \
	%D%/private.h \
	%D%/refusal.c \
	%D%/site.c \
	%D%/tenant.c
