# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += %D%/pool
%C%_pool_SOURCES = %D%/pool.c
%C%_pool_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests
%C%_pool_LDADD = tests/support/libtoken.a libhsm.a
