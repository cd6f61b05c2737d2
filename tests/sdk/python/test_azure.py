# SPDX-License-Identifier: Apache-2.0
"""Log-ins under Azure's own names and addresses: nothing is set but what an application needs there,
and instance discovery stays on.
"""

import os

from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.keyvault.keys import KeyClient

from logins import TENANT, environment, login, works
from mongocrypt import Drawer, encryption, seal
from support import TestCase, new_name, rows

IMDS = "http://169.254.169.254"


class UnderAzuresNames(TestCase):
    @rows("secret", "certificate", "workload")
    def test_an_application_logs_in_with_a(self, way):
        variables = {**login(way), "AZURE_TENANT_ID": TENANT}
        del variables["AZURE_AUTHORITY_HOST"]
        with environment(variables):
            works(self, DefaultAzureCredential())

    def test_a_virtual_machine_finds_its_metadata(self):
        with environment():
            works(self, DefaultAzureCredential())

    def test_a_machine_of_azure_arc_reads_its_key(self):
        arc = {"IDENTITY_ENDPOINT": login("arc")["IDENTITY_ENDPOINT"], "IMDS_ENDPOINT": IMDS}
        with environment(arc):
            works(self, ManagedIdentityCredential())

    def test_libmongocrypt_finds_the_metadata_of_the_machine(self):
        name, drawer = new_name("mongo"), Drawer()
        with environment():
            KeyClient(os.environ["AZURE_KEYVAULT_URL"], DefaultAzureCredential()).create_rsa_key(name)
        sealed = seal(encryption(drawer, {}), name, "text")

        self.assertEqual(encryption(drawer, {}).decrypt(sealed), "text")
