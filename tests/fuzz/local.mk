# SPDX-License-Identifier: Apache-2.0
# A target for each parser of what others have written. With --enable-fuzzing (clang) they are for
# `make fuzz` and `make fuzz-run`; in every other build they are tests that replay the corpus.
fuzz_names = \
	authority \
	backup \
	base64 \
	body \
	cidr \
	claims \
	deployment \
	dicom \
	duration \
	evaluation \
	expression \
	faults \
	form \
	framing \
	head \
	json \
	jwe \
	jwk \
	jws \
	key_set \
	options \
	pem \
	release \
	seed \
	template \
	token \
	transfer \
	uri
EXTRA_DIST += %D%/corpus %D%/dictionary

fuzz_programs = \
	%D%/fuzz_authority \
	%D%/fuzz_backup \
	%D%/fuzz_base64 \
	%D%/fuzz_body \
	%D%/fuzz_cidr \
	%D%/fuzz_claims \
	%D%/fuzz_deployment \
	%D%/fuzz_dicom \
	%D%/fuzz_duration \
	%D%/fuzz_evaluation \
	%D%/fuzz_expression \
	%D%/fuzz_faults \
	%D%/fuzz_form \
	%D%/fuzz_framing \
	%D%/fuzz_head \
	%D%/fuzz_json \
	%D%/fuzz_jwe \
	%D%/fuzz_jwk \
	%D%/fuzz_jws \
	%D%/fuzz_key_set \
	%D%/fuzz_options \
	%D%/fuzz_pem \
	%D%/fuzz_release \
	%D%/fuzz_seed \
	%D%/fuzz_template \
	%D%/fuzz_token \
	%D%/fuzz_transfer \
	%D%/fuzz_uri

if FUZZING
EXTRA_PROGRAMS += $(fuzz_programs)
CLEANFILES += $(fuzz_programs)
else
check_PROGRAMS += $(fuzz_programs)
TESTS += $(fuzz_programs)
fuzz_main = %D%/replay.c
endif

fuzz_common = %D%/fuzz.h %D%/input.c $(fuzz_main)
fuzz_signer = %D%/signer.c %D%/signer.h tests/unit/identity/forge_key.h
fuzz_world = %D%/world.c %D%/world.h %D%/world_ask.c server/serve/certifier.c server/serve/serve.h $(fuzz_signer)
fuzz_template = %D%/template_world.c %D%/template_world.h
fuzz_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir) -DCORPUS_FOLDER='"$(top_srcdir)/%D%/corpus"'
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
fuzz_libs = $(kv_api) $(SERVER_LIBS) $(CURL_LIBS)

%C%_fuzz_authority_SOURCES = %D%/authority.c $(fuzz_common) $(fuzz_signer)
%C%_fuzz_authority_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_authority_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_authority_LDADD = $(fuzz_libs)

%C%_fuzz_backup_SOURCES = %D%/backup.c $(fuzz_common)
%C%_fuzz_backup_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_backup_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_backup_LDADD = $(fuzz_libs)

%C%_fuzz_base64_SOURCES = %D%/base64.c $(fuzz_common)
%C%_fuzz_base64_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_base64_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_base64_LDADD = $(fuzz_libs)

%C%_fuzz_body_SOURCES = %D%/body.c $(fuzz_common) $(fuzz_world)
%C%_fuzz_body_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_body_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_body_LDADD = tests/support/libtoken.a $(fuzz_libs)

%C%_fuzz_cidr_SOURCES = %D%/cidr.c $(fuzz_common)
%C%_fuzz_cidr_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_cidr_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_cidr_LDADD = $(fuzz_libs)

%C%_fuzz_claims_SOURCES = %D%/claims.c $(fuzz_common)
%C%_fuzz_claims_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_claims_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_claims_LDADD = $(fuzz_libs)

%C%_fuzz_deployment_SOURCES = %D%/deployment.c $(fuzz_common) $(fuzz_template)
%C%_fuzz_deployment_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_deployment_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_deployment_LDADD = $(fuzz_libs)

%C%_fuzz_dicom_SOURCES = %D%/dicom.c $(fuzz_common)
%C%_fuzz_dicom_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_dicom_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_dicom_LDADD = $(fuzz_libs)

%C%_fuzz_duration_SOURCES = %D%/duration.c $(fuzz_common)
%C%_fuzz_duration_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_duration_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_duration_LDADD = $(fuzz_libs)

