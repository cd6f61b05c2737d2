# SPDX-License-Identifier: Apache-2.0
"""What a consumer of customer-managed keys does: wrap its data key, rotate, unwrap."""

from azure.keyvault.keys.crypto import EncryptionAlgorithm, KeyWrapAlgorithm

from support import TestCase, crypto_of, dev, local_of, new_data_key, new_name, remote_of, rows

OAEP = KeyWrapAlgorithm.rsa_oaep
OAEP_256 = KeyWrapAlgorithm.rsa_oaep_256
WRAP = (KeyWrapAlgorithm.rsa1_5, OAEP, OAEP_256)
ENCRYPT = tuple(EncryptionAlgorithm(one.value) for one in WRAP)
LARGEST = dict(zip(ENCRYPT, (245, 214, 190)))  # with 2048 bits: contract §8.1


class ADataKey(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.key = dev.create_rsa_key(new_name("wrap"))
        cls.data_key = new_data_key()
        cls.crypto = crypto_of(cls.key)
        cls.local = local_of(cls.key)
        cls.remote = remote_of(cls.key.id)

    @rows(*WRAP)
    def test_wrapped_here_is_unwrapped_with(self, algorithm):
        wrapped = self.local.wrap_key(algorithm, self.data_key)
        unwrapped = self.crypto.unwrap_key(algorithm, wrapped.encrypted_key)

        self.assertEqual(len(wrapped.encrypted_key), 256)
        self.assertEqual((unwrapped.key, unwrapped.key_id), (self.data_key, self.key.id))

    @rows(*WRAP)
    def test_wrapped_by_the_server_is_unwrapped_with(self, algorithm):
        wrapped = self.remote.wrap_key(algorithm, self.data_key)
        unwrapped = self.crypto.unwrap_key(algorithm, wrapped.encrypted_key)

        self.assertEqual((unwrapped.key, wrapped.key_id), (self.data_key, self.key.id))

    @rows(*ENCRYPT)
    def test_encrypted_here_is_decrypted_with(self, algorithm):
        ciphertext = self.local.encrypt(algorithm, self.data_key).ciphertext

        self.assertEqual(self.crypto.decrypt(algorithm, ciphertext).plaintext, self.data_key)

    @rows(*ENCRYPT)
    def test_encrypted_by_the_server_is_decrypted_with(self, algorithm):
        ciphertext = self.remote.encrypt(algorithm, self.data_key).ciphertext

        self.assertEqual(self.crypto.decrypt(algorithm, ciphertext).plaintext, self.data_key)

    @rows(*WRAP)
    def test_changed_on_its_way_is_refused_with(self, algorithm):
        wrapped = bytearray(self.crypto.wrap_key(algorithm, self.data_key).encrypted_key)
        wrapped[100] ^= 1
        with self.refuses(400, "BadParameter") as refusal:
            self.crypto.unwrap_key(algorithm, bytes(wrapped))

        self.assertIn("Unable to decrypt specified value", refusal.exception.message)

    @rows(*ENCRYPT)
    def test_may_be_as_long_as_the_padding_lets_it_with(self, algorithm):
        value = bytes(LARGEST[algorithm])
        ciphertext = self.remote.encrypt(algorithm, value).ciphertext

        self.assertEqual(self.remote.decrypt(algorithm, ciphertext).plaintext, value)
        with self.refuses(400, "BadParameter"):
            self.remote.encrypt(algorithm, value + b"\0")

    def test_wrapped_with_one_padding_is_refused_with_another(self):
        wrapped = self.crypto.wrap_key(OAEP, self.data_key).encrypted_key
        with self.refuses(400, "BadParameter"):
            self.crypto.unwrap_key(OAEP_256, wrapped)

    def test_is_unwrapped_by_the_client_that_a_key_client_makes(self):
        wrapped = self.crypto.wrap_key(OAEP, self.data_key).encrypted_key
        for version in (None, self.key.properties.version):
            crypto = dev.get_cryptography_client(self.key.name, key_version=version)

            self.assertEqual(crypto.unwrap_key(OAEP, wrapped).key, self.data_key)


class AfterARotation(TestCase):
    @classmethod
    def setUpClass(cls):
        name = new_name("rotate")
        cls.data_key = new_data_key()
        cls.first = dev.create_rsa_key(name)
        cls.wrapped = crypto_of(cls.first).wrap_key(OAEP_256, cls.data_key).encrypted_key
        cls.second = dev.create_rsa_key(name)

    def test_old_data_is_unwrapped_with_the_old_version(self):
        unwrapped = crypto_of(self.first.id).unwrap_key(OAEP_256, self.wrapped)

        self.assertEqual(unwrapped.key, self.data_key)

    def test_old_data_is_refused_with_the_new_version(self):
        with self.refuses(400, "BadParameter"):
            crypto_of(self.second.id).unwrap_key(OAEP_256, self.wrapped)

    def test_new_data_is_wrapped_with_the_new_version(self):
        latest = remote_of(f"{dev.vault_url}/keys/{self.first.name}")
        wrapped = latest.wrap_key(OAEP_256, self.data_key).encrypted_key
        unwrapped = crypto_of(self.second.id).unwrap_key(OAEP_256, wrapped)

        self.assertEqual(unwrapped.key, self.data_key)
