# SPDX-License-Identifier: Apache-2.0
TESTS += %D%/run

EXTRA_DIST += \
	%D%/conftest.py \
	%D%/daemon.py \
	%D%/hooks.py \
	%D%/requirements.in \
	%D%/requirements.txt \
	%D%/run \
	%D%/test_answers.py \
	%D%/test_document.py \
	%D%/test_fuzz.py

clean-local: clean-openapi
clean-openapi:
	rm -rf %D%/suite

PHONY += clean-openapi
