# SPDX-License-Identifier: Apache-2.0
# Each program drives the built daemon over TLS; api_main.c gives it one for all of its tests.
# Those that take longest are first.
api_tests = \
	%D%/test_given \
	%D%/test_golden \
	%D%/test_key_export \
	%D%/test_auto_rotation \
	%D%/test_damage \
	%D%/test_byok \
	%D%/test_openssl \
	%D%/test_rotation \
	%D%/test_process \
	%D%/test_opening \
	%D%/test_release \
	%D%/test_crypto \
	%D%/test_access \
	%D%/test_attestation \
	%D%/test_auth \
	%D%/test_authority \
	%D%/test_backup \
	%D%/test_beside \
	%D%/test_connections \
	%D%/test_deployments \
	%D%/test_consumer \
	%D%/test_consumer_follow \
	%D%/test_consumer_matrix \
	%D%/test_failures \
	%D%/test_faults \
	%D%/test_firewall \
	%D%/test_foreign \
	%D%/test_front \
	%D%/test_gate \
	%D%/test_health \
	%D%/test_hostile \
	%D%/test_hsm \
	%D%/test_identities \
	%D%/test_import \
	%D%/test_journal \
	%D%/test_keys \
	%D%/test_lists \
	%D%/test_managed \
	%D%/test_model \
	%D%/test_order \
	%D%/test_pool \
	%D%/test_page \
	%D%/test_parity \
	%D%/test_pending \
	%D%/test_program \
	%D%/test_public \
	%D%/test_random \
	%D%/test_refusals \
	%D%/test_keyvault \
	%D%/test_authorization \
	%D%/test_resources \
	%D%/test_restore \
	%D%/test_system_store \
	%D%/test_doctor \
	%D%/test_events \
	%D%/test_external \
	%D%/test_scenarios \
	%D%/test_secure \
	%D%/test_shown \
	%D%/test_spelling \
	%D%/test_roles \
	%D%/test_snapshots \
	%D%/test_seeds \
	%D%/test_sign \
	%D%/test_surroundings \
	%D%/test_symmetric \
	%D%/test_symmetric_move \
	%D%/test_throttling \
	%D%/test_tokens \
	%D%/test_travel \
	%D%/test_vaults
check_PROGRAMS += $(api_tests)
TESTS += $(api_tests)

api_support = tests/support/api_main.c tests/support/api_run.h
api_cflags = $(AM_CFLAGS) $(CRITERION_CFLAGS) $(TLS_CFLAGS)
api_libs = tests/support/libapi.a tests/support/libdaemon.a $(kv_domain) $(CRITERION_LIBS) $(SERVER_LIBS) $(CURL_LIBS) $(TLS_LIBS)

%C%_test_access_SOURCES = %D%/access.c %D%/access_control.c %D%/access_daemon.c %D%/access_why.c \
	%D%/access_tools.c %D%/access_tools.h $(api_support)
%C%_test_access_CFLAGS = $(api_cflags)
%C%_test_access_LDADD = $(api_libs)
%C%_test_consumer_SOURCES = %D%/consumer.c %D%/consumer_answers.c %D%/consumer_many.c \
	%D%/consumer_pages.c %D%/consumer_picture.c %D%/consumer_tools.c %D%/consumer_tools.h %D%/receiver.c %D%/receiver.h \
	$(api_support)
%C%_test_consumer_CPPFLAGS = $(AM_CPPFLAGS) -DDOCS_FOLDER='"$(top_srcdir)/docs"'
%C%_test_consumer_CFLAGS = $(api_cflags)
%C%_test_consumer_LDADD = $(%C%_test_events_LDADD)
%C%_test_consumer_matrix_SOURCES = %D%/consumer_matrix.c %D%/consumer_matrix.def \
	%D%/consumer_tools.c %D%/consumer_tools.h $(api_support)
%C%_test_consumer_matrix_CFLAGS = $(api_cflags)
%C%_test_consumer_matrix_LDADD = $(api_libs)
%C%_test_consumer_follow_SOURCES = %D%/consumer_follow.c %D%/consumer_tools.c \
	%D%/consumer_tools.h $(api_support)
%C%_test_consumer_follow_CFLAGS = $(api_cflags)
%C%_test_consumer_follow_LDADD = $(api_libs)
%C%_test_pool_SOURCES = %D%/pool.c %D%/hsm_tools.c %D%/hsm_tools.h $(api_support)
%C%_test_pool_CFLAGS = $(api_cflags)
%C%_test_pool_LDADD = $(api_libs)

