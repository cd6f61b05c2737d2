# SPDX-License-Identifier: Apache-2.0
"""Secure release: a key leaves the HSM for an environment that an authority vouches for."""

import base64
import json
from urllib.parse import urlencode

from azure.keyvault.keys import KeyExportEncryptionAlgorithm, KeyReleasePolicy
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding
from cryptography.hazmat.primitives.serialization import load_der_private_key

from support import TestCase, ask_control, dev, new_name, pool, rows

# In which hash the padding around the AES key is done.
ALGORITHMS = (
    (KeyExportEncryptionAlgorithm.ckm_rsa_aes_key_wrap, hashes.SHA1()),
    (KeyExportEncryptionAlgorithm.rsa_aes_key_wrap_256, hashes.SHA256()),
    (KeyExportEncryptionAlgorithm.rsa_aes_key_wrap_384, hashes.SHA384()),
)


def to_text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_text(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def policy(value="true", **options):
    """Trusts the server's own authority, for environments with this claim."""
    authority = ask_control("/.well-known/openid-configuration")["issuer"]
    claim = {"claim": "sdk-test", "equals": value}
    terms = {"version": "1.0.0", "anyOf": [{"authority": authority, "anyOf": [claim]}]}
    return KeyReleasePolicy(json.dumps(terms).encode(), **options)


class AnExportableKey(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.environment = rsa.generate_private_key(65537, 2048)
        numbers = cls.environment.public_key().public_numbers()
        query = urlencode({"n": to_text(numbers.n.to_bytes(256, "big")), "e": "AQAB"})
        cls.token = ask_control(f"/generate-test-token?{query}")["token"]

    def make(self, client=dev, **options):
        return client.create_ec_key(
            new_name("release"),
            hardware_protected=True,
            **{"exportable": True, "release_policy": policy(), **options},
        )

    def open(self, jws, hash_):
        """The private key in an answer."""
        answer = json.loads(from_text(jws.split(".")[1]))
        blob = json.loads(from_text(answer["response"]["key"]["key"]["key_hsm"]))
        wrapped = from_text(blob["ciphertext"])
        aes = self.environment.decrypt(wrapped[:256], padding.OAEP(padding.MGF1(hash_), hash_, None))
        key = aes_key_unwrap_with_padding(aes, wrapped[256:])
        # SoftHSM2 fills the PKCS#8 up with zeros to a multiple of 8 before it wraps it.
        return load_der_private_key(key[: 2 + key[1]], None)

    @rows(*ALGORITHMS)
    def test_is_released_with(self, algorithm, hash_):
        key = self.make()
        for version in (None, key.properties.version):
            released = dev.release_key(
                key.name, self.token, version=version, algorithm=algorithm, nonce="once"
            )
            public = self.open(released.value, hash_).public_key().public_numbers()

            self.assertEqual(public.x.to_bytes(32, "big"), key.key.x)

    def test_is_released_by_a_managed_hsm(self):
        key = self.make(pool)
        released = pool.release_key(
            key.name, self.token, algorithm=KeyExportEncryptionAlgorithm.rsa_aes_key_wrap_256
        )
        public = self.open(released.value, hashes.SHA256()).public_key().public_numbers()

        self.assertEqual(public.y.to_bytes(32, "big"), key.key.y)

    def test_shows_its_policy(self):
        shown = dev.get_key(self.make().name).properties

        self.assertIs(shown.exportable, True)
        self.assertIs(shown.release_policy.immutable, False)
        self.assertEqual(
            json.loads(shown.release_policy.encoded_policy), json.loads(policy().encoded_policy)
        )

    def test_takes_another_policy(self):
        key = self.make(release_policy=policy("never"))
        with self.refuses(400, "BadParameter"):
            dev.release_key(key.name, self.token)
        dev.update_key_properties(key.name, release_policy=policy())

        self.assertTrue(dev.release_key(key.name, self.token).value)

    def test_keeps_a_policy_that_is_immutable(self):
        key = self.make(release_policy=policy(immutable=True))
        with self.refuses(400, "BadParameter") as refusal:
            dev.update_key_properties(key.name, release_policy=policy("other"))
        self.assertIn("Immutable Key Release Policy", refusal.exception.message)

    def test_needs_a_policy(self):
        with self.refuses(400, "BadParameter") as refusal:
            self.make(release_policy=None)
        self.assertIn("Exportable keys must have release policy", refusal.exception.message)

    def test_has_to_be_called_so_to_have_a_policy(self):
        with self.refuses(400, "BadParameter") as refusal:
            self.make(exportable=None)
        self.assertIn("Non-exportable keys must not have", refusal.exception.message)

    def test_is_not_released_for_what_nobody_vouches_for(self):
        key = self.make()
        with self.refuses(400, "BadParameter"):
            dev.release_key(key.name, "a.b.c")

    def test_is_not_what_another_key_is(self):
        with self.refuses(403, "Forbidden", "KeyOperationForbidden"):
            dev.release_key(dev.create_ec_key(new_name("kept")).name, self.token)
