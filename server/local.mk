# SPDX-License-Identifier: Apache-2.0
include %D%/base/local.mk
include %D%/store/local.mk
include %D%/http/local.mk
include %D%/domain/custody/local.mk
include %D%/domain/identity/local.mk
include %D%/domain/limits/local.mk
include %D%/domain/release/local.mk
include %D%/domain/vault/local.mk
include %D%/api/gate/local.mk
include %D%/api/hsm/local.mk
include %D%/api/keys/local.mk
include %D%/api/token/local.mk
include %D%/api/control/local.mk
include %D%/cli/local.mk
coffer_SOURCES += \
	%D%/certifier.c \
	%D%/fetch.c \
	%D%/folder.c \
	%D%/folder.h \
	%D%/housekeeper.c \
	%D%/machine.c \
	%D%/ready.c \
	%D%/main.c \
	%D%/rotator.c \
	%D%/serve.c \
	%D%/serve.h \
	%D%/signals.c \
	%D%/softhsm.c \
	%D%/softhsm.h \
	%D%/sweep.c \
	%D%/token.c \
	%D%/vaults.c
