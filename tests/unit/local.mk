# SPDX-License-Identifier: Apache-2.0

UNIT_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS)
UNIT_LDADD = $(kv_api) $(CRITERION_LIBS) $(SERVER_LIBS) $(CURL_LIBS)

check_PROGRAMS += %D%/test_access
TESTS += %D%/test_access
%C%_test_access_SOURCES = %D%/access/actions.c %D%/access/decide.c %D%/access/delay.c %D%/access/firewall.c %D%/access/fixture.c \
	%D%/access/fixture.h %D%/access/grants.c %D%/access/network.c %D%/access/old_store.c %D%/access/policies.c \
	%D%/access/roles.c %D%/scratch.h
%C%_test_access_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) -I$(top_srcdir)/server/domain/access
%C%_test_access_CFLAGS = $(UNIT_CFLAGS)
%C%_test_access_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_agenda
TESTS += %D%/test_agenda
%C%_test_agenda_SOURCES = %D%/agenda.c %D%/agenda.h %D%/agenda_bounds.c %D%/asleep.h
%C%_test_agenda_CFLAGS = $(UNIT_CFLAGS)
%C%_test_agenda_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_backup_form
TESTS += %D%/test_backup_form
%C%_test_backup_form_SOURCES = %D%/backup_form.c
%C%_test_backup_form_CFLAGS = $(UNIT_CFLAGS)
%C%_test_backup_form_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_consumer
TESTS += %D%/test_consumer
%C%_test_consumer_SOURCES = %D%/consumer.c %D%/consumer_xml.c
%C%_test_consumer_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/server/consumer
%C%_test_consumer_CFLAGS = $(UNIT_CFLAGS)
%C%_test_consumer_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_base64
TESTS += %D%/test_base64
%C%_test_base64_SOURCES = %D%/base64.c
%C%_test_base64_CFLAGS = $(UNIT_CFLAGS)
%C%_test_base64_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_buf
TESTS += %D%/test_buf
%C%_test_buf_SOURCES = %D%/buf.c %D%/memory.h
%C%_test_buf_CFLAGS = $(UNIT_CFLAGS)
%C%_test_buf_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_clock
TESTS += %D%/test_clock
%C%_test_clock_SOURCES = %D%/clock.c %D%/clock_rate.c %D%/clock_tokens.c %D%/clock_watch.c %D%/asleep.h
%C%_test_clock_CFLAGS = $(UNIT_CFLAGS)
%C%_test_clock_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_duration
TESTS += %D%/test_duration
%C%_test_duration_SOURCES = %D%/duration.c
%C%_test_duration_CFLAGS = $(UNIT_CFLAGS)
%C%_test_duration_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_err
TESTS += %D%/test_err
%C%_test_err_SOURCES = %D%/err.c
%C%_test_err_CFLAGS = $(UNIT_CFLAGS)
%C%_test_err_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_front
TESTS += %D%/test_front
%C%_test_front_SOURCES = %D%/front/instance.c %D%/front/multipart.c
%C%_test_front_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) -I$(top_srcdir)/server/api/front
%C%_test_front_CFLAGS = $(UNIT_CFLAGS)
%C%_test_front_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_hsmfaults
TESTS += %D%/test_hsmfaults
%C%_test_hsmfaults_SOURCES = %D%/hsmfaults.c
%C%_test_hsmfaults_CFLAGS = $(UNIT_CFLAGS)
%C%_test_hsmfaults_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_secret
TESTS += %D%/test_secret
%C%_test_secret_SOURCES = %D%/secret.c %D%/control_token.c %D%/memory.h %D%/scratch.h
%C%_test_secret_CFLAGS = $(UNIT_CFLAGS)
%C%_test_secret_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_uuid
TESTS += %D%/test_uuid
%C%_test_uuid_SOURCES = %D%/uuid.c
%C%_test_uuid_CFLAGS = $(UNIT_CFLAGS)
%C%_test_uuid_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_files
TESTS += %D%/test_files
%C%_test_files_SOURCES = %D%/ephemeral.c %D%/files.c %D%/private_file.c %D%/scratch.h
%C%_test_files_CFLAGS = $(UNIT_CFLAGS)
%C%_test_files_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_json
TESTS += %D%/test_json
%C%_test_json_SOURCES = %D%/json.c %D%/json_dates.c %D%/json_flaw.c %D%/json_print.c %D%/memory.h
%C%_test_json_CFLAGS = $(UNIT_CFLAGS)
%C%_test_json_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_foreign
TESTS += %D%/test_foreign
%C%_test_foreign_SOURCES = %D%/foreign.c %D%/identity/forge.c %D%/identity/forge.h %D%/identity/forge_key.h
%C%_test_foreign_CFLAGS = $(UNIT_CFLAGS)
%C%_test_foreign_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_jwe
TESTS += %D%/test_jwe
%C%_test_jwe_SOURCES = %D%/jwe.c
%C%_test_jwe_CFLAGS = $(UNIT_CFLAGS)
%C%_test_jwe_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_jws
TESTS += %D%/test_jws
%C%_test_jws_SOURCES = %D%/jws.c %D%/identity/forge.c %D%/identity/forge.h %D%/identity/forge_key.h
%C%_test_jws_CFLAGS = $(UNIT_CFLAGS)
%C%_test_jws_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_events
TESTS += %D%/test_events
%C%_test_events_SOURCES = %D%/events/outbox.c %D%/scratch.h
%C%_test_events_CFLAGS = $(UNIT_CFLAGS)
%C%_test_events_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_journal
TESTS += %D%/test_journal
%C%_test_journal_SOURCES = %D%/journal/filters.c %D%/journal/fixture.c %D%/journal/fixture.h \
	%D%/journal/retries.c %D%/journal/ring.c
