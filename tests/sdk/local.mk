# SPDX-License-Identifier: Apache-2.0
TESTS += \
	%D%/go/run \
	%D%/js/run \
	%D%/python/run

EXTRA_DIST += \
	%D%/suite.sh \
	%D%/go/ask_test.go \
	%D%/go/claims_test.go \
	%D%/go/deletion_test.go \
	%D%/go/go.mod \
	%D%/go/go.sum \
	%D%/go/hsm_test.go \
	%D%/go/identity_test.go \
	%D%/go/jumps_test.go \
	%D%/go/keys_test.go \
	%D%/go/moving_test.go \
	%D%/go/release_test.go \
	%D%/go/rotation_test.go \
	%D%/go/run \
	%D%/go/signing_test.go \
	%D%/go/states_test.go \
	%D%/go/support_test.go \
	%D%/go/wrapping_test.go \
	%D%/js/.npmrc \
	%D%/js/claims.test.mjs \
	%D%/js/deletion.test.mjs \
	%D%/js/hsm.test.mjs \
	%D%/js/identity.test.mjs \
	%D%/js/imds.test.mjs \
	%D%/js/jumps.test.mjs \
	%D%/js/keys.test.mjs \
	%D%/js/moving.test.mjs \
	%D%/js/package-lock.json \
	%D%/js/package.json \
	%D%/js/pending.test.mjs \
	%D%/js/run \
	%D%/js/release.test.mjs \
	%D%/js/rotation.test.mjs \
	%D%/js/signing.test.mjs \
	%D%/js/states.test.mjs \
	%D%/js/support.mjs \
	%D%/js/wrapping.test.mjs \
	%D%/python/requirements.in \
	%D%/python/requirements.txt \
	%D%/python/run \
	%D%/python/suite.py \
	%D%/python/support.py \
	%D%/python/test_administration.py \
	%D%/python/test_claims.py \
	%D%/python/test_deletion.py \
	%D%/python/test_hsm.py \
	%D%/python/test_identity.py \
	%D%/python/test_jumps.py \
	%D%/python/test_keys.py \
	%D%/python/test_moving.py \
	%D%/python/test_pending.py \
	%D%/python/test_release.py \
	%D%/python/test_rotation.py \
	%D%/python/test_signing.py \
	%D%/python/test_states.py \
	%D%/python/test_wrapping.py

clean-local: clean-sdk
clean-sdk:
	rm -rf %D%/cache %D%/go/suite %D%/js/suite %D%/python/suite

PHONY += clean-sdk
