# SPDX-License-Identifier: Apache-2.0
TESTS += \
	%D%/rust/run \
	%D%/java/run \
	%D%/go/run \
	%D%/js/run \
	%D%/python/run \
	%D%/az/run

EXTRA_DIST += \
	%D%/impersonation.sh \
	%D%/logins.sh \
	%D%/suite.sh \
	%D%/az/azure_cli.py \
	%D%/az/requirements.in \
	%D%/az/requirements.txt \
	%D%/az/run \
	%D%/az/test_az.py \
	%D%/az/test_azure.py \
	%D%/go/ask_test.go \
	%D%/go/azure_test.go \
	%D%/go/claims_test.go \
	%D%/go/deletion_test.go \
	%D%/go/go.mod \
	%D%/go/go.sum \
	%D%/go/hsm_test.go \
	%D%/go/identity_test.go \
	%D%/go/jumps_test.go \
	%D%/go/keys_test.go \
	%D%/go/logins_test.go \
	%D%/go/moving_test.go \
	%D%/go/release_test.go \
	%D%/go/rotation_test.go \
	%D%/go/run \
	%D%/go/signing_test.go \
	%D%/go/states_test.go \
	%D%/go/support_test.go \
	%D%/go/wrapping_test.go \
	%D%/java/pom.xml \
	%D%/java/run \
	%D%/java/src/AzureTest.java \
	%D%/java/src/KeysTest.java \
	%D%/java/src/LoginsTest.java \
	%D%/java/src/MachineTest.java \
	%D%/java/src/Support.java \
	%D%/js/.npmrc \
	%D%/js/azure.test.mjs \
	%D%/js/claims.test.mjs \
	%D%/js/deletion.test.mjs \
	%D%/js/hsm.test.mjs \
	%D%/js/identity.test.mjs \
	%D%/js/imds.test.mjs \
	%D%/js/jumps.test.mjs \
	%D%/js/keys.test.mjs \
	%D%/js/logins.mjs \
	%D%/js/logins.test.mjs \
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
	%D%/python/logins.py \
	%D%/python/mongocrypt.py \
	%D%/python/requirements.in \
	%D%/python/requirements.txt \
	%D%/python/run \
	%D%/python/suite.py \
	%D%/python/support.py \
	%D%/python/test_administration.py \
	%D%/python/test_azure.py \
	%D%/python/test_claims.py \
	%D%/python/test_deletion.py \
	%D%/python/test_hsm.py \
	%D%/python/test_identity.py \
	%D%/python/test_jumps.py \
	%D%/python/test_keys.py \
	%D%/python/test_logins.py \
	%D%/python/test_mongocrypt.py \
	%D%/python/test_moving.py \
	%D%/python/test_pending.py \
	%D%/python/test_release.py \
	%D%/python/test_rotation.py \
	%D%/python/test_scenarios_jumps.py \
	%D%/python/test_signing.py \
	%D%/python/test_states.py \
	%D%/python/test_wrapping.py \
	%D%/rust/Cargo.lock.in \
	%D%/rust/Cargo.toml \
	%D%/rust/azure.rs \
	%D%/rust/keys.rs \
	%D%/rust/logins.rs \
	%D%/rust/run \
	%D%/rust/sdk.rs \
	%D%/rust/support.rs

clean-local: clean-sdk
clean-sdk:
	rm -rf %D%/cache %D%/az/suite %D%/go/suite %D%/java/suite %D%/js/suite %D%/python/suite %D%/rust/suite

PHONY += clean-sdk
