# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/answer.c \
	%D%/audit.c \
	%D%/audit.h \
	%D%/authenticate.c \
	%D%/authorize.c \
	%D%/client.c \
	%D%/fault_answer.c \
	%D%/fault_greet.c \
	%D%/fault_subject.c \
	%D%/fault_token.c \
	%D%/faults.c \
	%D%/faults.h \
	%D%/firewall.c \
	%D%/gate.c \
	%D%/headers.c \
	%D%/journal.c \
	%D%/journal.h \
	%D%/journal_body.c \
	%D%/opening.c \
	%D%/page.c \
	%D%/private.h \
	%D%/read_only.c \
	%D%/throttle.c
