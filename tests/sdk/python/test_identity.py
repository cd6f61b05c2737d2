# SPDX-License-Identifier: Apache-2.0
"""The challenge, the token, and the client's own check that both belong to this vault."""

import os
from unittest import mock

from azure.core import PipelineClient
from azure.core.rest import HttpRequest
from azure.identity import ManagedIdentityCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm

from support import TestCase, credential, dev, new_data_key, new_name, port, rows

VAULT = "https://vault.azure.net/.default"


class FixedToken:
    """A credential that has one token, whatever it is asked for."""

    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_options):
        return mock.Mock(token=self.token, expires_on=2**31)


class ACallWithoutAToken(TestCase):
    def test_is_challenged_whatever_it_asks_for(self):
        client = PipelineClient(dev.vault_url)
        response = client.send_request(HttpRequest("GET", f"{dev.vault_url}/nonsense"))

        self.assertEqual(response.status_code, 401)
        self.assertRegex(
            response.headers["WWW-Authenticate"],
            r'^Bearer authorization="https://[^" =]+/[0-9a-f-]{36}", '
            rf'resource="https://vault\.localhost:{port}"$',
        )


class AToken(TestCase):
    def ask(self, token):
        KeyClient(dev.vault_url, FixedToken(token)).get_key(new_name("any"))

    def test_that_nobody_issued_is_refused(self):
        with self.refuses(401, "Unauthorized"):
            self.ask("e30.e30.c2ln")

    def test_for_another_service_is_refused(self):
        with self.refuses(401, "Unauthorized"):
            self.ask(credential.get_token("https://management.azure.com/.default").token)

    def test_with_a_changed_signature_is_refused(self):
        token = credential.get_token(VAULT).token
        changed = "B" if token[-10] == "A" else "A"
        with self.refuses(401, "Unauthorized"):
            self.ask(token[:-10] + changed + token[-9:])

    @rows(("every_vault", "https://vault.azure.net"), ("this", f"https://vault.localhost:{port}"))
    def test_is_taken_that_is_for(self, _which, resource):
        with self.refuses(404, "KeyNotFound"):
            self.ask(credential.get_token(f"{resource}/.default").token)


class TheClient(TestCase):
    def test_turns_away_from_a_vault_that_is_not_below_the_resource(self):
        client = KeyClient(f"https://localhost:{port}", credential)
        with self.assertRaisesRegex(ValueError, "does not match the requested domain"):
            client.get_key("any")


class TheInstanceMetadataService(TestCase):
    def test_gives_tokens_too(self):
        without = {
            name: value
            for name, value in os.environ.items()
            if name not in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET")
        }
        with mock.patch.dict(os.environ, without, clear=True):
            imds = ManagedIdentityCredential()
        key = KeyClient(dev.vault_url, imds).create_rsa_key(new_name("imds"))
        crypto = CryptographyClient(key, imds)
        data_key = new_data_key()
        wrapped = crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep, data_key).encrypted_key

        self.assertEqual(crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep, wrapped).key, data_key)
