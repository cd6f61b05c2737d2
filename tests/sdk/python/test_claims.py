# SPDX-License-Identifier: Apache-2.0
"""Clients whose sessions are revoked: they are challenged, and log in once more by themselves."""

import json

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from azure.keyvault.keys import KeyClient

from support import TestCase, ask_control, dev, new_name, port


class Watched:
    """A credential that remembers with which claims it was asked."""

    def __init__(self, credential):
        self.credential = credential
        self.claims = []

    def get_token(self, *scopes, **options):
        self.claims.append(options.get("claims"))
        return self.credential.get_token(*scopes, **options)


class AClientThatAnswersClaimsChallenges(TestCase):
    def setUp(self):
        self.identity = f"/control/v1/identities/{new_name('cae')}"
        told = ask_control(self.identity, {"type": "application"}, "PUT")
        self.tell("secrets", secret="its own")
        self.credential = Watched(
            ClientSecretCredential(
                told["tenant"],
                told["client_id"],
                "its own",
                authority=f"https://login.localhost:{port}",
                disable_instance_discovery=True,  # it would ask Microsoft who login.localhost is
            )
        )
        self.client = KeyClient(dev.vault_url, self.credential)
        self.key = self.client.create_ec_key(new_name("cae"))

    def tell(self, order, **members):
        ask_control(f"{self.identity}/{order}", members)

    def test_goes_on_with_another_token_when_its_sessions_are_revoked(self):
        self.assertEqual(self.client.get_key(self.key.name).id, self.key.id)
        asked = len(self.credential.claims)
        self.tell("revoke")
        self.assertEqual(self.client.get_key(self.key.name).id, self.key.id)
        self.assertEqual(len(self.credential.claims), asked + 1)
        claims = json.loads(self.credential.claims[-1])
        self.assertTrue(claims["access_token"]["nbf"]["essential"])
        self.assertEqual(self.client.get_key(self.key.name).id, self.key.id)
        self.assertEqual(len(self.credential.claims), asked + 1, "the new token is kept")

    def test_is_refused_by_the_authority_when_its_identity_is_disabled(self):
        self.tell("disable")
        with self.assertRaisesRegex(ClientAuthenticationError, "AADSTS7000112"):
            self.client.get_key(self.key.name)
        self.tell("enable")
        self.assertEqual(self.client.get_key(self.key.name).id, self.key.id)
