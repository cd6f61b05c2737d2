# SPDX-License-Identifier: Apache-2.0
TESTS += %D%/run

EXTRA_DIST += \
	%D%/audit.js \
	%D%/picture.py \
	%D%/run \
	%D%/server.py \
	%D%/suite.py \
	%D%/support.py \
	%D%/test_consumers.py \
	%D%/test_keyboard.py \
	%D%/test_reach.py \
	%D%/test_strangers.py \
	%D%/test_token.py \
	%D%/test_use.py \
	%D%/webdriver.py