%C%_test_journal_CFLAGS = $(UNIT_CFLAGS)
%C%_test_journal_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_limits
TESTS += %D%/test_limits
%C%_test_limits_SOURCES = %D%/limits.c
%C%_test_limits_CFLAGS = $(UNIT_CFLAGS)
%C%_test_limits_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_log
TESTS += %D%/test_log
%C%_test_log_SOURCES = %D%/log.c %D%/log_queue.c
%C%_test_log_CFLAGS = $(UNIT_CFLAGS)
%C%_test_log_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_options
TESTS += %D%/test_options
%C%_test_options_SOURCES = %D%/options.c %D%/options.h %D%/options_environment.c \
	%D%/options_print.c %D%/scratch.h
%C%_test_options_CFLAGS = $(UNIT_CFLAGS)
%C%_test_options_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_store
TESTS += %D%/test_store
%C%_test_store_SOURCES = %D%/store.c %D%/store.h %D%/store_files.c %D%/store_query.c \
	%D%/store_pause.c \
	%D%/store_turns.c %D%/asleep.h %D%/scratch.h
%C%_test_store_CFLAGS = $(UNIT_CFLAGS)
%C%_test_store_LDADD = $(UNIT_LDADD)

unit_cflags = $(AM_CFLAGS) $(CRITERION_CFLAGS)
unit_libs = $(kv_api) $(CRITERION_LIBS) $(SERVER_LIBS) $(CURL_LIBS)

check_PROGRAMS += %D%/test_certificate
TESTS += %D%/test_certificate
%C%_test_certificate_SOURCES = %D%/certificate.c %D%/x509.c
%C%_test_certificate_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_certificate_CFLAGS = $(unit_cflags)
%C%_test_certificate_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_given
TESTS += %D%/test_given
%C%_test_given_SOURCES = %D%/given.c %D%/given.h %D%/given_taken.c
%C%_test_given_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) -DSOURCE_ROOT='"$(abs_top_srcdir)"'
%C%_test_given_CFLAGS = $(unit_cflags)
%C%_test_given_LDADD = $(unit_libs)
EXTRA_DIST += %D%/given.sh

check_PROGRAMS += %D%/test_lanes
TESTS += %D%/test_lanes
%C%_test_lanes_SOURCES = %D%/lanes.c %D%/asleep.h
%C%_test_lanes_CFLAGS = $(unit_cflags)
%C%_test_lanes_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_refusal
TESTS += %D%/test_refusal
%C%_test_refusal_SOURCES = %D%/refusal.c
%C%_test_refusal_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_refusal_CFLAGS = $(unit_cflags)
%C%_test_refusal_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_records
TESTS += %D%/test_records
%C%_test_records_SOURCES = %D%/records.c %D%/scratch.h
%C%_test_records_CFLAGS = $(UNIT_CFLAGS)
%C%_test_records_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_release
TESTS += %D%/test_release
%C%_test_release_SOURCES = \
	%D%/identity/forge.c \
	%D%/identity/forge.h \
	%D%/release.c \
	%D%/release/claims.c \
	%D%/release/judge.c \
	%D%/release/policy.c
%C%_test_release_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/server/domain/release \
	-I$(top_srcdir)/tests/unit/identity
