# SPDX-License-Identifier: Apache-2.0
libkvserve_a_SOURCES += \
	%D%/authority_host.c \
	%D%/certifier.c \
	%D%/certify.c \
	%D%/control_port.c \
	%D%/counts.c \
	%D%/coverage.c \
	%D%/drain.c \
	%D%/due.c \
	%D%/fetch.c \
	%D%/firewalls.c \
	%D%/folder.c \
	%D%/folder.h \
	%D%/grants.c \
	%D%/housekeeper.c \
	%D%/issuers.c \
	%D%/identities.c \
	%D%/journal.c \
	%D%/machine.c \
	%D%/names.c \
	%D%/ready.c \
	%D%/rotator.c \
	%D%/secrets.c \
	%D%/serve.c \
	%D%/serve.h \
	%D%/settings.c \
	%D%/signals.c \
	%D%/sites.c \
	%D%/softhsm.c \
	%D%/softhsm.h \
	%D%/standstill.c \
	%D%/standstill.h \
	%D%/supervisor.c \
	%D%/sweep.c \
	%D%/token.c \
	%D%/vaults.c
