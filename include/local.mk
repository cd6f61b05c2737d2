# SPDX-License-Identifier: Apache-2.0
noinst_HEADERS = \
	%D%/hsm.h \
	%D%/kv/api.h \
	%D%/kv/app.h \
	%D%/kv/base.h \
	%D%/kv/base64.h \
	%D%/kv/buf.h \
	%D%/kv/certificate.h \
	%D%/kv/clock.h \
	%D%/kv/custody.h \
	%D%/kv/duration.h \
	%D%/kv/err.h \
	%D%/kv/files.h \
	%D%/kv/hosts.h \
	%D%/kv/identity.h \
	%D%/kv/json.h \
	%D%/kv/jwe.h \
	%D%/kv/keys.h \
	%D%/kv/lanes.h \
	%D%/kv/listener.h \
	%D%/kv/log.h \
	%D%/kv/options.h \
	%D%/kv/request.h \
	%D%/kv/response.h \
	%D%/kv/route.h \
	%D%/kv/secret.h \
	%D%/kv/store.h \
	%D%/kv/uuid.h \
	%D%/kv/vault.h \
	%D%/kv/tbl/alg.def \
	%D%/kv/tbl/api_version.def \
	%D%/kv/tbl/curve.def \
	%D%/kv/tbl/err.def \
	%D%/kv/tbl/key_op.def \
	%D%/kv/tbl/kty.def \
	%D%/kv/tbl/lock.def \
	%D%/kv/tbl/option.def
