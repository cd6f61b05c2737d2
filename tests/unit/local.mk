# SPDX-License-Identifier: Apache-2.0
unit_cflags = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_libs = libkv.a $(CRITERION_LIBS) $(SERVER_LIBS)

check_PROGRAMS += %D%/test_certificate
TESTS += %D%/test_certificate
%C%_test_certificate_SOURCES = %D%/certificate.c %D%/x509.c
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

check_PROGRAMS += %D%/test_listener
TESTS += %D%/test_listener
%C%_test_listener_SOURCES = %D%/listener.c %D%/listener_body.c %D%/listener_head.c
%C%_test_listener_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_listener_CFLAGS = $(unit_cflags)
%C%_test_listener_LDADD = tests/support/libsite.a $(unit_libs)

check_PROGRAMS += %D%/test_listener_lanes
TESTS += %D%/test_listener_lanes
%C%_test_listener_lanes_SOURCES = %D%/listener_lanes.c
%C%_test_listener_lanes_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_listener_lanes_CFLAGS = $(unit_cflags)
%C%_test_listener_lanes_LDADD = tests/support/libsite.a $(unit_libs)

check_PROGRAMS += %D%/test_listener_tls
TESTS += %D%/test_listener_tls
%C%_test_listener_tls_SOURCES = %D%/listener_tls.c
%C%_test_listener_tls_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_listener_tls_CFLAGS = $(unit_cflags)
%C%_test_listener_tls_LDADD = tests/support/libsite.a $(unit_libs) $(CURL_LIBS)