%C%_test_hsm_SOURCES = %D%/hsm.c %D%/hsm_ends.c %D%/hsm_tools.c %D%/hsm_tools.h $(api_support)
%C%_test_hsm_CFLAGS = $(api_cflags)
%C%_test_hsm_LDADD = $(api_libs)

%C%_test_scenarios_SOURCES = %D%/scenarios.c %D%/scenario_rules.c %D%/scenario_shell.c \
	%D%/scenario_digest.c %D%/scenario_tools.c %D%/scenario_tools.h $(api_support)
%C%_test_scenarios_CFLAGS = $(api_cflags)
%C%_test_scenarios_LDADD = $(api_libs)

%C%_test_identities_SOURCES = %D%/identities.c %D%/identity_daemon.c \
	%D%/identity_endpoints.c %D%/identity_tools.c %D%/identity_tools.h \
	%D%/access_tools.c %D%/access_tools.h $(api_support)
%C%_test_identities_CFLAGS = $(api_cflags)
%C%_test_identities_LDADD = $(api_libs)
%C%_test_model_SOURCES = %D%/model.c %D%/model_login.c %D%/model_tools.c %D%/model.h \
	%D%/identity_tools.c %D%/identity_tools.h %D%/authority_tools.c %D%/authority_tools.h \
	$(api_support)
%C%_test_model_CFLAGS = $(api_cflags)
%C%_test_model_LDADD = $(api_libs)
%C%_test_tokens_SOURCES = %D%/tokens.c %D%/token_issuers.c %D%/token_jumps.c \
	%D%/token_slow_issuer.c %D%/token_standing.c %D%/token_why.c \
	%D%/token_tools.c %D%/token_tools.h $(api_support)
%C%_test_tokens_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--vault", "pool,kind=hsm"'
%C%_test_tokens_CFLAGS = $(api_cflags)
%C%_test_tokens_LDADD = $(api_libs)
%C%_test_firewall_SOURCES = %D%/firewall.c %D%/firewall_control.c %D%/firewall_daemon.c \
	%D%/access_tools.c %D%/access_tools.h $(api_support)
%C%_test_firewall_CPPFLAGS = $(AM_CPPFLAGS) \
	-DAPI_ARGUMENTS='"--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.99.0.0/16", "--identity", "backup,type=user-assigned,trusted"'
%C%_test_firewall_CFLAGS = $(api_cflags)
%C%_test_firewall_LDADD = $(api_libs)
%C%_test_page_SOURCES = %D%/page.c %D%/page_keys.c %D%/page_shell.c $(api_support)
%C%_test_page_CFLAGS = $(api_cflags)
%C%_test_page_LDADD = $(api_libs)
%C%_test_order_SOURCES = %D%/order.c %D%/access_tools.c %D%/access_tools.h $(api_support)
%C%_test_order_CFLAGS = $(api_cflags)
%C%_test_order_LDADD = $(api_libs)
%C%_test_crypto_SOURCES = %D%/crypto.c $(api_support)
%C%_test_crypto_CFLAGS = $(api_cflags)
%C%_test_crypto_LDADD = $(api_libs)
%C%_test_seeds_SOURCES = %D%/seeds.c %D%/seed_refusals.c %D%/seed_tools.h $(api_support)
%C%_test_seeds_CPPFLAGS = $(AM_CPPFLAGS) -DSEEDS_FOLDER='"$(abs_top_srcdir)/tests/data/seeds"'
%C%_test_seeds_CFLAGS = $(api_cflags)
%C%_test_seeds_LDADD = $(api_libs)
%C%_test_snapshots_SOURCES = %D%/snapshots.c %D%/snapshot_crash.c %D%/snapshot_damage.c %D%/snapshot_foreign.c %D%/snapshot_load.c %D%/snapshot_mix.c %D%/snapshot_resources.c %D%/snapshot_tools.c %D%/snapshot_tools.h \
	%D%/hsm_tools.c %D%/hsm_tools.h $(api_support)
%C%_test_snapshots_CFLAGS = $(api_cflags)
%C%_test_snapshots_LDADD = $(api_libs)
%C%_test_damage_SOURCES = \
	%D%/damage.c \
	%D%/damage_disk.c \
	%D%/damage_store.c \
	%D%/damage_tools.c \
	%D%/damage_tools.h \
	$(api_support)