%C%_test_release_CFLAGS = $(unit_cflags)
%C%_test_release_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_pages
TESTS += %D%/test_pages
%C%_test_pages_SOURCES = %D%/pages.c
%C%_test_pages_CFLAGS = $(UNIT_CFLAGS)
%C%_test_pages_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_parity
TESTS += %D%/test_parity
%C%_test_parity_SOURCES = %D%/parity.c %D%/scratch.h $(parity_sources)
%C%_test_parity_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_parity_CFLAGS = $(UNIT_CFLAGS)
%C%_test_parity_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_cidr
TESTS += %D%/test_cidr
%C%_test_cidr_SOURCES = %D%/cidr.c
%C%_test_cidr_CFLAGS = $(UNIT_CFLAGS)
%C%_test_cidr_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_permission
TESTS += %D%/test_permission
%C%_test_permission_SOURCES = %D%/permission.c
%C%_test_permission_CFLAGS = $(UNIT_CFLAGS)
%C%_test_permission_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_policy_rewrite
TESTS += %D%/test_policy_rewrite
%C%_test_policy_rewrite_SOURCES = %D%/policy_rewrite.c
%C%_test_policy_rewrite_CFLAGS = $(UNIT_CFLAGS)
%C%_test_policy_rewrite_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_response
TESTS += %D%/test_response
%C%_test_response_SOURCES = %D%/response.c
%C%_test_response_CFLAGS = $(unit_cflags)
%C%_test_response_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_roles
TESTS += %D%/test_roles
%C%_test_roles_SOURCES = %D%/roles.c %D%/scratch.h
%C%_test_roles_CFLAGS = $(unit_cflags)
%C%_test_roles_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_router
TESTS += %D%/test_router
%C%_test_router_SOURCES = %D%/router.c
%C%_test_router_CFLAGS = $(unit_cflags)
%C%_test_router_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_uri
TESTS += %D%/test_uri
%C%_test_uri_SOURCES = %D%/uri.c
%C%_test_uri_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_uri_CFLAGS = $(unit_cflags)
%C%_test_uri_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_identity
TESTS += %D%/test_identity
%C%_test_identity_SOURCES = \
	%D%/identity/card.c \
	%D%/identity/claims.c \
	%D%/identity/fixture.c \
	%D%/identity/fixture.h \
	%D%/identity/forge.c \
	%D%/identity/forge.h \
	%D%/identity/issue.c \
	%D%/identity/issuer.c \
	%D%/identity/principals.c \
	%D%/identity/principals.h \
	%D%/identity/principals_credentials.c \
	%D%/identity/principals_fixture.c \
	%D%/identity/seen.c \
	%D%/identity/signature.c \
	%D%/identity/token_time.c \
	%D%/identity/trust.c \
	%D%/identity/trust.h \
	%D%/identity/trust_fixture.c \
	%D%/identity/trust_keys.c
%C%_test_identity_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/server/domain/identity
%C%_test_identity_CFLAGS = $(UNIT_CFLAGS)
%C%_test_identity_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_hosts
TESTS += %D%/test_hosts
%C%_test_hosts_SOURCES = %D%/hosts.c
%C%_test_hosts_CFLAGS = $(UNIT_CFLAGS)
%C%_test_hosts_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_cmk
TESTS += %D%/test_cmk
%C%_test_cmk_SOURCES = %D%/cmk.c
%C%_test_cmk_CFLAGS = $(UNIT_CFLAGS)
%C%_test_cmk_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_data_folder
TESTS += %D%/test_data_folder
%C%_test_data_folder_SOURCES = %D%/data_folder.c
%C%_test_data_folder_CFLAGS = $(UNIT_CFLAGS)
%C%_test_data_folder_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_cli
TESTS += %D%/test_cli
%C%_test_cli_SOURCES = \
	%D%/cli/authorize.c \
	%D%/cli/commands.c \
	%D%/cli/env.c \
	%D%/cli/env_reader.c \
	%D%/cli/fake.c \
	%D%/cli/fake.h \
	%D%/cli/shell.h
%C%_test_cli_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_cli_CFLAGS = $(UNIT_CFLAGS)
%C%_test_cli_LDADD = $(kv_cli) $(CRITERION_LIBS) $(SERVER_LIBS) $(CURL_LIBS)

check_PROGRAMS += %D%/test_sites
TESTS += %D%/test_sites
%C%_test_sites_SOURCES = \
	%D%/identity/fixture.c \
	%D%/identity/forge.c \
	%D%/identity/principals.h \
	%D%/identity/principals_fixture.c \
	%D%/sites/control.c \
	%D%/sites/control_clock.c \
	%D%/sites/control_clock_routes.c \
	%D%/sites/exchange.c \
	%D%/sites/exchange.h \
	%D%/sites/openapi.c \
	%D%/sites/token.c \
	%D%/sites/token.h \
	%D%/sites/token_identities.c \
	%D%/sites/token_tools.c
