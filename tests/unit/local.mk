# SPDX-License-Identifier: Apache-2.0
unit_cflags = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_libs = libkv.a $(CRITERION_LIBS) $(SERVER_LIBS)

check_PROGRAMS += %D%/test_certificate
TESTS += %D%/test_certificate
%C%_test_certificate_SOURCES = %D%/certificate.c
%C%_test_certificate_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_certificate_CFLAGS = $(unit_cflags)
%C%_test_certificate_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_lanes
TESTS += %D%/test_lanes
%C%_test_lanes_SOURCES = %D%/lanes.c
%C%_test_lanes_CFLAGS = $(unit_cflags)
%C%_test_lanes_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_response
TESTS += %D%/test_response
%C%_test_response_SOURCES = %D%/response.c
%C%_test_response_CFLAGS = $(unit_cflags)
%C%_test_response_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_router
TESTS += %D%/test_router
%C%_test_router_SOURCES = %D%/router.c
%C%_test_router_CFLAGS = $(unit_cflags)
%C%_test_router_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_uri
TESTS += %D%/test_uri
%C%_test_uri_SOURCES = %D%/uri.c
%C%_test_uri_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_uri_CFLAGS = $(unit_cflags)
%C%_test_uri_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_identity
TESTS += %D%/test_identity
%C%_test_identity_SOURCES = \
	%D%/identity/card.c \
	%D%/identity/claims.c \
	%D%/identity/fixture.c \
	%D%/identity/fixture.h \
	%D%/identity/forge.c \
	%D%/identity/forge.h \
	%D%/identity/issue.c \
	%D%/identity/issuer.c \
	%D%/identity/seen.c \
	%D%/identity/signature.c
%C%_test_identity_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/server/domain/identity
%C%_test_identity_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_identity_LDADD = libkv.a $(CRITERION_LIBS) $(SERVER_LIBS)

check_PROGRAMS += %D%/test_hosts
TESTS += %D%/test_hosts
%C%_test_hosts_SOURCES = %D%/hosts.c
%C%_test_hosts_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_hosts_LDADD = libkv.a $(CRITERION_LIBS) $(SERVER_LIBS)

check_PROGRAMS += %D%/test_data_folder
TESTS += %D%/test_data_folder
%C%_test_data_folder_SOURCES = %D%/data_folder.c
%C%_test_data_folder_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_data_folder_LDADD = libkv.a $(CRITERION_LIBS) $(SERVER_LIBS)

check_PROGRAMS += %D%/test_cli
TESTS += %D%/test_cli
%C%_test_cli_SOURCES = \
	%D%/cli/commands.c \
	%D%/cli/fake.c \
	%D%/cli/fake.h \
	server/cli/cli.c \
	server/cli/commands.c \
	server/cli/env.c \
	server/cli/find.c \
	server/cli/get.c
%C%_test_cli_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/server/cli
%C%_test_cli_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
%C%_test_cli_LDADD = libkv.a $(CRITERION_LIBS) $(SERVER_LIBS) $(CURL_LIBS)