%C%_fuzz_evaluation_SOURCES = %D%/evaluation.c $(fuzz_common) $(fuzz_template)
%C%_fuzz_evaluation_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_evaluation_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_evaluation_LDADD = $(fuzz_libs)

%C%_fuzz_expression_SOURCES = %D%/expression.c $(fuzz_common)
%C%_fuzz_expression_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_expression_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_expression_LDADD = $(fuzz_libs)

%C%_fuzz_faults_SOURCES = %D%/faults.c $(fuzz_common)
%C%_fuzz_faults_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_faults_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_faults_LDADD = $(fuzz_libs)
%C%_fuzz_form_SOURCES = %D%/form.c $(fuzz_common)
%C%_fuzz_form_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_form_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_form_LDADD = $(fuzz_libs)

%C%_fuzz_framing_SOURCES = %D%/framing.c $(fuzz_common)
%C%_fuzz_framing_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_framing_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_framing_LDADD = $(fuzz_libs)

%C%_fuzz_head_SOURCES = %D%/head.c $(fuzz_common) $(fuzz_world)
%C%_fuzz_head_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_head_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_head_LDADD = tests/support/libtoken.a $(fuzz_libs)

%C%_fuzz_json_SOURCES = %D%/json.c $(fuzz_common)
%C%_fuzz_json_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_json_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_json_LDADD = $(fuzz_libs)

%C%_fuzz_jwe_SOURCES = %D%/jwe.c $(fuzz_common)
%C%_fuzz_jwe_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_jwe_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_jwe_LDADD = $(fuzz_libs)

%C%_fuzz_jwk_SOURCES = %D%/jwk.c $(fuzz_common)
%C%_fuzz_jwk_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_jwk_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_jwk_LDADD = $(fuzz_libs)

%C%_fuzz_jws_SOURCES = %D%/jws.c $(fuzz_common) $(fuzz_signer)
%C%_fuzz_jws_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_jws_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_jws_LDADD = $(fuzz_libs)

%C%_fuzz_key_set_SOURCES = %D%/key_set.c $(fuzz_common)
%C%_fuzz_key_set_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_key_set_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_key_set_LDADD = $(fuzz_libs)

%C%_fuzz_options_SOURCES = %D%/options.c $(fuzz_common)
%C%_fuzz_options_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_options_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_options_LDADD = $(fuzz_libs)

%C%_fuzz_pem_SOURCES = %D%/pem.c $(fuzz_common)
%C%_fuzz_pem_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_pem_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_pem_LDADD = $(fuzz_libs)

%C%_fuzz_release_SOURCES = %D%/release.c $(fuzz_common) $(fuzz_signer)
%C%_fuzz_release_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_release_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_release_LDADD = $(fuzz_libs)

%C%_fuzz_seed_SOURCES = %D%/seed.c $(fuzz_common)
%C%_fuzz_seed_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_seed_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_seed_LDADD = $(fuzz_libs)
%C%_fuzz_template_SOURCES = %D%/template.c $(fuzz_common) $(fuzz_template)
%C%_fuzz_template_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_template_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_template_LDADD = $(fuzz_libs)

%C%_fuzz_token_SOURCES = %D%/token.c $(fuzz_common) $(fuzz_signer)
%C%_fuzz_token_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_token_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_token_LDADD = $(fuzz_libs)

%C%_fuzz_transfer_SOURCES = %D%/transfer.c $(fuzz_common)
%C%_fuzz_transfer_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_transfer_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_transfer_LDADD = $(fuzz_libs)

%C%_fuzz_uri_SOURCES = %D%/uri.c $(fuzz_common)
%C%_fuzz_uri_CPPFLAGS = $(fuzz_cppflags)
%C%_fuzz_uri_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_uri_LDADD = $(fuzz_libs)

fuzz: $(fuzz_programs)

# Each target for FUZZ_SECONDS, of those that FUZZ names, with the corpus that there is and one of
# its own in FUZZ_FOLDER, where also logs and what was found are kept.
FUZZ = $(fuzz_names)
FUZZ_SECONDS = 600
FUZZ_FOLDER = fuzzing
fuzz-run: fuzz
	@$(top_srcdir)/%D%/run --seconds $(FUZZ_SECONDS) --folder $(FUZZ_FOLDER) \
		--corpus $(top_srcdir)/%D%/corpus --dictionary $(top_srcdir)/%D%/dictionary \
		--programs tests/fuzz $(FUZZ)
EXTRA_DIST += %D%/run

PHONY += fuzz fuzz-run
