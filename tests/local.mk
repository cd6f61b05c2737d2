# SPDX-License-Identifier: Apache-2.0
include %D%/support/local.mk
if HAVE_CRITERION
include %D%/unit/local.mk
include %D%/token/local.mk
include %D%/api/local.mk
endif
include %D%/stress/local.mk
include %D%/bench/local.mk
include %D%/lint/local.mk
include %D%/sdk/local.mk
