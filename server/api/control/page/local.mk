# SPDX-License-Identifier: Apache-2.0
# The page at / of the control port. The program carries its files, as a table (embedded.h).
page_parts = \
	%D%/index.html \
	%D%/page.css \
	%D%/icon.svg \
	%D%/api.js \
	%D%/clock.js \
	%D%/consumers.js \
	%D%/dom.js \
	%D%/faults.js \
	%D%/hsm.js \
	%D%/journal.js \
	%D%/keys.js \
	%D%/main.js \
	%D%/outcome.js \
	%D%/scenarios.js \
	%D%/timeline.js

libkvapi_a_SOURCES += \
	%D%/page.c \
	%D%/page.h
nodist_libkvapi_a_SOURCES += %D%/parts.c
EXTRA_DIST += $(page_parts)
CLEANFILES += %D%/parts.c

%D%/parts.c: $(page_parts) $(embed)
	$(AM_V_GEN)$(MKDIR_P) %D% && cd $(srcdir) && \
		$(embed) page_files $(page_parts) >$(abs_builddir)/$@.tmp && \
		mv $(abs_builddir)/$@.tmp $(abs_builddir)/$@