%C%_test_damage_CFLAGS = $(api_cflags)
%C%_test_damage_LDADD = $(api_libs)
%C%_test_failures_SOURCES = %D%/failure_counts.c %D%/failures.c $(api_support)
%C%_test_failures_CFLAGS = $(api_cflags)
%C%_test_failures_LDADD = $(api_libs)
%C%_test_connections_SOURCES = %D%/connections.c %D%/connections.h %D%/connection_tools.c \
	$(api_support)
%C%_test_connections_CFLAGS = $(api_cflags)
%C%_test_connections_LDADD = $(api_libs)
%C%_test_beside_SOURCES = %D%/beside.c %D%/fault_tools.c %D%/fault_tools.h $(api_support)
%C%_test_beside_CFLAGS = $(api_cflags)
%C%_test_beside_LDADD = $(api_libs)

%C%_test_faults_SOURCES = %D%/fault_chance.c %D%/fault_ends.c %D%/fault_isolation.c %D%/fault_results.c \
	%D%/fault_shell.c %D%/fault_tools.c \
	%D%/fault_tools.h %D%/faults.c $(api_support)
%C%_test_faults_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--vault", "pool,kind=hsm"'
%C%_test_faults_CFLAGS = $(api_cflags)
%C%_test_faults_LDADD = $(api_libs)
%C%_test_events_SOURCES = %D%/audit.c %D%/audit_webhook.c %D%/events.c %D%/events_control.c \
	%D%/events_receivers.c \
	%D%/events_tools.c %D%/events_tools.h %D%/receiver.c %D%/receiver.h $(api_support)
%C%_test_events_CFLAGS = $(api_cflags)
%C%_test_events_LDADD = tests/support/libapi.a tests/support/libdaemon.a tests/support/libsite.a libkvhttp.a $(kv_domain) \
	$(CRITERION_LIBS) $(SERVER_LIBS) $(CURL_LIBS) $(TLS_LIBS)

%C%_test_doctor_SOURCES = %D%/doctor.c %D%/access_tools.c %D%/access_tools.h \
	%D%/fault_tools.c %D%/fault_tools.h $(api_support)
%C%_test_doctor_CFLAGS = $(api_cflags)
%C%_test_doctor_LDADD = $(api_libs)

%C%_test_health_SOURCES = %D%/health_dicom.c %D%/health_fhir.c %D%/health_journal.c \
	%D%/health_lost.c %D%/health_tools.c \
	%D%/health_tools.h %D%/process_tools.c %D%/process_tools.h $(api_support)
%C%_test_health_CFLAGS = $(api_cflags)
%C%_test_health_LDADD = $(api_libs)

%C%_test_journal_SOURCES = %D%/journal.c %D%/journal_daemon.c %D%/journal_retries.c \
	%D%/journal_secrecy.c %D%/journal_shell.c %D%/journal_tools.c %D%/journal_tools.h \
	%D%/journal_wait.c %D%/fault_tools.c %D%/fault_tools.h $(api_support)
%C%_test_journal_CFLAGS = $(api_cflags)
%C%_test_journal_LDADD = $(api_libs)
%C%_test_foreign_SOURCES = %D%/foreign.c %D%/byok_tools.c %D%/byok_tools.h \
	%D%/release_tools.c %D%/release_tools.h tests/support/cell.c tests/support/cell.h $(api_support)
%C%_test_foreign_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--symmetric-keys", "premium"'
%C%_test_foreign_CFLAGS = $(api_cflags)
%C%_test_foreign_LDADD = $(api_libs)
%C%_test_shown_SOURCES = %D%/shown.c $(api_support)
%C%_test_shown_CFLAGS = $(api_cflags)
%C%_test_shown_LDADD = $(api_libs)
%C%_test_spelling_SOURCES = %D%/spelling.c %D%/backup_tools.c %D%/backup_tools.h \
	%D%/byok_tools.c %D%/byok_tools.h tests/support/cell.c tests/support/cell.h $(api_support)
%C%_test_spelling_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--symmetric-keys", "premium"'
%C%_test_spelling_CFLAGS = $(api_cflags)
%C%_test_spelling_LDADD = $(api_libs)
%C%_test_front_SOURCES = %D%/front.c $(api_support)
%C%_test_front_CFLAGS = $(api_cflags)
%C%_test_front_LDADD = $(api_libs)
%C%_test_gate_SOURCES = %D%/gate.c $(api_support)
%C%_test_gate_CFLAGS = $(api_cflags)
%C%_test_gate_LDADD = $(api_libs)
%C%_test_vaults_SOURCES = %D%/vaults.c %D%/vault_tools.h %D%/vaults_reset.c $(api_support)
%C%_test_vaults_CPPFLAGS = $(AM_CPPFLAGS) \
	-DFOLDER_OF_BEFORE='"$(top_srcdir)/tests/data/folder_0.1.0.tar.gz"'
