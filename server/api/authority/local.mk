# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/aadsts.def \
	%D%/assertion.c \
	%D%/certificate.c \
	%D%/client.c \
	%D%/discovery.c \
	%D%/fault.c \
	%D%/form.c \
	%D%/form.h \
	%D%/keys.c \
	%D%/private.h \
	%D%/refusal.c \
	%D%/scope.c \
	%D%/session.c \
	%D%/session.h \
	%D%/session_token.c \
	%D%/site.c \
	%D%/tenant.c \
	%D%/token.c
