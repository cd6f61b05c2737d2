# SPDX-License-Identifier: Apache-2.0
check_LIBRARIES += %D%/libtoken.a
%C%_libtoken_a_SOURCES = %D%/token.c %D%/token.h
