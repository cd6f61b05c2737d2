# SPDX-License-Identifier: Apache-2.0
TESTS += %D%/js/run

EXTRA_DIST += \
	%D%/js/.npmrc \
	%D%/js/deletion.test.mjs \
	%D%/js/identity.test.mjs \
	%D%/js/imds.test.mjs \
	%D%/js/keys.test.mjs \
	%D%/js/package-lock.json \
	%D%/js/package.json \
	%D%/js/run \
	%D%/js/states.test.mjs \
	%D%/js/support.mjs \
	%D%/js/wrapping.test.mjs

clean-local: clean-sdk
clean-sdk:
	rm -rf %D%/js/suite

PHONY += clean-sdk
