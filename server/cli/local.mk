# SPDX-License-Identifier: Apache-2.0
libkvcli_a_SOURCES += \
	%D%/access.c \
	%D%/authorize.c \
	%D%/ca_file.c \
	%D%/ca_file.h \
	%D%/certificate_file.c \
	%D%/certificate_file.h \
	%D%/cli.c \
	%D%/cli.h \
	%D%/clock.c \
	%D%/commands.c \
	%D%/env.c \
	%D%/fault.c \
	%D%/find.c \
	%D%/firewall.c \
	%D%/get.c \
	%D%/journal.c \
	%D%/journal.h \
	%D%/journal_retries.c \
	%D%/hsm.c \
	%D%/identity.c \
	%D%/login.c \
	%D%/login.h \
	%D%/path.c \
	%D%/proxy.c \
	%D%/proxy.h \
	%D%/seed.c \
	%D%/server.h \
	%D%/snapshot.c \
	%D%/system_store.c \
	%D%/system_store.h \
	%D%/variables.c \
	%D%/variables.h \
	%D%/vault.c \
	%D%/why.c
