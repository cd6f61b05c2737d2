# SPDX-License-Identifier: Apache-2.0
"""az under Azure's own names: no cloud is registered, and nothing is set."""

import unittest

from azure_cli import AzureCli, login, use_keys


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

    def test_a_virtual_machine_logs_in(self):
        self.az("login", "--identity")
        use_keys(self, self.az)
