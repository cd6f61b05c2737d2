# SPDX-License-Identifier: Apache-2.0
libkvconsumer_a_SOURCES += \
	%D%/answer.c \
	%D%/ca.c \
	%D%/core.h \
	%D%/dek.c \
	%D%/due.c \
	%D%/engine.c \
	%D%/flow.c \
	%D%/health.c \
	%D%/keeping.c \
	%D%/look.c \
	%D%/orders.c \
	%D%/outcome.c \
	%D%/picture.c \
	%D%/place.c \
	%D%/probe.h \
	%D%/profile.c \
	%D%/request.c \
	%D%/schedule.c \
	%D%/settings.c \
	%D%/show.c \
	%D%/state.c \
	%D%/table.c \
	%D%/verify.c \
	%D%/view.c \
	%D%/wrap.c \
	%D%/xml.c \
	%D%/xml.h
