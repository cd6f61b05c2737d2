# SPDX-License-Identifier: Apache-2.0

UNIT_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
UNIT_LDADD = libkv.a libhsm.a $(CRITERION_LIBS) $(SERVER_LIBS)

check_PROGRAMS += %D%/test_base64
TESTS += %D%/test_base64
%C%_test_base64_SOURCES = %D%/base64.c
%C%_test_base64_CFLAGS = $(UNIT_CFLAGS)
%C%_test_base64_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_buf
TESTS += %D%/test_buf
%C%_test_buf_SOURCES = %D%/buf.c %D%/memory.h
%C%_test_buf_CFLAGS = $(UNIT_CFLAGS)
%C%_test_buf_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_clock
TESTS += %D%/test_clock
%C%_test_clock_SOURCES = %D%/clock.c
%C%_test_clock_CFLAGS = $(UNIT_CFLAGS)
%C%_test_clock_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_err
TESTS += %D%/test_err
%C%_test_err_SOURCES = %D%/err.c
%C%_test_err_CFLAGS = $(UNIT_CFLAGS)
%C%_test_err_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_secret
TESTS += %D%/test_secret
%C%_test_secret_SOURCES = %D%/secret.c %D%/memory.h
%C%_test_secret_CFLAGS = $(UNIT_CFLAGS)
%C%_test_secret_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_uuid
TESTS += %D%/test_uuid
%C%_test_uuid_SOURCES = %D%/uuid.c
%C%_test_uuid_CFLAGS = $(UNIT_CFLAGS)
%C%_test_uuid_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_files
TESTS += %D%/test_files
%C%_test_files_SOURCES = %D%/files.c %D%/scratch.h
%C%_test_files_CFLAGS = $(UNIT_CFLAGS)
%C%_test_files_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_json
TESTS += %D%/test_json
%C%_test_json_SOURCES = %D%/json.c %D%/memory.h
%C%_test_json_CFLAGS = $(UNIT_CFLAGS)
%C%_test_json_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_log
TESTS += %D%/test_log
%C%_test_log_SOURCES = %D%/log.c
%C%_test_log_CFLAGS = $(UNIT_CFLAGS)
%C%_test_log_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_options
TESTS += %D%/test_options
%C%_test_options_SOURCES = %D%/options.c %D%/options.h %D%/options_print.c %D%/scratch.h
%C%_test_options_CFLAGS = $(UNIT_CFLAGS)
%C%_test_options_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_store
TESTS += %D%/test_store
%C%_test_store_SOURCES = %D%/store.c %D%/store.h %D%/store_query.c %D%/store_turns.c %D%/scratch.h
%C%_test_store_CFLAGS = $(UNIT_CFLAGS)
%C%_test_store_LDADD = $(UNIT_LDADD)
