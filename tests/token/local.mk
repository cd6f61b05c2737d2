# SPDX-License-Identifier: Apache-2.0
check_LIBRARIES += %D%/libfixture.a
%C%_libfixture_a_SOURCES = %D%/fixture.c %D%/fixture.h %D%/outside.c %D%/outside.h
%C%_libfixture_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_libfixture_a_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)

TOKEN_TESTS = %D%/test_standstill %D%/test_open %D%/test_keys %D%/test_crypto %D%/test_moves %D%/test_health
TOKEN_TEST_LIBS = \
	%D%/libfixture.a \
	tests/support/libtoken.a \
	libhsm.a \
	$(CRITERION_LIBS) \
	$(SERVER_LIBS)
check_PROGRAMS += $(TOKEN_TESTS)
TESTS += $(TOKEN_TESTS)

%C%_test_open_SOURCES = %D%/open.c %D%/probe.c %D%/rv.c
%C%_test_open_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_test_open_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_open_LDADD = $(TOKEN_TEST_LIBS)

%C%_test_keys_SOURCES = %D%/ec.c %D%/generate.c %D%/object.c %D%/raw.c %D%/secrecy.c %D%/settle.c
%C%_test_keys_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_test_keys_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_keys_LDADD = $(TOKEN_TEST_LIBS)

%C%_test_crypto_SOURCES = %D%/aes.c %D%/hmac.c %D%/sign.c %D%/value.c
%C%_test_crypto_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_test_crypto_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_crypto_LDADD = $(TOKEN_TEST_LIBS)

%C%_test_moves_SOURCES = \
	%D%/import.c \
	%D%/release.c \
	%D%/transfer.c \
	%D%/trust.c \
	%D%/trusted.c \
	%D%/wrapped.c
%C%_test_moves_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_test_moves_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_moves_LDADD = $(TOKEN_TEST_LIBS)

# These look inside: to let a minute pass without waiting, to replace a function of the module.
%C%_test_health_SOURCES = %D%/copy.c %D%/furnished.h %D%/gate.c %D%/health.c %D%/module.c %D%/pause.c
%C%_test_health_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -I$(top_srcdir)/pkcs11
%C%_test_health_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_health_LDADD = $(TOKEN_TEST_LIBS)

# Custody on a token: known answers of all algorithms.
check_PROGRAMS += %D%/test_answers
TESTS += %D%/test_answers
%C%_test_answers_SOURCES = %D%/answers.c %D%/answers_data.h
%C%_test_answers_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_test_answers_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_answers_LDADD = %D%/libfixture.a tests/support/libtoken.a $(kv_domain) $(CRITERION_LIBS) \
	$(SERVER_LIBS)

# The call of serve/ that has the store stand still beside the token.
%C%_test_standstill_SOURCES = %D%/standstill.c
%C%_test_standstill_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests -I$(top_srcdir)
%C%_test_standstill_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_standstill_LDADD = %D%/libfixture.a tests/support/libtoken.a $(kv_serve) $(CRITERION_LIBS) \
	$(SERVER_LIBS)