%C%_test_vaults_CFLAGS = $(api_cflags)
%C%_test_vaults_LDADD = $(api_libs)
%C%_test_golden_SOURCES = \
	%D%/golden.c \
	tests/support/golden.c \
	tests/support/golden.h \
	tests/support/golden_mask.c \
	tests/support/golden_tools.c \
	tests/support/golden_values.c \
	tests/support/golden_values.h
%C%_test_golden_CPPFLAGS = $(AM_CPPFLAGS) -DGOLDEN_FOLDER='"$(top_srcdir)/tests/data/golden"'
%C%_test_golden_CFLAGS = $(api_cflags)
%C%_test_golden_LDADD = $(api_libs)
EXTRA_DIST += tests/data/seeds tests/data/golden tests/data/folder_0.1.0.tar.gz
%C%_test_hostile_SOURCES = %D%/control_host.c %D%/control_token.c %D%/hostile.c %D%/hostile_head.c %D%/secrets.c \
	$(api_support)
%C%_test_hostile_CFLAGS = $(api_cflags)
%C%_test_hostile_LDADD = $(api_libs)
%C%_test_backup_SOURCES = %D%/backup.c %D%/backup_tools.c %D%/backup_tools.h $(api_support)
%C%_test_backup_CFLAGS = $(api_cflags)
%C%_test_backup_LDADD = $(api_libs)
%C%_test_keyvault_SOURCES = \
	%D%/keyvault.c \
	%D%/keyvault_keys.c \
	%D%/keyvault_life.c \
	%D%/keyvault_tools.c \
	%D%/keyvault_tools.h \
	%D%/access_tools.c \
	%D%/access_tools.h \
	$(api_support)
%C%_test_authorization_SOURCES = %D%/authorization.c %D%/authorization_tools.c %D%/authorization_tools.h \
	%D%/authorized.c %D%/health_identity.c %D%/managed_identity.c %D%/graph.c \
	%D%/access_tools.c %D%/access_tools.h $(api_support)
%C%_test_authorization_CFLAGS = $(api_cflags)
%C%_test_authorization_LDADD = $(api_libs)
%C%_test_keyvault_CFLAGS = $(api_cflags)
%C%_test_keyvault_LDADD = $(api_libs)
%C%_test_resources_SOURCES = %D%/resources.c %D%/resource_groups.c %D%/resource_kinds.c \
	%D%/health_services.c $(api_support)
%C%_test_resources_CFLAGS = $(api_cflags)
%C%_test_resources_LDADD = $(api_libs)
%C%_test_restore_SOURCES = %D%/restore.c %D%/backup_tools.c %D%/backup_tools.h $(api_support)
%C%_test_restore_CFLAGS = $(api_cflags)
%C%_test_restore_LDADD = $(api_libs)
%C%_test_byok_SOURCES = \
	%D%/byok.c \
	%D%/byok_arrivals.c \
	%D%/byok_numbers.c \
	%D%/byok_tools.c \
	%D%/byok_tools.h \
	$(api_support)
%C%_test_byok_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--vault", "pool,kind=hsm"'
%C%_test_byok_CFLAGS = $(api_cflags)
%C%_test_byok_LDADD = $(api_libs)
%C%_test_attestation_SOURCES = %D%/attestation.c $(api_support)
%C%_test_attestation_CFLAGS = $(api_cflags)
%C%_test_attestation_LDADD = $(api_libs)
%C%_test_release_SOURCES = %D%/release.c %D%/release_answer.c %D%/release_outside.c \
	%D%/release_tools.c %D%/release_tools.h $(api_support)
%C%_test_release_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--vault", "pool,kind=hsm"'
%C%_test_release_CFLAGS = $(api_cflags)
%C%_test_release_LDADD = $(api_libs)
%C%_test_symmetric_move_SOURCES = %D%/symmetric_move.c %D%/backup_tools.c %D%/backup_tools.h \
	$(api_support)
