# SPDX-License-Identifier: Apache-2.0
libkvhttp_a_SOURCES += \
	%D%/access.c \
	%D%/answer.c \
	%D%/certificate.c \
	%D%/early.c \
	%D%/early.h \
	%D%/exchange.c \
	%D%/exchange.h \
	%D%/framing.c \
	%D%/framing.h \
	%D%/guests.c \
	%D%/guests.h \
	%D%/head.c \
	%D%/lanes.c \
	%D%/linger.c \
	%D%/linger.h \
	%D%/listener.c \
	%D%/loopback.c \
	%D%/pages.c \
	%D%/pages.h \
	%D%/request.c \
	%D%/response.c \
	%D%/route.c \
	%D%/sockets.c \
	%D%/sockets.h \
	%D%/steps.c \
	%D%/traffic.c \
	%D%/traffic.h \
	%D%/trust_store.c \
	%D%/uri.c \
	%D%/uri.h \
	%D%/x509.c \
	%D%/x509.h
