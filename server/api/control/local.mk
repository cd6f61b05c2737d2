# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/access.c \
	%D%/authority.c \
	%D%/body.c \
	%D%/clock.h \
	%D%/clock_answer.c \
	%D%/clock_order.c \
	%D%/credentials.c \
	%D%/ekm.c \
	%D%/faults.c \
	%D%/journal.c \
	%D%/journal.h \
	%D%/journal_har.c \
	%D%/journal_render.c \
	%D%/journal_retries.c \
	%D%/journal_wait.c \
	%D%/hsm.c \
	%D%/identities.c \
	%D%/identities.h \
	%D%/identity_parts.c \
	%D%/identity_routes.c \
	%D%/metrics.c \
	%D%/network.c \
	%D%/private.h \
	%D%/reset.c \
	%D%/roles.c \
	%D%/scenarios.c \
	%D%/site.c \
	%D%/state.c \
	%D%/time.c \
	%D%/tokens.c \
	%D%/vaults.c \
	%D%/why.c \
	%D%/why.h \
	%D%/why_access.c \
	%D%/why_caller.c \
	%D%/why_key.c
