# SPDX-License-Identifier: Apache-2.0
parity_sources = \
	%D%/cells.c \
	%D%/check.c \
	%D%/golden.c \
	%D%/load.c \
	%D%/page.c \
	%D%/parity.h \
	%D%/proofs.c \
	tests/support/operation.c \
	tests/support/operation.h

EXTRA_PROGRAMS += %D%/parity
%C%_parity_SOURCES = %D%/main.c $(parity_sources)
%C%_parity_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_parity_LDADD = $(kv_api) $(SERVER_LIBS) $(CURL_LIBS)
CLEANFILES += %D%/parity$(EXEEXT)
EXTRA_DIST += %D%/unproven

# Writes the tables of docs/parity.md anew.
parity: %D%/parity$(EXEEXT)
	@%D%/parity$(EXEEXT) $(top_srcdir)

PHONY += parity
