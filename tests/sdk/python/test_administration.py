# SPDX-License-Identifier: Apache-2.0
"""Roles and settings of a managed HSM, by the SDK for its administrators."""

import uuid

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.administration import (
    KeyVaultAccessControlClient,
    KeyVaultBackupClient,
    KeyVaultDataAction,
    KeyVaultPermission,
    KeyVaultRoleScope,
    KeyVaultSettingsClient,
)

from support import TestCase, credential, urls

ADMINISTRATOR = "a290e904-7015-4bba-90c8-60543313cdb4"
SETTING = "AllowKeyManagementOperationsThroughARM"

access = KeyVaultAccessControlClient(urls["pool"], credential)


class ARoleDefinition(TestCase):
    def setUp(self):
        permission = KeyVaultPermission(data_actions=[KeyVaultDataAction.READ_HSM_KEY])
        self.role = access.set_role_definition(
            KeyVaultRoleScope.GLOBAL, role_name="Reader", permissions=[permission]
        )

    def tearDown(self):
        access.delete_role_definition(KeyVaultRoleScope.GLOBAL, self.role.name)

    def test_of_a_built_in_role_stays(self):
        with self.assertRaises(HttpResponseError) as caught:
            access.delete_role_definition(KeyVaultRoleScope.GLOBAL, ADMINISTRATOR)
        self.assertEqual(caught.exception.status_code, 400)
        self.assertEqual(caught.exception.error.code, "BadParameter")

    def test_is_listed_after_the_built_in_ones(self):
        names = [role.name for role in access.list_role_definitions(KeyVaultRoleScope.GLOBAL)]
        self.assertIn(ADMINISTRATOR, names[:9])
        self.assertIn(self.role.name, names[9:])

    def test_is_read_as_it_was_written(self):
        role = access.get_role_definition(KeyVaultRoleScope.GLOBAL, self.role.name)
        self.assertEqual(role.role_name, "Reader")
        self.assertEqual(role.permissions[0].data_actions, [KeyVaultDataAction.READ_HSM_KEY])

    def test_can_be_assigned_at_every_scope(self):
        for scope in (KeyVaultRoleScope.GLOBAL, KeyVaultRoleScope.KEYS, "/keys/one"):
            with self.subTest(scope):
                principal = str(uuid.uuid4())
                made = access.create_role_assignment(scope, self.role.id, principal)
                read = access.get_role_assignment(scope, made.name)
                self.assertEqual(read.properties.principal_id, principal)
                self.assertIn(made.name, [one.name for one in access.list_role_assignments(scope)])
                access.delete_role_assignment(scope, made.name)
                with self.assertRaises(ResourceNotFoundError):
                    access.get_role_assignment(scope, made.name)


class ASetting(TestCase):
    def test_changes(self):
        client = KeyVaultSettingsClient(urls["pool"], credential)
        setting = client.get_setting(SETTING)
        for value in ("true", "false"):
            setting.value = value
            self.assertEqual(client.update_setting(setting).getboolean(), value == "true")
        self.assertEqual([one.name for one in client.list_settings()], [SETTING])


class AFullBackup(TestCase):
    def test_is_not_offered(self):
        client = KeyVaultBackupClient(urls["pool"], credential)
        with self.assertRaises(HttpResponseError) as caught:
            client.begin_backup("https://account.blob.core.windows.net/container", sas_token="sas")
        self.assertEqual(caught.exception.status_code, 501)
