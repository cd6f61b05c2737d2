# SPDX-License-Identifier: Apache-2.0
"""A managed HSM: symmetric keys, random bytes, and what it does unlike a vault."""

from azure.keyvault.keys import JsonWebKey
from azure.keyvault.keys.crypto import EncryptionAlgorithm, KeyWrapAlgorithm, SignatureAlgorithm
from cryptography import x509
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from support import (
    TestCase,
    crypto_of,
    delete,
    dev,
    local_of,
    new_data_key,
    new_name,
    pool,
    recover,
    remote_of,
    rows,
    state_of,
)

SIZES = (128, 192, 256)
IV = bytes(range(16))


class ASymmetricKey(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keys = {
            size: pool.create_oct_key(new_name("oct"), size=size, hardware_protected=True)
            for size in SIZES
        }

    def client(self, size):
        return remote_of(self.keys[size].id)

    @rows(*SIZES)
    def test_has_a_size_and_nothing_to_show_of(self, size):
        key = self.keys[size]

        self.assertEqual((key.key_type, key.key.k), ("oct-HSM", None))
        self.assertLessEqual({"encrypt", "decrypt", "wrapKey", "unwrapKey"}, set(key.key_operations))

    @rows(*SIZES)
    def test_encrypts_and_authenticates_with(self, size):
        algorithm = EncryptionAlgorithm(f"A{size}GCM")
        client, plaintext, aad = self.client(size), new_data_key() + b"odd", b"about it"
        sealed = client.encrypt(algorithm, plaintext, additional_authenticated_data=aad)

        def opened(tag, about):
            return client.decrypt(
                algorithm,
                sealed.ciphertext,
                iv=sealed.iv,
                authentication_tag=tag,
                additional_authenticated_data=about,
            ).plaintext

        self.assertEqual((len(sealed.iv), len(sealed.tag)), (12, 16))
        self.assertEqual(opened(sealed.tag, aad), plaintext)
        for tag, about in ((bytes(16), aad), (sealed.tag, b"other")):
            with self.refuses(400, "BadParameter"):
                opened(tag, about)

    @rows(*SIZES)
    def test_encrypts_whole_blocks_with(self, size):
        algorithm, plaintext = EncryptionAlgorithm(f"A{size}CBC"), new_data_key()
        sealed = self.client(size).encrypt(algorithm, plaintext, iv=IV)
        opened = self.client(size).decrypt(algorithm, sealed.ciphertext, iv=IV)

        self.assertEqual(len(sealed.ciphertext), len(plaintext))
        self.assertEqual(opened.plaintext, plaintext)

    @rows(*SIZES)
    def test_fills_what_is_no_whole_block_with_zeros_with(self, size):
        algorithm, plaintext = EncryptionAlgorithm(f"A{size}CBC"), new_data_key() + b"odd"
        sealed = self.client(size).encrypt(algorithm, plaintext, iv=IV)
        opened = self.client(size).decrypt(algorithm, sealed.ciphertext, iv=IV)

        self.assertEqual(opened.plaintext, plaintext + bytes(13))

    @rows(*SIZES)
    def test_encrypts_and_pads_with(self, size):
        algorithm, plaintext = EncryptionAlgorithm(f"A{size}CBCPAD"), new_data_key() + b"odd"
        sealed = self.client(size).encrypt(algorithm, plaintext, iv=IV)
        opened = self.client(size).decrypt(algorithm, sealed.ciphertext, iv=IV)

        self.assertEqual((len(sealed.ciphertext), opened.plaintext), (48, plaintext))

    @rows(*(KeyWrapAlgorithm(f"A{size}KW") for size in SIZES))
    def test_wraps_with(self, algorithm):
        client, data_key = self.client(int(algorithm.value[1:4])), new_data_key()
        wrapped = client.wrap_key(algorithm, data_key).encrypted_key
        changed = wrapped[:-1] + bytes([wrapped[-1] ^ 1])

        self.assertEqual(len(wrapped), 40)
        self.assertEqual(client.unwrap_key(algorithm, wrapped).key, data_key)
        with self.refuses(400, "BadParameter"):
            client.unwrap_key(algorithm, changed)

    @rows((KeyWrapAlgorithm.ckm_aes_key_wrap, 32), (KeyWrapAlgorithm.ckm_aes_key_wrap_pad, 33))
    def test_wraps_as_pkcs11_does_with(self, algorithm, length):
        client, value = self.client(256), bytes(range(length))
        wrapped = client.wrap_key(algorithm, value).encrypted_key

        self.assertEqual(client.unwrap_key(algorithm, wrapped).key, value)

    @rows(SignatureAlgorithm.hs256, SignatureAlgorithm.hs384, SignatureAlgorithm.hs512)
    def test_authenticates_with(self, algorithm):
        digest = bytes(range(int(algorithm.value[2:]) // 8))
        signature = self.client(256).sign(algorithm, digest).signature

        self.assertTrue(self.client(256).verify(algorithm, digest, signature).is_valid)
        self.assertFalse(self.client(256).verify(algorithm, digest[::-1], signature).is_valid)

    def test_is_imported(self):
        secret, plaintext = new_data_key(), new_data_key()
        key = pool.import_key(new_name("import"), JsonWebKey(kty="oct-HSM", k=secret))
        cipher = EncryptionAlgorithm.a256_cbc
        ciphertext = remote_of(key.id).encrypt(cipher, plaintext, iv=IV).ciphertext
        by_itself = Cipher(algorithms.AES(secret), modes.CBC(IV)).encryptor()

        self.assertEqual((key.key_type, key.key.k), ("oct-HSM", None))
        self.assertEqual(ciphertext, by_itself.update(plaintext) + by_itself.finalize())

    def test_is_backed_up_and_restored(self):
        key = pool.create_oct_key(new_name("backup"), hardware_protected=True)
        data_key, algorithm = new_data_key(), KeyWrapAlgorithm.aes_256
        wrapped = remote_of(key.id).wrap_key(algorithm, data_key).encrypted_key
        backup = pool.backup_key(key.name)
        delete(pool, key.name)
        pool.purge_deleted_key(key.name)
        restored = pool.restore_key_backup(backup)

        self.assertEqual(state_of(restored), state_of(key))
        self.assertEqual(remote_of(key.id).unwrap_key(algorithm, wrapped).key, data_key)

    def test_is_refused_in_other_sizes(self):
        with self.refuses(400, "BadParameter") as refusal:
            pool.create_oct_key(new_name("odd"), size=64, hardware_protected=True)
        self.assertIn("Invalid key size: '64'", refusal.exception.message)

    def test_is_rotated(self):
        rotated = pool.rotate_key(self.keys[192].name)

        self.assertEqual(rotated.key_type, "oct-HSM")
        self.assertNotEqual(rotated.id, self.keys[192].id)


class AnAttestation(TestCase):
    def check(self, key, *arguments):
        attested = pool.get_key_attestation(key.name, *arguments)
        found = attested.properties.attestation
        chain = x509.load_pem_x509_certificates(found.certificate_pem_file)

        self.assertEqual(attested.id, key.id)
        self.assertTrue(found.version)
        self.assertTrue(found.public_key_attestation and found.private_key_attestation)
        for below, above in zip(chain, chain[1:]):
            below.verify_directly_issued_by(above)

    def test_comes_with_a_chain_of_certificates(self):
        key = pool.create_ec_key(new_name("attested"))

        self.check(key)
        self.check(key, key.properties.version)

    def test_of_an_unknown_key_is_refused(self):
        with self.refuses(404, "KeyNotFound"):
            pool.get_key_attestation(new_name("missing"))

    def test_is_not_to_be_had_from_a_vault(self):
        with self.refuses(400, "BadParameter") as refusal:
            dev.get_key_attestation(dev.create_ec_key(new_name("attested")).name)
        self.assertEqual(
            refusal.exception.error.message, "Method GET does not allow operation 'attestation'"
        )


class AManagedHsm(TestCase):
    @rows(1, 16, 128)
    def test_gives_random_bytes(self, count):
        self.assertEqual(len(pool.get_random_bytes(count)), count)
        if count > 1:
            self.assertNotEqual(pool.get_random_bytes(count), pool.get_random_bytes(count))

    def test_does_not_give_more_than_128(self):
        with self.refuses(400, "BadParameter") as refusal:
            pool.get_random_bytes(129)
        self.assertIn("count cannot be greater than 128", refusal.exception.message)

    def test_does_what_a_vault_does_not(self):
        with self.refuses(400, "BadParameter"):
            dev.get_random_bytes(16)

    def test_honours_the_public_exponent(self):
        self.assertEqual(pool.create_rsa_key(new_name("e17"), public_exponent=17).key.e, b"\x11")

    def test_makes_every_key_one_of_the_hsm_kind(self):
        rsa, ec = pool.create_rsa_key(new_name("rsa")), pool.create_ec_key(new_name("ec"))

        self.assertEqual((rsa.key_type, ec.key_type), ("RSA-HSM", "EC-HSM"))
        self.assertTrue(rsa.id.startswith(pool.vault_url))

    def test_says_so_when_a_key_is_not_there(self):
        name = new_name("missing")
        with self.refuses(404, "KeyNotFound") as refusal:
            pool.get_key(name)
        self.assertIn(f"Key not found: {pool.vault_url}/keys/{name}", refusal.exception.message)

    def test_deletes_recovers_and_purges(self):
        key = pool.create_ec_key(new_name("gone"))
        delete(pool, key.name)
        self.assertEqual(pool.get_deleted_key(key.name).id, key.id)
        self.assertEqual(state_of(recover(pool, key.name)), state_of(key))
        delete(pool, key.name)
        pool.purge_deleted_key(key.name)
        with self.refuses(404, "KeyNotFound"):
            pool.get_deleted_key(key.name)

    def test_lists_its_keys_in_pages(self):
        names = sorted(new_name("listed") for _ in range(3))
        for name in names:
            pool.create_oct_key(name, hardware_protected=True)
        pages = [list(page) for page in pool.list_properties_of_keys(max_page_size=2).by_page()]
        listed = [one.name for page in pages for one in page]

        self.assertLessEqual(max(map(len, pages)), 2)
        self.assertEqual(sorted(name for name in listed if name in names), names)

    def test_wraps_and_signs_with_asymmetric_keys(self):
        rsa, data_key = pool.create_rsa_key(new_name("rsa")), new_data_key()
        wrapped = local_of(rsa).wrap_key(KeyWrapAlgorithm.rsa_oaep_256, data_key).encrypted_key
        unwrapped = crypto_of(rsa).unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped)
        signature = crypto_of(rsa).sign(SignatureAlgorithm.ps256, bytes(32)).signature
        verified = local_of(rsa).verify(SignatureAlgorithm.ps256, bytes(32), signature)

        self.assertEqual(unwrapped.key, data_key)
        self.assertTrue(verified.is_valid)
