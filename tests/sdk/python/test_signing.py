# SPDX-License-Identifier: Apache-2.0
"""Signatures, with keys of every kind that makes some."""

import hashlib

from azure.keyvault.keys.crypto import SignatureAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from support import TestCase, crypto_of, dev, from_now, local_of, new_name, remote_of, rows

ES256, ES256K = SignatureAlgorithm.es256, SignatureAlgorithm.es256_k
RS256 = SignatureAlgorithm.rs256
RSA = tuple(SignatureAlgorithm(f"{family}{bits}") for family in ("RS", "PS") for bits in (256, 384, 512))
# Algorithm, curve, and how long a signature is: two numbers as long as a coordinate.
EC = (
    (ES256, "P-256", 64),
    (ES256K, "P-256K", 64),
    (SignatureAlgorithm.es384, "P-384", 96),
    (SignatureAlgorithm.es512, "P-521", 132),
)


def digest_for(algorithm, data=b"what is to be signed"):
    return hashlib.new("sha" + algorithm.value[2:5], data).digest()


class Creating(TestCase):
    @rows(*((curve, length // 2) for _, curve, length in EC))
    def test_makes_ec_keys_on(self, curve, length):
        for hsm in (False, True):
            key = dev.create_ec_key(new_name("ec"), curve=curve, hardware_protected=hsm)

            self.assertEqual(key.key_type, "EC-HSM" if hsm else "EC")
            self.assertEqual((key.key.crv, len(key.key.x), len(key.key.y)), (curve, length, length))
            self.assertEqual(key.key_operations, ["sign", "verify"])

    def test_takes_p_256_where_no_curve_is_named(self):
        self.assertEqual(dev.create_key(new_name("ec"), "EC").key.crv, "P-256")

    def test_refuses_a_curve_that_is_none(self):
        with self.refuses(400, "BadParameter"):
            dev.create_ec_key(new_name("odd"), curve="P-512")

    def test_refuses_operations_that_an_ec_key_does_not_have(self):
        with self.refuses(400, "BadParameter"):
            dev.create_ec_key(new_name("odd"), key_operations=["wrapKey", "unwrapKey"])


class ASignature(TestCase):
    def is_signed(self, key, algorithm, length):
        digest, other = digest_for(algorithm), digest_for(algorithm, b"something else")
        signed = remote_of(key.id).sign(algorithm, digest)

        self.assertEqual((len(signed.signature), signed.key_id), (length, key.id))
        verifiers = [remote_of(key.id), crypto_of(key)]
        if algorithm != ES256K:  # which the SDK leaves to the server
            verifiers.append(local_of(key))
        for client in verifiers:
            self.assertTrue(client.verify(algorithm, digest, signed.signature).is_valid)
            self.assertFalse(client.verify(algorithm, other, signed.signature).is_valid)

    @rows(*EC)
    def test_is_made_and_verified_with(self, algorithm, curve, length):
        key = dev.create_ec_key(new_name("sign"), curve=curve)

        self.is_signed(key, algorithm, length)

    def test_is_made_and_verified_by_a_key_of_the_ec_hsm_kind(self):
        key = dev.create_ec_key(new_name("sign"), hardware_protected=True)

        self.is_signed(key, ES256, 64)


class ASignatureByRsa(TestCase):
    is_signed = ASignature.is_signed

    @classmethod
    def setUpClass(cls):
        cls.key = dev.create_rsa_key(new_name("sign"))

    @rows(*RSA)
    def test_is_made_and_verified_with(self, algorithm):
        self.is_signed(self.key, algorithm, 256)

    def test_is_made_by_a_private_key_as_cryptography_knows_them(self):
        data = b"what is to be signed"
        private = crypto_of(self.key).create_rsa_private_key()
        public = private.public_key()

        for scheme in (
            padding.PKCS1v15(),
            padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
        ):
            signature = private.sign(data, scheme, hashes.SHA256())
            public.public_numbers().public_key().verify(signature, data, scheme, hashes.SHA256())
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        ciphertext = public.public_numbers().public_key().encrypt(data, oaep)
        self.assertEqual(private.decrypt(ciphertext, oaep), data)


class SigningIsRefused(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rsa = dev.create_rsa_key(new_name("refuses"))
        cls.ec = dev.create_ec_key(new_name("refuses"))

    def test_for_a_digest_of_the_wrong_length(self):
        for key, algorithm in ((self.rsa, RS256), (self.ec, ES256)):
            with self.refuses(400, "BadParameter") as refusal:
                remote_of(key.id).sign(algorithm, bytes(31))
            self.assertIn("Invalid length of 'value': 31 bytes.", refusal.exception.message)

    def test_with_an_algorithm_of_another_curve(self):
        with self.refuses(400, "BadParameter") as refusal:
            remote_of(self.ec.id).sign(ES256K, bytes(32))
        self.assertIn("can only be used with curve 'P-256K'", refusal.exception.message)

    def test_with_an_algorithm_of_another_kind_of_key(self):
        for key, algorithm in ((self.rsa, ES256), (self.ec, RS256)):
            with self.refuses(400, "BadParameter"):
                remote_of(key.id).sign(algorithm, bytes(32))

    def test_by_a_key_that_may_only_verify(self):
        key = dev.create_ec_key(new_name("verifies"), key_operations=["verify"])
        with self.refuses(403, "Forbidden", "KeyOperationForbidden"):
            remote_of(key.id).sign(ES256, bytes(32))

    def test_by_a_disabled_key_which_does_not_verify_either(self):
        key = dev.create_ec_key(new_name("disabled"), enabled=False)
        with self.refuses(403, "Forbidden", "KeyDisabled"):
            remote_of(key.id).sign(ES256, bytes(32))
        with self.refuses(403, "Forbidden", "KeyDisabled"):
            remote_of(key.id).verify(ES256, bytes(32), bytes(64))

    def test_by_an_expired_key_which_still_verifies(self):
        key = dev.create_ec_key(new_name("expired"))
        signature = crypto_of(key).sign(ES256, bytes(32)).signature
        dev.update_key_properties(key.name, expires_on=from_now(hours=-1))

        with self.refuses(403, "Forbidden", "KeyExpired"):
            remote_of(key.id).sign(ES256, bytes(32))
        self.assertTrue(remote_of(key.id).verify(ES256, bytes(32), signature).is_valid)

    def test_and_so_is_encrypting_with_an_ec_key(self):
        with self.refuses(403, "Forbidden", "KeyOperationForbidden"):
            remote_of(self.ec.id).encrypt("RSA-OAEP", bytes(32))
