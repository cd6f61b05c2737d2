# SPDX-License-Identifier: Apache-2.0
check_LIBRARIES += %D%/libsite.a
%C%_libsite_a_SOURCES = %D%/site.c %D%/site.h %D%/wire.c %D%/wire.h
%C%_libsite_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
