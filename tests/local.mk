# SPDX-License-Identifier: Apache-2.0

# Programs run under run-checked, which is stricter than an exit status; the driver counts tests.
LOG_COMPILER = $(top_srcdir)/tests/run-checked
LOG_DRIVER = $(top_srcdir)/tests/driver
SH_LOG_DRIVER = $(LOG_DRIVER)
AM_TESTS_ENVIRONMENT = \
	CHECK_UNDER='$(CHECK_UNDER)'; export CHECK_UNDER; \
	SANITIZERS='$(SANITIZERS)'; export SANITIZERS; \
	SOFTHSM_MODULE='$(SOFTHSM_MODULE)'; export SOFTHSM_MODULE;

EXTRA_DIST += \
	%D%/driver \
	%D%/run-checked \
	%D%/support/lsan.supp \
	%D%/support/command.h \
	%D%/support/vaults.h \
	%D%/support/net.sh \
	%D%/support/valgrind.supp

include %D%/support/local.mk
# make starts the tests in this order. What takes longest comes first, so that nothing is waited for
# alone in the end: what waits for deadlines to pass, whole suites with their packages, and what
# lasts for a minute whatever it does.
if HAVE_CRITERION
TESTS += %D%/unit/test_listener_endings
endif
include %D%/sdk/local.mk
include %D%/docs/local.mk
include %D%/modules/local.mk
include %D%/page/local.mk
include %D%/openapi/local.mk
include %D%/stress/local.mk
if HAVE_CRITERION
include %D%/unit/local.mk
include %D%/api/local.mk
include %D%/token/local.mk

# Proves that the tests' own machinery catches what it is there for.
TESTS += %D%/support/net.sh
check_PROGRAMS += %D%/support/test_broken %D%/support/test_bereaved %D%/support/race
%C%_support_test_broken_SOURCES = %D%/support/broken.c
%C%_support_test_broken_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_support_test_broken_LDADD = $(CRITERION_LIBS)
%C%_support_test_bereaved_SOURCES = %D%/support/bereaved.c $(api_support)
%C%_support_test_bereaved_CFLAGS = $(api_cflags)
%C%_support_test_bereaved_LDADD = $(api_libs)
%C%_support_race_SOURCES = %D%/support/race.c
else
check-local:
	@echo "make check needs Criterion (libcriterion-dev), which configure did not find" >&2
	@exit 1
endif
include %D%/fuzz/local.mk
include %D%/bench/local.mk
include %D%/install/local.mk
include %D%/parity/local.mk
include %D%/lint/local.mk

# What net.sh runs, and what tests of the benchmarks run.
net_programs = tests/support/test_broken tests/support/test_bereaved tests/support/race \
	tests/bench/beside

# Some of the tests, and only their programs: make check-some SOME='tests/unit/* tests/stress/*'
check-some: all
	@set -f; chosen=; for test in $(TESTS); do \
		for pattern in $(SOME); do \
			case $$test in $$pattern) chosen="$$chosen $$test" ;; esac; \
		done; \
	done; \
	test -n "$$chosen" || { echo "no test is called $(SOME)" >&2; exit 1; }; \
	programs=; for program in $(check_PROGRAMS); do \
		case "$$chosen $(net_programs) " in \
			*" $$program "*) programs="$$programs $$program" ;; \
		esac; \
	done; \
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS="$$chosen" check_PROGRAMS="$$programs"

# What valgrind sees and the sanitizers do not are values that were never set, and the memory of the
# libraries. Criterion starts itself anew for each test, which costs more than a second each time
# here, and the stage is to stay below three minutes on two processors. So it has the programs that
# take apart what comes from clients, from other services and from the disk, and those of the memory
# itself, and none of tables, of time and threads, or that make keys or signatures by the hundred:
# all of these run under the sanitizers.
MEMCHECK = tests/support/net.sh tests/token/test_answers \
	tests/unit/test_backup_form \
	tests/unit/test_base64 \
	tests/unit/test_buf \
	tests/unit/test_json \
	tests/unit/test_jwe \
	tests/unit/test_jws \
	tests/unit/test_listener \
	tests/unit/test_log \
	tests/unit/test_policy_rewrite \
	tests/unit/test_release \
	tests/unit/test_router \
	tests/unit/test_secret \
	tests/unit/test_store \
	tests/unit/test_uri
memcheck:
	$(MAKE) $(AM_MAKEFLAGS) check-some CHECK_UNDER=valgrind SOME='$(MEMCHECK)'

PHONY += check-some memcheck
