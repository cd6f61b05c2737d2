# SPDX-License-Identifier: Apache-2.0
TESTS += \
	%D%/go/run \
	%D%/java/run \
	%D%/js/run \
	%D%/python/run

EXTRA_DIST += \
	%D%/suite.sh \
	%D%/go/run \
	%D%/java/ExampleTest.java \
	%D%/java/run \
	%D%/js/example.test.js \
	%D%/js/run \
	%D%/python/requirements.in \
	%D%/python/requirements.txt \
	%D%/python/run

clean-local: clean-modules
clean-modules:
	rm -rf %D%/go/suite %D%/java/suite %D%/js/suite %D%/python/suite

PHONY += clean-modules