%C%_test_symmetric_move_CFLAGS = $(api_cflags)
%C%_test_symmetric_move_LDADD = $(api_libs)
%C%_test_external_SOURCES = %D%/external.c $(api_support)
%C%_test_external_CFLAGS = $(api_cflags)
%C%_test_external_LDADD = $(api_libs)
%C%_test_secure_SOURCES = %D%/secure.c %D%/release_tools.c %D%/release_tools.h $(api_support)
%C%_test_secure_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--vault", "pool,kind=hsm"'
%C%_test_secure_CFLAGS = $(api_cflags)
%C%_test_secure_LDADD = $(api_libs)
%C%_test_import_SOURCES = %D%/import.c %D%/import_exponent.c %D%/import_tools.c %D%/import_tools.h $(api_support)
%C%_test_import_CFLAGS = $(api_cflags)
%C%_test_import_LDADD = $(api_libs)
%C%_test_key_export_SOURCES = \
	%D%/backup_tools.c \
	%D%/backup_tools.h \
	%D%/key_export.c \
	%D%/key_secrecy.c \
	%D%/release_tools.c \
	%D%/release_tools.h \
	$(api_support)
%C%_test_key_export_CFLAGS = $(api_cflags)
%C%_test_key_export_LDADD = $(api_libs)
%C%_test_keys_SOURCES = %D%/keys.c $(api_support)
%C%_test_keys_CFLAGS = $(api_cflags)
%C%_test_keys_LDADD = $(api_libs)
%C%_test_lists_SOURCES = %D%/lists.c $(api_support)
%C%_test_lists_CFLAGS = $(api_cflags)
%C%_test_lists_LDADD = $(api_libs)
%C%_test_openssl_SOURCES = \
	%D%/openssl.c \
	tests/support/cell.c \
	tests/support/cell.h \
	tests/support/known.c \
	tests/support/known.h \
	$(api_support)
%C%_test_openssl_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--symmetric-keys", "premium"'
%C%_test_openssl_CFLAGS = $(api_cflags)
%C%_test_openssl_LDADD = $(api_libs)
%C%_test_parity_SOURCES = %D%/parity.c $(api_support)
%C%_test_parity_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--symmetric-keys", "premium"'
%C%_test_parity_CFLAGS = $(api_cflags)
%C%_test_parity_LDADD = $(api_libs)
%C%_test_pending_SOURCES = %D%/pending.c $(api_support)
%C%_test_pending_CFLAGS = $(api_cflags)
%C%_test_pending_LDADD = $(api_libs)
%C%_test_process_SOURCES = \
	%D%/process.c \
	%D%/process_log.c \
	%D%/process_signals.c \
	%D%/process_supervisor.c \
	%D%/process_tools.c \
	%D%/process_tools.h \
	$(api_support)
%C%_test_process_CFLAGS = $(api_cflags)
%C%_test_process_LDADD = $(api_libs)
%C%_test_opening_SOURCES = %D%/opening.c %D%/opening_new.c \
	%D%/process_tools.c %D%/process_tools.h $(api_support)
%C%_test_opening_CFLAGS = $(api_cflags)
%C%_test_opening_LDADD = $(api_libs)
%C%_test_given_SOURCES = %D%/given.c %D%/process_tools.c %D%/process_tools.h %D%/vault_tools.h \
	$(api_support)
%C%_test_given_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_ROOT='"$(abs_top_srcdir)"'
%C%_test_given_CFLAGS = $(api_cflags)
%C%_test_given_LDADD = $(api_libs)
%C%_test_system_store_SOURCES = %D%/system_store.c $(api_support)
%C%_test_system_store_CPPFLAGS = $(AM_CPPFLAGS) -DSOURCE_ROOT='"$(abs_top_srcdir)"'
%C%_test_system_store_CFLAGS = $(api_cflags)
%C%_test_system_store_LDADD = $(api_libs)
%C%_test_program_SOURCES = %D%/program.c $(api_support)
%C%_test_program_CFLAGS = $(api_cflags)
%C%_test_program_LDADD = $(api_libs)
%C%_test_public_SOURCES = %D%/public.c %D%/vault_tools.h $(api_support)
%C%_test_public_CFLAGS = $(api_cflags)
%C%_test_public_LDADD = $(api_libs)
%C%_test_random_SOURCES = %D%/random.c $(api_support)
%C%_test_random_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--vault", "pool,kind=hsm"'
%C%_test_random_CFLAGS = $(api_cflags)
%C%_test_random_LDADD = $(api_libs)
%C%_test_refusals_SOURCES = %D%/refusals.c $(api_support)
%C%_test_refusals_CFLAGS = $(api_cflags)
%C%_test_refusals_LDADD = $(api_libs)
%C%_test_rotation_SOURCES = \
	%D%/rotation.c \
	%D%/rotation.h \
	%D%/rotation_policy.c \
	$(api_support)