%C%_test_sites_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/identity
%C%_test_sites_CFLAGS = $(UNIT_CFLAGS)
%C%_test_sites_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_authority
TESTS += %D%/test_authority
%C%_test_authority_SOURCES = \
	%D%/identity/fixture.c \
	%D%/identity/forge.c \
	%D%/identity/principals_fixture.c \
	%D%/sites/authority.h \
	%D%/sites/authority_tools.c \
	%D%/sites/authority_assertion.c \
	%D%/sites/authority_discovery.c \
	%D%/sites/authority_federated.c \
	%D%/sites/authority_refusal.c \
	%D%/sites/authority_session.c \
	%D%/sites/authority_token.c \
	%D%/sites/exchange.c \
	%D%/sites/exchange.h
%C%_test_authority_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit/identity
%C%_test_authority_CFLAGS = $(UNIT_CFLAGS)
%C%_test_authority_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_vaults
TESTS += %D%/test_vaults
%C%_test_vaults_SOURCES = %D%/vaults.c %D%/vaults.h %D%/vaults_reset.c %D%/scratch.h
%C%_test_vaults_CFLAGS = $(UNIT_CFLAGS)
%C%_test_vaults_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_vault
TESTS += %D%/test_vault
%C%_test_vault_SOURCES = %D%/vault.c
%C%_test_vault_CFLAGS = $(UNIT_CFLAGS)
%C%_test_vault_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_public
TESTS += %D%/test_public
%C%_test_public_SOURCES = %D%/public.c
%C%_test_public_CFLAGS = $(UNIT_CFLAGS)
%C%_test_public_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_signatures
TESTS += %D%/test_signatures
%C%_test_signatures_SOURCES = %D%/signatures.c %D%/signature_data.h
%C%_test_signatures_CFLAGS = $(UNIT_CFLAGS)
%C%_test_signatures_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_ways
TESTS += %D%/test_ways
%C%_test_ways_SOURCES = %D%/ways.c
%C%_test_ways_CFLAGS = $(UNIT_CFLAGS)
%C%_test_ways_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_key_rules
TESTS += %D%/test_key_rules
%C%_test_key_rules_SOURCES = %D%/key_rules.c
%C%_test_key_rules_CFLAGS = $(UNIT_CFLAGS)
%C%_test_key_rules_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_names
TESTS += %D%/test_names
%C%_test_names_SOURCES = %D%/names.c
%C%_test_names_CFLAGS = $(UNIT_CFLAGS)
%C%_test_names_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_rotation
TESTS += %D%/test_rotation
%C%_test_rotation_SOURCES = %D%/rotation.c
%C%_test_rotation_CFLAGS = $(UNIT_CFLAGS)
%C%_test_rotation_LDADD = $(UNIT_LDADD)
check_PROGRAMS += %D%/test_heap
TESTS += %D%/test_heap
%C%_test_heap_SOURCES = %D%/heap.c
%C%_test_heap_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_heap_CFLAGS = $(unit_cflags)
%C%_test_heap_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_linger
TESTS += %D%/test_linger
%C%_test_linger_SOURCES = %D%/linger.c
%C%_test_linger_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_linger_CFLAGS = $(unit_cflags)
%C%_test_linger_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_listener
TESTS += %D%/test_listener
%C%_test_listener_SOURCES = %D%/listener.c %D%/listener_body.c %D%/listener_head.c \
	%D%/listener_threads.c
%C%_test_listener_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_listener_CFLAGS = $(unit_cflags)
%C%_test_listener_LDADD = tests/support/libsite.a $(unit_libs)

check_PROGRAMS += %D%/test_listener_close
TESTS += %D%/test_listener_close
%C%_test_listener_close_SOURCES = %D%/listener_close.c tests/support/raw.c tests/support/raw.h
%C%_test_listener_close_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_listener_close_CFLAGS = $(unit_cflags) $(TLS_CFLAGS)
%C%_test_listener_close_LDADD = tests/support/libsite.a $(unit_libs) $(TLS_LIBS)

# Without the libraries that it can do without: make puts off what depends on config.h, which it
# always makes anew, and this one is to start first.
check_PROGRAMS += %D%/test_listener_endings
%C%_test_listener_endings_SOURCES = %D%/listener_deadline.c %D%/listener_endings.c \
	%D%/listener_pages.c \
	tests/support/raw.c tests/support/raw.h
