# SPDX-License-Identifier: Apache-2.0
"""az with a cloud of its own: what it has to know of it, it asks for where the cloud is registered.

The tenant's GUID and an authority that az does not know need `core.instance_discovery=false`.
"""

import os
import unittest

from azure_cli import CLIENT, TENANT, AzureCli, login, new_name, use_keys

MANAGER = os.environ["SDK_AUTHORITY"].replace("login.localhost", "localhost")
APP_SERVICE = {
    name: login("app-service", name) for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")
}


def register(az):
    az("cloud", "register", "-n", "coffer", "--endpoint-resource-manager", MANAGER)
    az("cloud", "set", "-n", "coffer")
    az("config", "set", "core.instance_discovery=false")


class Az(unittest.TestCase):
    def setUp(self):
        self.az = AzureCli(**APP_SERVICE)
        self.addCleanup(self.az.close)
        register(self.az)

    def refused(self, words, *command):
        done = self.az.run(*command)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(words, done.stderr)

    def test_is_refused_with_a_wrong_secret(self):
        words = ("login", "--service-principal", "-u", CLIENT, "-p", "no", "--tenant", TENANT)
        self.refused("AADSTS7000215", *words)

    def test_is_no_application_at_the_metadata_service(self):
        self.refused("ERROR: ", "login", "--identity", "--client-id", CLIENT)

    def test_has_one_subscription_after_a_log_in_as_managed_identity(self):
        accounts = self.az("login", "--identity")

        self.assertEqual(
            [(one["name"], one["tenantId"], one["state"]) for one in accounts],
            [("coffer", TENANT, "Enabled")],
        )
        self.assertEqual(self.az("account", "show")["id"], accounts[0]["id"])

    def test_finds_the_metadata_service_elsewhere(self):
        az = AzureCli(AZURE_POD_IDENTITY_AUTHORITY_HOST=os.environ["SDK_CONTROL"])
        self.addCleanup(az.close)
        register(az)
        az("login", "--identity")
        az("keyvault", "key", "list", "--vault-name", "dev")

    def test_uses_keys_as_managed_identity(self):
        self.az("login", "--identity", "--client-id", login("app-service", "AZURE_CLIENT_ID"))
        use_keys(self, self.az)

    def test_uses_keys_with_a_secret_until_they_are_disabled(self):
        self.az.log_in("-p", login("secret", "AZURE_CLIENT_SECRET"))
        kid, sealed = use_keys(self, self.az)
        self.az("keyvault", "key", "set-attributes", "--id", kid, "--enabled", "false")

        way = ("--id", kid, "-a", "RSA-OAEP-256", "--data-type", "base64", "--value", sealed)
        self.refused("Operation decrypt is not allowed", "keyvault", "key", "decrypt", *way)

    def test_logs_in_with_a_certificate(self):
        self.az.log_in("--certificate", login("certificate", "AZURE_CLIENT_CERTIFICATE_PATH"))
        self.assertEqual(self.az("account", "show")["user"]["name"], CLIENT)
        self.az("keyvault", "key", "list", "--vault-name", "dev")

    def test_logs_in_with_a_federated_token(self):
        file = login("workload", "AZURE_FEDERATED_TOKEN_FILE")
        with open(file, encoding="ascii") as token:
            self.az.log_in("--federated-token", token.read())
        self.az("keyvault", "key", "list", "--vault-name", "dev")

    def test_has_a_key_deleted_and_back(self):
        self.az("login", "--identity")
        name = ("--vault-name", "dev", "-n", new_name("back"))
        made = self.az("keyvault", "key", "create", *name, "--kty", "EC")
        self.az("keyvault", "key", "delete", *name)
        self.refused("KeyNotFound", "keyvault", "key", "show", *name)
        back = self.az("keyvault", "key", "recover", *name)

        self.assertEqual(back["key"]["kid"], made["key"]["kid"])

    def test_reaches_a_managed_hsm(self):
        self.az("login", "--identity")
        name = ("--hsm-name", "pool", "-n", new_name("hsm"))
        self.az("keyvault", "key", "create", *name, "--kty", "oct-HSM", "--size", "256")

        self.assertEqual(self.az("keyvault", "key", "show", *name)["key"]["kty"], "oct-HSM")
