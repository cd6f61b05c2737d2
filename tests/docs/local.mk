# SPDX-License-Identifier: Apache-2.0
TESTS += %D%/run

EXTRA_DIST += \
	%D%/Ask.java \
	%D%/ask.mjs \
	%D%/ask.py \
	%D%/blocks.py \
	%D%/docs.py \
	%D%/run \
	%D%/selftest.py \
	%D%/shell.py \
	%D%/stand-in \
	%D%/troubles.py
