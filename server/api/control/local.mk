# SPDX-License-Identifier: Apache-2.0
libkvapi_a_SOURCES += \
	%D%/access.c \
	%D%/authority.c \
	%D%/body.c \
	%D%/clock.h \
	%D%/clock_answer.c \
	%D%/clock_order.c \
	%D%/consumer_resource.c \
	%D%/consumer_resource.h \
	%D%/consumers.c \
	%D%/credentials.c \
	%D%/ekm.c \
	%D%/embedded.h \
	%D%/events.c \
	%D%/events.h \
	%D%/events_wait.c \
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
	%D%/keys.c \
	%D%/keys.h \
	%D%/keys_render.c \
	%D%/metrics.c \
	%D%/network.c \
	%D%/openapi.c \
	%D%/openapi.def \
	%D%/openapi.h \
	%D%/private.h \
	%D%/reset.c \
	%D%/roles.c \
	%D%/scenarios.c \
	%D%/seeds.c \
	%D%/site.c \
	%D%/snapshots.c \
	%D%/state_routes.c \
	%D%/state.c \
	%D%/time.c \
	%D%/tokens.c \
	%D%/vaults.c \
	%D%/wait.c \
	%D%/wait.h \
	%D%/why.c \
	%D%/why.h \
	%D%/why_access.c \
	%D%/why_caller.c \
	%D%/why_key.c \
	%D%/why_token.c

# What the program carries of the files of its sources (embedded.h).
embed = %D%/embed
nodist_libkvapi_a_SOURCES = %D%/built/openapi.c
EXTRA_DIST += $(embed) %D%/openapi.json
CLEANFILES += %D%/built/openapi.c
%D%/built/openapi.c: %D%/openapi.json $(embed)
	$(AM_V_GEN)$(MKDIR_P) %D%/built && cd $(srcdir) && \
		$(embed) openapi_files %D%/openapi.json >$(abs_builddir)/$@.tmp && \
		mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@

include %D%/page/local.mk
