# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/adopt.c \
	%D%/aes.c \
	%D%/arrival.c \
	%D%/can.c \
	%D%/custody.c \
	%D%/ecdsa.c \
	%D%/hash.c \
	%D%/hash.h \
	%D%/hmac.c \
	%D%/objects.c \
	%D%/operate.c \
	%D%/padding.c \
	%D%/padding.h \
	%D%/place.c \
	%D%/private.h \
	%D%/private_key.c \
	%D%/public.c \
	%D%/public.h \
	%D%/recover.c \
	%D%/rsa.c \
	%D%/sealed.c \
	%D%/settle.c \
	%D%/tables.c \
	%D%/target.c \
	%D%/transfer.c \
	%D%/verdict.c
