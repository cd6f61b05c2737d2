# SPDX-License-Identifier: Apache-2.0
include %D%/base/local.mk
include %D%/store/local.mk
include %D%/http/local.mk
include %D%/domain/custody/local.mk
include %D%/domain/vaults/local.mk
include %D%/domain/identity/local.mk
include %D%/domain/access/local.mk
include %D%/domain/hsmfaults/local.mk
include %D%/domain/limits/local.mk
include %D%/domain/journal/local.mk
include %D%/domain/faults/local.mk
include %D%/domain/release/local.mk
include %D%/domain/templates/local.mk
include %D%/domain/keys/local.mk
include %D%/api/wire/local.mk
include %D%/api/gate/local.mk
include %D%/api/hsm/local.mk
include %D%/api/keys/local.mk
include %D%/api/authority/local.mk
include %D%/api/resources/local.mk
include %D%/api/token/local.mk
include %D%/api/control/local.mk
include %D%/cli/local.mk
include %D%/serve/local.mk
include %D%/install/local.mk
coffer_SOURCES += %D%/main.c
