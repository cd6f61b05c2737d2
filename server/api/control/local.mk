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
	%D%/openapi.c \
	%D%/openapi.def \
	%D%/openapi.h \
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

# The schemas of the document, as an array: there is no preprocessor that could embed a file.
nodist_libkvapi_a_SOURCES = %D%/built/openapi.c
EXTRA_DIST += %D%/openapi.json
CLEANFILES += %D%/built/openapi.c
%D%/built/openapi.c: %D%/openapi.json
	$(AM_V_GEN)$(MKDIR_P) %D%/built && { \
		echo '#include <stddef.h>' && \
		echo 'extern const unsigned char openapi_source[];' && \
		echo 'extern const size_t openapi_source_len;' && \
		echo 'const unsigned char openapi_source[] = {' && \
		od -An -v -tu1 $(srcdir)/%D%/openapi.json | sed 's/[0-9][0-9]*/&,/g' && \
		echo '};' && \
		echo 'const size_t openapi_source_len = sizeof(openapi_source);'; \
	} >$@.tmp && mv $@.tmp $@
