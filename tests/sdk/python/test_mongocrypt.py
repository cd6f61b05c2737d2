# SPDX-License-Identifier: Apache-2.0
"""libmongocrypt's own client of Key Vault, whose authority can be named."""

from pymongo.errors import EncryptionError

from logins import AUTHORITY, CLIENT, TENANT, login
from mongocrypt import Drawer, encryption, seal
from support import TestCase, dev, new_name

SECRET = login("secret")["AZURE_CLIENT_SECRET"]


def account(secret=SECRET):
    return {
        "tenantId": TENANT,
        "clientId": CLIENT,
        "clientSecret": secret,
        "identityPlatformEndpoint": AUTHORITY.removeprefix("https://"),
    }


class Libmongocrypt(TestCase):
    def setUp(self):
        self.name = new_name("mongo")
        self.drawer = Drawer()
        dev.create_rsa_key(self.name)

    def test_is_refused_with_a_wrong_secret(self):
        with self.assertRaisesRegex(EncryptionError, "invalid_client|AADSTS7000215|401"):
            seal(encryption(self.drawer, account("no")), self.name, "text")

    def test_makes_no_data_key_under_a_key_that_is_not_there(self):
        with self.assertRaisesRegex(EncryptionError, "404"):
            seal(encryption(self.drawer, account()), new_name("none"), "text")

    def test_has_a_text_back_by_way_of_the_vault(self):
        sealed = seal(encryption(self.drawer, account()), self.name, "text")

        self.assertEqual(encryption(self.drawer, account()).decrypt(sealed), "text")

    def test_reads_nothing_once_the_key_is_disabled(self):
        sealed = seal(encryption(self.drawer, account()), self.name, "text")
        dev.update_key_properties(self.name, enabled=False)
        with self.assertRaisesRegex(EncryptionError, "403"):
            encryption(self.drawer, account()).decrypt(sealed)
        dev.update_key_properties(self.name, enabled=True)

        self.assertEqual(encryption(self.drawer, account()).decrypt(sealed), "text")
