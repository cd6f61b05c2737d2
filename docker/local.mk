# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/Dockerfile \
	%D%/Dockerfile.scratch \
	%D%/closure
