# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/arrows \
	%D%/banned \
	%D%/circles.py \
	%D%/lint \
	%D%/matrix.py \
	%D%/rooms \
	%D%/rules.py \
	%D%/selftest \
	%D%/source.py

LINT_CFLAGS = -std=gnu11 -D_GNU_SOURCE= -Wall -Wextra -Wstrict-prototypes $(P11KIT_CFLAGS) $(SERVER_CFLAGS) \
	$(CURL_CFLAGS) $(CRITERION_CFLAGS)
LINT_FLAGS = --compile '$(CC) $(LINT_CFLAGS)' --compile '$(CLANG) $(LINT_CFLAGS)' \
	--format '$(CLANG_FORMAT)'

# Each room with those that it may use, as Makefile.am has them.
lint_rooms = libhsm.a '$(kv_base)' '$(kv_store)' '$(kv_http)' '$(kv_cmk)' '$(kv_domain)' '$(kv_consumer)' \
	'$(kv_api)' '$(kv_cli)' \
	'$(kv_serve)'

# Needs python3, clang and clang-format-14.
lint: tests/parity/parity$(EXEEXT) $(noinst_LIBRARIES)
	@$(top_srcdir)/%D%/selftest $(LINT_FLAGS)
	@$(top_srcdir)/%D%/lint --root $(top_srcdir) $(LINT_FLAGS)
	@$(top_srcdir)/%D%/rooms --link '$(CC) $(AM_CFLAGS) $(CFLAGS) $(AM_LDFLAGS) $(LDFLAGS)' \
		--libs '$(SERVER_LIBS) $(CURL_LIBS) $(LIBS)' $(lint_rooms)
	@tests/parity/parity$(EXEEXT) --check $(top_srcdir)

format:
	cd $(top_srcdir) && find server pkcs11 include tests -name '*.[ch]' \
		-exec $(CLANG_FORMAT) -i {} +

PHONY += lint format
