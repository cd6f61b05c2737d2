# SPDX-License-Identifier: Apache-2.0
libkvbase_a_SOURCES += \
	%D%/agenda.c \
	%D%/base64.c \
	%D%/buf.c \
	%D%/cidr.c \
	%D%/clock.c \
	%D%/control_token.c \
	%D%/data_folder.c \
	%D%/dates.c \
	%D%/duration.c \
	%D%/ephemeral.c \
	%D%/err.c \
	%D%/files.c \
	%D%/hosts.c \
	%D%/json.c \
	%D%/json_lines.c \
	%D%/json_print.c \
	%D%/jwe.c \
	%D%/jws.c \
	%D%/jws_certificate.c \
	%D%/jws_ec.c \
	%D%/jws_key.c \
	%D%/jws_key.h \
	%D%/log.c \
	%D%/operation.c \
	%D%/option.h \
	%D%/option_environment.c \
	%D%/option_print.c \
	%D%/option_source.c \
	%D%/option_table.c \
	%D%/option_value.c \
	%D%/options.c \
	%D%/private_file.c \
	%D%/secret.c \
	%D%/spool.c \
	%D%/uuid.c \
	%D%/wording.c