%C%_test_listener_endings_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_listener_endings_CFLAGS = $(unit_cflags) $(TLS_CFLAGS)
%C%_test_listener_endings_LDADD = tests/support/libsite.a $(kv_http) $(CRITERION_LIBS) \
	$(SERVER_LIBS) $(TLS_LIBS)

check_PROGRAMS += %D%/test_listener_lanes
TESTS += %D%/test_listener_lanes
%C%_test_listener_lanes_SOURCES = %D%/listener_lanes.c
%C%_test_listener_lanes_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_listener_lanes_CFLAGS = $(unit_cflags)
%C%_test_listener_lanes_LDADD = tests/support/libsite.a $(unit_libs)

check_PROGRAMS += %D%/test_listener_steps
TESTS += %D%/test_listener_steps
%C%_test_listener_steps_SOURCES = %D%/listener_cuts.c %D%/listener_seen.c %D%/listener_seen.h \
	%D%/listener_steps.c tests/support/raw.c tests/support/raw.h
%C%_test_listener_steps_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_listener_steps_CFLAGS = $(unit_cflags) $(TLS_CFLAGS)
%C%_test_listener_steps_LDADD = tests/support/libsite.a $(unit_libs) $(TLS_LIBS)

check_PROGRAMS += %D%/test_listener_waits
TESTS += %D%/test_listener_waits
%C%_test_listener_waits_SOURCES = %D%/listener_held.c %D%/listener_held.h %D%/listener_many.c \
	%D%/listener_waits.c tests/support/raw.c tests/support/raw.h
%C%_test_listener_waits_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_listener_waits_CFLAGS = $(unit_cflags) $(TLS_CFLAGS)
%C%_test_listener_waits_LDADD = tests/support/libsite.a $(unit_libs) $(TLS_LIBS)

check_PROGRAMS += %D%/test_listener_tls
TESTS += %D%/test_listener_tls
%C%_test_listener_tls_SOURCES = %D%/listener_tls.c
%C%_test_listener_tls_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
%C%_test_listener_tls_CFLAGS = $(unit_cflags)
%C%_test_listener_tls_LDADD = tests/support/libsite.a $(unit_libs) $(CURL_LIBS)

check_PROGRAMS += %D%/test_tickets
TESTS += %D%/test_tickets
%C%_test_tickets_SOURCES = %D%/tickets.c
%C%_test_tickets_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/server/http
%C%_test_tickets_CFLAGS = $(unit_cflags)
%C%_test_tickets_LDADD = $(unit_libs)

check_PROGRAMS += %D%/test_wording
TESTS += %D%/test_wording
%C%_test_wording_SOURCES = %D%/wording.c
%C%_test_wording_CFLAGS = $(UNIT_CFLAGS)
%C%_test_wording_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_faults
TESTS += %D%/test_faults
%C%_test_faults_SOURCES = %D%/faults/fixture.c %D%/faults/fixture.h %D%/faults/match.c \
	%D%/faults/refused.c %D%/faults/rules.c %D%/faults/when.c
%C%_test_faults_CFLAGS = $(UNIT_CFLAGS)
%C%_test_faults_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_operation
TESTS += %D%/test_operation
%C%_test_operation_SOURCES = %D%/operation.c
%C%_test_operation_CFLAGS = $(UNIT_CFLAGS)
%C%_test_operation_LDADD = $(UNIT_LDADD)

check_PROGRAMS += %D%/test_templates
TESTS += %D%/test_templates
%C%_test_templates_SOURCES = %D%/templates/bodies.c %D%/templates/bounds.c %D%/templates/fixture.c \
	%D%/templates/fixture.h %D%/templates/functions.c %D%/templates/parameters.c \
	%D%/templates/resources.c %D%/templates/seeds.c %D%/templates/syntax.c
%C%_test_templates_CPPFLAGS = $(AM_CPPFLAGS) -DDATA_FOLDER='"$(top_srcdir)/tests/data/templates"' \
	-DSEED_FOLDER='"$(top_srcdir)/../shared/seeds"'
%C%_test_templates_CFLAGS = $(UNIT_CFLAGS)
%C%_test_templates_LDADD = $(UNIT_LDADD)
EXTRA_DIST += tests/data/templates

check_PROGRAMS += %D%/test_deployments
TESTS += %D%/test_deployments
%C%_test_deployments_SOURCES = %D%/deployments/deployments.c %D%/deployments/fixture.c \
	%D%/deployments/fixture.h
%C%_test_deployments_CFLAGS = $(UNIT_CFLAGS)
%C%_test_deployments_LDADD = $(UNIT_LDADD)
