# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/adopt.c \
	%D%/authorize.c \
	%D%/call.c \
	%D%/cloud.c \
	%D%/delay.c \
	%D%/envelope.c \
	%D%/filter.c \
	%D%/groups.c \
	%D%/handler.c \
	%D%/ids.c \
	%D%/kept.c \
	%D%/overview.c \
	%D%/page.c \
	%D%/places.c \
	%D%/private.h \
	%D%/provider_operations.c \
	%D%/providers.c \
	%D%/reply.c \
	%D%/site.c \
	%D%/subscriptions.c \
	%D%/tags.c \
	%D%/token.c \
	%D%/types.c
