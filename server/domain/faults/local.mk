# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/answer.c \
	%D%/answer.h \
	%D%/chance.c \
	%D%/chance.h \
	%D%/delay.c \
	%D%/delay.h \
	%D%/effect.c \
	%D%/effect.h \
	%D%/faults.c \
	%D%/index.c \
	%D%/index.h \
	%D%/match.c \
	%D%/match.h \
	%D%/pattern.c \
	%D%/pattern.h \
	%D%/read.c \
	%D%/read.h \
	%D%/refusal.c \
	%D%/rule.c \
	%D%/rule.h \
	%D%/screen.c \
	%D%/screen.h \
	%D%/when.c \
	%D%/when.h
