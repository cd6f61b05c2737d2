# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += %D%/listener
TESTS += %D%/listener
%C%_listener_SOURCES = %D%/listener.c \
	tests/support/site.c tests/support/site.h tests/support/site_steps.c \
	tests/support/wire.c tests/support/wire.h
%C%_listener_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_listener_LDADD = $(kv_http) $(SERVER_LIBS)

stress_libs = tests/support/libdaemon.a $(kv_base) $(CURL_LIBS) $(SERVER_LIBS)

check_PROGRAMS += %D%/crash
TESTS += %D%/crash
%C%_crash_SOURCES = \
	%D%/crash.c \
	%D%/crash.h \
	%D%/crash_aim.c \
	%D%/crash_audit.c \
	%D%/crash_census.c \
	%D%/crash_crew.c \
	%D%/crash_crew.h \
	%D%/crash_errand.h \
	%D%/crash_kinds.c \
	%D%/crash_load.c \
	%D%/crash_make.c \
	%D%/crash_report.c \
	%D%/crash_unique.c \
	%D%/crash_vault.h \
	%D%/crash_vault_audit.c \
	%D%/crash_vault_load.c \
	%D%/ledger.c \
	%D%/ledger.h
%C%_crash_LDADD = $(stress_libs)

check_PROGRAMS += %D%/contention
TESTS += %D%/contention
%C%_contention_SOURCES = \
	%D%/contention.c \
	%D%/contention.h \
	%D%/contention_contract.c \
	%D%/contention_play.c \
	%D%/contention_review.c
%C%_contention_LDADD = $(stress_libs)

check_PROGRAMS += %D%/vaults
TESTS += %D%/vaults
%C%_vaults_SOURCES = \
	%D%/vaults.c \
	%D%/vaults.h \
	%D%/vaults_annals.c \
	%D%/vaults_ask.c \
	%D%/vaults_ask.h \
	%D%/vaults_contract.c \
	%D%/vaults_judge.c \
	%D%/vaults_play.c \
	%D%/vaults_review.c
%C%_vaults_LDADD = $(stress_libs)

check_PROGRAMS += %D%/outage
TESTS += %D%/outage
%C%_outage_SOURCES = %D%/outage.c
%C%_outage_LDADD = $(stress_libs)

check_PROGRAMS += %D%/access
TESTS += %D%/access
%C%_access_SOURCES = %D%/access.c tests/support/tally.c tests/support/tally.h
%C%_access_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_access_LDADD = $(kv_domain) $(SERVER_LIBS)

check_PROGRAMS += %D%/faults
TESTS += %D%/faults
%C%_faults_SOURCES = %D%/faults.c tests/support/tally.c tests/support/tally.h
%C%_faults_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_faults_LDADD = $(kv_domain) $(SERVER_LIBS)

check_PROGRAMS += %D%/objects
TESTS += %D%/objects
%C%_objects_SOURCES = %D%/objects.c tests/support/tally.c tests/support/tally.h
%C%_objects_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_objects_LDADD = tests/support/libtoken.a libhsm.a

check_PROGRAMS += %D%/pool
TESTS += %D%/pool
%C%_pool_SOURCES = %D%/pool.c
%C%_pool_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_pool_LDADD = tests/support/libtoken.a libhsm.a

check_PROGRAMS += %D%/hostile
TESTS += %D%/hostile
%C%_hostile_SOURCES = \
	%D%/hostile.c \
	%D%/hostile.h \
	%D%/hostile_send.c \
	%D%/hostile_shapes.c \
	tests/support/raw.c \
	tests/support/raw.h
%C%_hostile_CFLAGS = $(AM_CFLAGS) $(TLS_CFLAGS)
%C%_hostile_LDADD = $(stress_libs) $(TLS_LIBS)
