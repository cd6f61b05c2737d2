# SPDX-License-Identifier: Apache-2.0
"""Disabled, expired, not yet valid, and keys that may not do everything.

With the public key in hand a client checks operations and dates itself, so most is asked by
clients that have none.
"""

from azure.keyvault.keys.crypto import KeyWrapAlgorithm

from support import TestCase, crypto_of, dev, from_now, new_data_key, new_name, remote_of, rows

ALGORITHM = KeyWrapAlgorithm.rsa_oaep_256
DATA_KEY = new_data_key()
TAKES_IN = ("encrypt", "wrap_key")
GIVES_OUT = ("decrypt", "unwrap_key")


def wrapped_by(key):
    return crypto_of(key).wrap_key(ALGORITHM, DATA_KEY).encrypted_key


def ask(client, operation, value):
    return getattr(client, operation)(ALGORITHM, value)


class ADisabledVersion(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.name = new_name("disabled")
        cls.first = dev.create_rsa_key(cls.name)
        cls.second = dev.create_rsa_key(cls.name)
        cls.wrapped = wrapped_by(cls.first)
        cls.set_enabled(False)

    @classmethod
    def set_enabled(cls, enabled):
        dev.update_key_properties(cls.name, cls.first.properties.version, enabled=enabled)

    @rows(*TAKES_IN, *GIVES_OUT)
    def test_does_not(self, operation):
        value = DATA_KEY if operation in TAKES_IN else self.wrapped
        with self.refuses(403, "Forbidden", "KeyDisabled"):
            ask(remote_of(self.first.id), operation, value)

    def test_is_shown(self):
        shown = dev.get_key(self.name, self.first.properties.version)

        self.assertIs(shown.properties.enabled, False)

    def test_does_not_keep_the_other_from_working(self):
        wrapped = wrapped_by(self.second)

        self.assertEqual(crypto_of(self.second).unwrap_key(ALGORITHM, wrapped).key, DATA_KEY)

    def test_works_again_when_it_is_enabled(self):
        self.set_enabled(True)
        try:
            unwrapped = crypto_of(self.first).unwrap_key(ALGORITHM, self.wrapped)
        finally:
            self.set_enabled(False)

        self.assertEqual(unwrapped.key, DATA_KEY)


class OutsideItsDates:
    """What an expired key and one before its time have in common."""

    dates, inner, words = {}, "", ""

    @classmethod
    def setUpClass(cls):
        cls.key = dev.create_rsa_key(new_name("dated"))
        cls.wrapped = wrapped_by(cls.key)
        dev.update_key_properties(cls.key.name, **cls.dates)

    def refuse_new_data(self, operation):
        with self.refuses(403, "Forbidden", self.inner):
            ask(remote_of(self.key.id), operation, DATA_KEY)

    def give_old_data(self, operation):
        result = ask(remote_of(self.key.id), operation, self.wrapped)

        self.assertEqual(getattr(result, "key", None) or result.plaintext, DATA_KEY)

    def refuse_in_the_client(self):
        with self.assertRaisesRegex(ValueError, self.words):
            crypto_of(dev.get_key(self.key.name)).wrap_key(ALGORITHM, DATA_KEY)


class AnExpiredKey(OutsideItsDates, TestCase):
    dates, inner, words = {"expires_on": from_now(hours=-1)}, "KeyExpired", "expired at"

    @rows(*TAKES_IN)
    def test_takes_no_new_data_by(self, operation):
        self.refuse_new_data(operation)

    @rows(*GIVES_OUT)
    def test_still_gives_old_data_by(self, operation):
        self.give_old_data(operation)

    def test_is_refused_by_the_client(self):
        self.refuse_in_the_client()


class AKeyBeforeItsTime(OutsideItsDates, TestCase):
    dates, inner, words = {"not_before": from_now(hours=1)}, "KeyNotYetValid", "not useable until"

    @rows(*TAKES_IN)
    def test_takes_no_new_data_by(self, operation):
        self.refuse_new_data(operation)

    @rows(*GIVES_OUT)
    def test_still_gives_old_data_by(self, operation):
        self.give_old_data(operation)

    def test_is_refused_by_the_client(self):
        self.refuse_in_the_client()


class AKeyThatMayOnlyWrap(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.key = dev.create_rsa_key(new_name("only-wrap"), key_operations=["wrapKey"])
        cls.wrapped = wrapped_by(cls.key)

    @rows("encrypt", "decrypt", "unwrap_key")
    def test_does_not(self, operation):
        with self.refuses(403, "Forbidden", "KeyOperationForbidden"):
            ask(remote_of(self.key.id), operation, self.wrapped)

    def test_wraps(self):
        wrapped = ask(remote_of(self.key.id), "wrap_key", DATA_KEY)

        self.assertEqual(len(wrapped.encrypted_key), 256)

    def test_unwraps_once_it_may(self):
        key = dev.create_rsa_key(new_name("may-unwrap"), key_operations=["wrapKey"])
        wrapped = wrapped_by(key)
        dev.update_key_properties(key.name, key_operations=["wrapKey", "unwrapKey"])

        self.assertEqual(crypto_of(key.id).unwrap_key(ALGORITHM, wrapped).key, DATA_KEY)