%C%_test_roles_SOURCES = %D%/roles.c $(api_support)
%C%_test_roles_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--vault", "pool,kind=hsm"'
%C%_test_roles_CFLAGS = $(api_cflags)
%C%_test_roles_LDADD = $(api_libs)
%C%_test_rotation_CFLAGS = $(api_cflags)
%C%_test_rotation_LDADD = $(api_libs)
%C%_test_throttling_SOURCES = %D%/throttling.c $(api_support)
%C%_test_throttling_CFLAGS = $(api_cflags)
%C%_test_throttling_LDADD = $(api_libs)
%C%_test_auto_rotation_SOURCES = %D%/auto_rotation.c $(api_support)
%C%_test_auto_rotation_CFLAGS = $(api_cflags)
%C%_test_auto_rotation_LDADD = $(api_libs)
%C%_test_travel_SOURCES = %D%/travel.c %D%/travel.h %D%/travel_many.c %D%/travel_ways.c $(api_support)
%C%_test_travel_CFLAGS = $(api_cflags)
%C%_test_travel_LDADD = $(api_libs)
%C%_test_authority_SOURCES = %D%/authority.c %D%/authority_proof.c %D%/authority_tools.c \
	%D%/fault_login.c %D%/fault_tools.c %D%/fault_tools.h \
	%D%/authority_tools.h $(api_support)
%C%_test_authority_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--identity", "app,type=application,client-id=11111111-1111-4111-8111-111111111111,secret=s3cret", "--identity", "off,type=application,client-id=31111111-1111-4111-8111-111111111111,secret=s3cret", "--identity", "spare,type=application,client-id=51111111-1111-4111-8111-111111111111,secret=s3cret"'
%C%_test_authority_CFLAGS = $(api_cflags)
%C%_test_authority_LDADD = $(api_libs)
%C%_test_auth_SOURCES = %D%/auth.c %D%/confusion.c %D%/confusion_shape.c %D%/confusion_tools.c \
	%D%/confusion_tools.h tests/unit/identity/forge.c tests/unit/identity/forge.h \
	tests/unit/identity/forge_key.h $(api_support)
%C%_test_auth_CFLAGS = $(api_cflags)
%C%_test_auth_LDADD = $(api_libs)
%C%_test_sign_SOURCES = \
	%D%/sign.c \
	%D%/sign_refusals.c \
	tests/support/cell.c \
	tests/support/cell.h \
	tests/support/peer.c \
	tests/support/peer.h \
	$(api_support)
%C%_test_sign_CFLAGS = $(api_cflags)
%C%_test_sign_LDADD = $(api_libs)
%C%_test_surroundings_SOURCES = %D%/surroundings.c $(api_support)
%C%_test_surroundings_CFLAGS = $(api_cflags)
%C%_test_surroundings_LDADD = $(api_libs)
%C%_test_symmetric_SOURCES = \
	%D%/symmetric.c \
	%D%/symmetric_wrap.c \
	tests/support/cell.c \
	tests/support/cell.h \
	$(api_support)
%C%_test_symmetric_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--symmetric-keys", "premium"'
%C%_test_symmetric_CFLAGS = $(api_cflags)
%C%_test_symmetric_LDADD = $(api_libs)
%C%_test_managed_SOURCES = %D%/managed.c tests/support/cell.c tests/support/cell.h $(api_support)
%C%_test_managed_CPPFLAGS = $(AM_CPPFLAGS) -DAPI_ARGUMENTS='"--vault", "pool,kind=hsm"'
%C%_test_managed_CFLAGS = $(api_cflags)
%C%_test_managed_LDADD = $(api_libs)

%C%_test_deployments_SOURCES = %D%/deployments.c %D%/deployments_bad.c %D%/deployments_secrets.c \
	%D%/deployments_time.c \
	%D%/deployments_documents.c %D%/deployments_errors.c %D%/health_tools.c %D%/health_tools.h %D%/deployments_findings.c \
	%D%/deployments_what_if.c %D%/deployments_seeds.c %D%/deploy_shell.c \
	%D%/deployments_tools.c \
	%D%/deployments_tools.h $(api_support)
%C%_test_deployments_CPPFLAGS = $(AM_CPPFLAGS) -DTEMPLATES='"$(top_srcdir)/tests/data/templates"' \
	-DSEEDS='"$(top_srcdir)/../shared/seeds"'
%C%_test_deployments_CFLAGS = $(api_cflags)
%C%_test_deployments_LDADD = $(api_libs)
