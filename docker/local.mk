# SPDX-License-Identifier: Apache-2.0
# Images and the Debian package are built and tried out by docker/test-image and docker/test-package,
# from the sources; nothing of this is installed.
EXTRA_DIST += \
	%D%/Dockerfile \
	%D%/Dockerfile.scratch \
	%D%/closure \
	%D%/compose.yaml \
	%D%/debian/changelog \
	%D%/debian/coffer.docs \
	%D%/debian/coffer.postinst \
	%D%/debian/coffer.postrm \
	%D%/debian/coffer.prerm \
	%D%/debian/control \
	%D%/debian/copyright \
	%D%/debian/rules \
	%D%/debian/source/format \
	%D%/devcontainer/compose.yaml \
	%D%/devcontainer/devcontainer.json \
	%D%/enter \
	%D%/examples/github-actions.yaml \
	%D%/examples/gitlab-ci.yaml \
	%D%/kubernetes/coffer.yaml \
	%D%/kubernetes/kustomization.yaml \
	%D%/libcurl \
	%D%/package \
	%D%/sbom \
	%D%/test-build.sh \
	%D%/test-checks.sh \
	%D%/test-contents.sh \
	%D%/test-image \
	%D%/test-manifests.sh \
	%D%/test-package \
	%D%/test-run.sh \
	%D%/try-package \
	%D%/validators.txt
