# SPDX-License-Identifier: Apache-2.0
EXTRA_PROGRAMS += %D%/bench
%C%_bench_SOURCES = \
	%D%/access.c \
	%D%/bench.c \
	%D%/bench.h \
	%D%/connect.c \
	%D%/connection.c \
	%D%/connection.h \
	%D%/consumers.c \
	%D%/create.c \
	%D%/duel.c \
	%D%/duel.h \
	%D%/faults.c \
	%D%/fill.c \
	%D%/fill.h \
	%D%/firewall.c \
	%D%/gate.c \
	%D%/get.c \
	%D%/guard.c \
	%D%/guard.h \
	%D%/journal.c \
	%D%/load.c \
	%D%/load.h \
	%D%/machine.c \
	%D%/machine.h \
	%D%/memory.c \
	%D%/rate.c \
	%D%/raw.c \
	%D%/raw.h \
	%D%/report.c \
	%D%/report.h \
	%D%/samples.c \
	%D%/samples.h \
	%D%/scale.c \
	%D%/server.c \
	%D%/server.h \
	%D%/sign.c \
	%D%/standing.c \
	%D%/deploy.c \
	%D%/start.c \
	%D%/token.c \
	%D%/unwrap.c \
	%D%/world.c \
	%D%/world.h
%C%_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_bench_CFLAGS = $(AM_CFLAGS) $(TLS_CFLAGS)
%C%_bench_LDADD = \
	tests/support/libdaemon.a \
	tests/support/libtoken.a \
	$(kv_api) \
	$(SERVER_LIBS) \
	$(CURL_LIBS) \
	$(TLS_LIBS) \
	-lm
CLEANFILES += %D%/bench$(EXEEXT)

check_PROGRAMS += %D%/beside
%C%_beside_SOURCES = \
	%D%/beside.c \
	%D%/beside.h \
	%D%/beside_settings.c \
	%D%/caller.c \
	%D%/caller.h \
	%D%/connection.c \
	%D%/connection.h \
	%D%/guard.c \
	%D%/guard.h \
	%D%/load.c \
	%D%/load.h \
	%D%/samples.c \
	%D%/samples.h \
	%D%/server.c \
	%D%/server.h \
	%D%/side.c \
	%D%/side.h \
	%D%/world.c \
	%D%/world.h
%C%_beside_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_beside_CFLAGS = $(AM_CFLAGS) $(TLS_CFLAGS)
%C%_beside_LDADD = $(%C%_bench_LDADD)

# It has met another server.
TESTS += %D%/plain/run
EXTRA_DIST += %D%/plain/plain.go %D%/plain/run

# About two minutes; BENCHFLAGS="--only unwrap --json FILE" and the like, see --help.
bench: coffer$(EXEEXT) %D%/bench$(EXEEXT)
	@TEST_PROGRAM=./coffer$(EXEEXT) %D%/bench$(EXEEXT) $(BENCHFLAGS)

PHONY += bench
