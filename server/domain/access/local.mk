# SPDX-License-Identifier: Apache-2.0
libkvdomain_a_SOURCES += \
	%D%/bring.c \
	%D%/access.c \
	%D%/access_core.h \
	%D%/actions.c \
	%D%/assignments.c \
	%D%/check_action.c \
	%D%/condition.c \
	%D%/custom_roles.c \
	%D%/decide.c \
	%D%/explain.c \
	%D%/firewall.c \
	%D%/grants.c \
	%D%/grants_list.c \
	%D%/index.c \
	%D%/index_read.c \
	%D%/keeping.c \
	%D%/network.c \
	%D%/network_rows.c \
	%D%/permission.c \
	%D%/places.c \
	%D%/policies.c \
	%D%/roles.c \
	%D%/roles_core.h \
	%D%/schema.c \
	%D%/scoped.c \
	%D%/scoped_list.c \
	%D%/scopes.c \
	%D%/settings.c \
	%D%/vault_roles.c
