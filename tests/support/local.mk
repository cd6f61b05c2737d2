# SPDX-License-Identifier: Apache-2.0
check_LIBRARIES += %D%/libsite.a
%C%_libsite_a_SOURCES = %D%/site.c %D%/site.h %D%/site_steps.c %D%/site_tls.c %D%/wire.c %D%/wire.h
%C%_libsite_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)

# What drives the built daemon.
check_LIBRARIES += %D%/libdaemon.a
%C%_libdaemon_a_SOURCES = \
	%D%/client.c \
	%D%/client.h \
	%D%/consistency.c \
	%D%/consistency.h \
	%D%/daemon.c \
	%D%/daemon.h \
	%D%/dice.h \
	%D%/dicom.h \
	%D%/jwk.c \
	%D%/jwk.h \
	%D%/nss.c \
	%D%/nss.h \
	%D%/program.c \
	%D%/program.h \
	%D%/refusal.c \
	%D%/tally.c \
	%D%/tally.h \
	%D%/token_view.c \
	%D%/transfer.c \
	%D%/transfer.h \
	%D%/token_view.h
check_LIBRARIES += %D%/libtoken.a
%C%_libtoken_a_SOURCES = %D%/nss.c %D%/nss.h %D%/token.c %D%/token.h

# What the programs of tests/api have in common, beside their main.
if HAVE_CRITERION
check_LIBRARIES += %D%/libapi.a
%C%_libapi_a_SOURCES = \
	%D%/api.c \
	%D%/api.h \
	%D%/api_run.c \
	%D%/api_run.h \
	%D%/arm.c \
	%D%/arm.h \
	%D%/operation.c \
	%D%/operation.h \
	%D%/proof.c \
	%D%/proof.h \
	%D%/raw.c \
	%D%/raw.h
%C%_libapi_a_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS) $(TLS_CFLAGS)
endif
