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
	%D%/schemas/devcontainer.json \
	%D%/schemas/kustomization.json \
	%D%/test-build.sh \
	%D%/test-checks.sh \
	%D%/test-contents.sh \
	%D%/test-image \
	%D%/test-manifests.sh \
	%D%/test-run.sh \
	%D%/validators.txt
