# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/block.c \
	%D%/federated.c \
	%D%/listed.c \
	%D%/private.h \
	%D%/types.c \
	%D%/user_assigned.c
