# SPDX-License-Identifier: Apache-2.0
"""az under Azure's own names: no cloud is registered, and nothing is set."""

import unittest

from azure_cli import CLIENT, AzureCli, login, use_keys


class UnderAzuresNames(unittest.TestCase):
    def setUp(self):
        self.az = AzureCli()
        self.addCleanup(self.az.close)

    def test_an_application_logs_in_with_a_secret(self):
        self.az.log_in("-p", login("secret", "AZURE_CLIENT_SECRET"))
        use_keys(self, self.az)

    def test_an_application_logs_in_with_a_certificate(self):
        self.az.log_in("--certificate", login("certificate", "AZURE_CLIENT_CERTIFICATE_PATH"))
        self.az("keyvault", "key", "list", "--vault-name", "dev")

    def test_an_operator_finds_a_vault_and_who_may_use_it(self):
        self.az("login", "--identity")
        vault = self.az("keyvault", "show", "-n", "dev")
        self.assertEqual(vault["properties"]["vaultUri"], "https://dev.vault.azure.net/")
        robot = self.az("ad", "sp", "show", "--id", CLIENT)
        role = ("--role", "Key Vault Reader", "--scope", vault["id"])
        made = self.az("role", "assignment", "create", "--assignee", CLIENT, *role)
        self.assertEqual(made["principalId"], robot["id"])

    def test_a_virtual_machine_logs_in(self):
        self.az("login", "--identity")
        use_keys(self, self.az)
