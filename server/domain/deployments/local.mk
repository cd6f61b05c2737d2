# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/deployments.c \
	%D%/drive.c \
	%D%/failure.c \
	%D%/run.c \
	%D%/run.h \
	%D%/threads.c
