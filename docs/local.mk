# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/clients.md \
	%D%/consumers.md \
	%D%/contract.md \
	%D%/control-plane.md \
	%D%/faults.md \
	%D%/limits.md
