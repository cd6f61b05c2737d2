# SPDX-License-Identifier: Apache-2.0
"""Keys that come from elsewhere: imported, or restored from a backup."""

import base64
import json

from azure.keyvault.keys import (
    JsonWebKey,
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
)
from azure.keyvault.keys.crypto import KeyWrapAlgorithm, SignatureAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from support import (
    TestCase,
    crypto_of,
    delete,
    dev,
    local_of,
    locked,
    new_data_key,
    new_name,
    remote_of,
    rows,
    state_of,
)

OAEP = KeyWrapAlgorithm.rsa_oaep_256


def number(value, length=None):
    return value.to_bytes(length or (value.bit_length() + 7) // 8, "big")


def jwk_of_rsa(private, lead=b""):
    """As a JWK; `lead` comes before each private number, as encoders of DER put a zero there."""
    numbers = private.private_numbers()
    hidden = {
        name: lead + number(getattr(numbers, its_name))
        for name, its_name in (
            ("d", "d"), ("p", "p"), ("q", "q"), ("dp", "dmp1"), ("dq", "dmq1"), ("qi", "iqmp"),
        )
    }
    public = numbers.public_numbers
    return JsonWebKey(kty="RSA", n=number(public.n), e=number(public.e), **hidden)


def jwk_of_ec(private, curve, length):
    numbers = private.private_numbers()
    public = numbers.public_numbers
    return JsonWebKey(
        kty="EC",
        crv=curve,
        d=number(numbers.private_value, length),
        x=number(public.x, length),
        y=number(public.y, length),
    )


class AnImportedKey(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.private = rsa.generate_private_key(65537, 2048)
        cls.public = cls.private.public_key().public_numbers()

    def test_unwraps_what_its_owner_has_wrapped(self):
        key = dev.import_key(new_name("import"), jwk_of_rsa(self.private), tags={"from": "outside"})
        data_key = new_data_key()
        scheme = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        wrapped = self.private.public_key().encrypt(data_key, scheme)

        self.assertEqual((key.key_type, key.key.n), ("RSA", number(self.public.n)))
        self.assertIsNone(key.key.d)
        self.assertEqual(key.properties.tags, {"from": "outside"})
        self.assertEqual(crypto_of(key).unwrap_key(OAEP, wrapped).key, data_key)

    def test_may_be_of_the_hsm_kind(self):
        key = dev.import_key(
            new_name("import"), jwk_of_rsa(self.private), hardware_protected=True
        )

        self.assertEqual(key.key_type, "RSA-HSM")

    def test_may_have_zeros_before_its_numbers(self):
        key = dev.import_key(new_name("import"), jwk_of_rsa(self.private, lead=b"\0"))

        self.assertEqual(key.key.n, number(self.public.n))

    def test_is_a_new_version_where_the_name_is_in_use(self):
        name = new_name("import")
        first = dev.create_rsa_key(name)
        second = dev.import_key(name, jwk_of_rsa(self.private))

        self.assertNotEqual(second.id, first.id)
        self.assertEqual(dev.get_key(name).id, second.id)

    @rows(
        ("P-256", ec.SECP256R1(), 32, SignatureAlgorithm.es256),
        ("P-256K", ec.SECP256K1(), 32, SignatureAlgorithm.es256_k),
        ("P-384", ec.SECP384R1(), 48, SignatureAlgorithm.es384),
        ("P-521", ec.SECP521R1(), 66, SignatureAlgorithm.es512),
    )
    def test_may_be_one_on(self, name, curve, length, algorithm):
        jwk = jwk_of_ec(ec.generate_private_key(curve), name, length)
        key = dev.import_key(new_name("import"), jwk)
        digest = bytes(int(algorithm.value[2:5]) // 8)
        signature = remote_of(key.id).sign(algorithm, digest).signature

        self.assertEqual((key.key.x, key.key.y), (jwk.x, jwk.y))
        self.assertTrue(remote_of(key.id).verify(algorithm, digest, signature).is_valid)

    def test_is_refused_when_its_numbers_do_not_fit(self):
        jwk = jwk_of_rsa(self.private)
        jwk.d = bytes([jwk.d[0] ^ 1]) + jwk.d[1:]
        with self.refuses(400, "BadParameter"):
            dev.import_key(new_name("import"), jwk)

    def test_is_refused_without_a_private_half(self):
        with self.refuses(400, "BadParameter"):
            dev.import_key(
                new_name("import"), JsonWebKey(kty="RSA", n=number(self.public.n), e=b"\1\0\1")
            )

    def test_is_refused_under_the_name_of_a_deleted_one(self):
        name = dev.create_ec_key(new_name("import")).name
        delete(dev, name)
        with self.refuses(409, "Conflict", "ObjectIsDeletedButRecoverable"):
            dev.import_key(name, jwk_of_rsa(self.private))


class AKeyThatComesWrapped(TestCase):
    """For a key of the HSM: RSA-OAEP around an AES key, and that around the key itself."""

    @classmethod
    def setUpClass(cls):
        cls.exchange = dev.create_rsa_key(
            new_name("exchange"), hardware_protected=True, key_operations=["import"]
        )
        cls.private = ec.generate_private_key(ec.SECP256R1())

    def blob(self, private):
        public = rsa.RSAPublicNumbers(
            int.from_bytes(self.exchange.key.e, "big"), int.from_bytes(self.exchange.key.n, "big")
        ).public_key()
        pkcs8 = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        aes = new_data_key()
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        wrapped = public.encrypt(aes, oaep) + aes_key_wrap_with_padding(aes, pkcs8)
        blob = {
            "schema_version": "1.0.0",
            "header": {"kid": self.exchange.id, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"},
            "ciphertext": base64.urlsafe_b64encode(wrapped).rstrip(b"=").decode(),
            "generator": "test",
        }
        return json.dumps(blob).encode()

    def jwk(self, private):
        jwk = jwk_of_ec(self.private, "P-256", 32)
        jwk.kty, jwk.d, jwk.t = "EC-HSM", None, self.blob(private)
        return jwk

    def test_is_imported(self):
        key = dev.import_key(new_name("wrapped"), self.jwk(self.private))
        signature = crypto_of(key).sign(SignatureAlgorithm.es256, bytes(32)).signature

        self.assertEqual(key.key_type, "EC-HSM")
        self.assertTrue(
            local_of(key).verify(SignatureAlgorithm.es256, bytes(32), signature).is_valid
        )

    @rows(("RSA-HSM", rsa.generate_private_key(65537, 2048)), ("EC-HSM", None))
    def test_is_imported_without_its_public_half(self, kty, private):
        """As the documents have it; an EC key has only its curve beside it."""
        private = private or self.private
        sent = JsonWebKey(kty=kty, t=self.blob(private), crv="P-256" if kty == "EC-HSM" else None)
        key = dev.import_key(new_name("alone"), sent, hardware_protected=True)
        public = private.public_key().public_numbers()

        self.assertEqual(key.key_type, kty)
        if kty == "EC-HSM":
            shown = (key.key.x, key.key.y)
            wanted = (number(public.x, 32), number(public.y, 32))
        else:
            shown, wanted = (key.key.n, key.key.e), (number(public.n), number(public.e))
        self.assertEqual(shown, wanted)

    def test_is_refused_when_it_is_another_one(self):
        other = ec.generate_private_key(ec.SECP256R1())
        with self.refuses(400, "BadParameter"):
            dev.import_key(new_name("wrapped"), self.jwk(other))


class ABackup(TestCase):
    def setUp(self):
        self.name = new_name("backup")
        self.first = dev.create_ec_key(self.name, curve="P-384", tags={"kept": "yes"})
        self.second = dev.create_ec_key(self.name, enabled=False)
        self.backup = dev.backup_key(self.name)

    def purge(self):
        delete(dev, self.name)
        dev.purge_deleted_key(self.name)

    def test_brings_a_purged_key_back_as_it_was(self):
        self.purge()
        restored = dev.restore_key_backup(self.backup)

        self.assertEqual(state_of(restored), state_of(self.second))
        first = dev.get_key(self.name, self.first.properties.version)
        self.assertEqual(state_of(first), state_of(self.first))

    def test_brings_back_what_unwraps(self):
        data_key, key = new_data_key(), dev.create_rsa_key(self.name)
        wrapped = local_of(key).wrap_key(OAEP, data_key).encrypted_key
        backup = dev.backup_key(self.name)
        self.purge()
        restored = dev.restore_key_backup(backup)

        self.assertEqual(crypto_of(restored).unwrap_key(OAEP, wrapped).key, data_key)

    def test_keeps_the_rotation_policy(self):
        rotate = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P1Y")
        policy = KeyRotationPolicy(lifetime_actions=[rotate], expires_in="P2Y")
        dev.update_key_rotation_policy(self.name, policy)
        backup = dev.backup_key(self.name)
        self.purge()
        dev.restore_key_backup(backup)

        self.assertEqual(dev.get_key_rotation_policy(self.name).expires_in, "P2Y")

    def test_is_restored_in_another_vault(self):
        restored = locked.restore_key_backup(self.backup)

        self.assertEqual(
            restored.id, self.second.id.replace(dev.vault_url, locked.vault_url)
        )
        self.assertEqual(restored.key.x, self.second.key.x)
        self.assertEqual(restored.properties.recovery_level, "Recoverable")

    def test_does_not_replace_a_living_key(self):
        with self.refuses(409, "Conflict"):
            dev.restore_key_backup(self.backup)

    def test_does_not_replace_a_deleted_key(self):
        delete(dev, self.name)
        with self.refuses(409, "Conflict", "ObjectIsDeletedButRecoverable"):
            dev.restore_key_backup(self.backup)

    def test_that_was_tampered_with_is_refused(self):
        self.purge()
        other = b"B" if self.backup[-9:-8] == b"A" else b"A"
        for changed in (b"garbage", self.backup[:-9] + other + self.backup[-8:]):
            with self.refuses(400, "Malformed backup blob"):
                dev.restore_key_backup(changed)

    def test_of_an_unknown_key_is_refused(self):
        with self.refuses(404, "KeyNotFound"):
            dev.backup_key(new_name("missing"))
