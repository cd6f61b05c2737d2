# SPDX-License-Identifier: Apache-2.0
# Images are built and tried out by docker/test-image, from the sources; nothing of this is installed.
EXTRA_DIST += \
	%D%/Dockerfile \
	%D%/Dockerfile.scratch \
	%D%/closure \
	%D%/compose.yaml \
	%D%/devcontainer/compose.yaml \
	%D%/devcontainer/devcontainer.json \
	%D%/enter \
	%D%/examples/github-actions.yaml \
	%D%/examples/gitlab-ci.yaml \
	%D%/kubernetes/coffer.yaml \
	%D%/kubernetes/kustomization.yaml \
	%D%/libcurl \
	%D%/sbom \
	%D%/test-build.sh \
	%D%/test-checks.sh \
	%D%/test-contents.sh \
	%D%/test-image \
	%D%/test-manifests.sh \
	%D%/test-run.sh \
	%D%/testcontainers/js/.npmrc \
	%D%/testcontainers/js/README.md \
	%D%/testcontainers/js/package-lock.json \
	%D%/testcontainers/js/package.json \
	%D%/testcontainers/js/src/coffer.d.ts \
	%D%/testcontainers/js/src/coffer.js \
	%D%/testcontainers/js/src/container.d.ts \
	%D%/testcontainers/js/src/container.js \
	%D%/testcontainers/js/test/coffer.test.js \
	%D%/testcontainers/js/test/container.test.js \
	%D%/testcontainers/python/README.md \
	%D%/testcontainers/python/coffer_testing/__init__.py \
	%D%/testcontainers/python/coffer_testing/container.py \
	%D%/testcontainers/python/coffer_testing/plugin.py \
	%D%/testcontainers/python/coffer_testing/program.py \
	%D%/testcontainers/python/coffer_testing/server.py \
	%D%/testcontainers/python/pyproject.toml \
	%D%/testcontainers/python/tests/conftest.py \
	%D%/testcontainers/python/tests/test_container.py \
	%D%/testcontainers/python/tests/test_plugin.py \
	%D%/testcontainers/python/tests/test_program.py \
	%D%/testcontainers/python/tests/test_sdk.py \
	%D%/testcontainers/python/tests/test_server.py \
	%D%/validators.txt
