# SPDX-License-Identifier: Apache-2.0
"""Clients that are kept while the server's clock jumps, with the token that they keep themselves."""

from azure.keyvault.keys.crypto import KeyWrapAlgorithm

from support import TestCase, ask_control, crypto_of, dev, new_data_key, new_name


def move(**order):
    ask_control("/control/v1/clock", order)


class AClientThatIsKept(TestCase):
    def setUp(self):
        self.addCleanup(move, reset=True)
        self.key = dev.create_rsa_key(new_name("kept"))
        self.crypto = crypto_of(self.key)

    def use(self):
        data_key = new_data_key()
        wrapped = self.crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, data_key).encrypted_key
        unwrapped = self.crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped).key

        self.assertEqual(unwrapped, data_key)
        self.assertEqual(dev.get_key(self.key.name).id, self.key.id)

    def test_goes_on_over_a_jump(self):
        self.use()
        for order in ({"advance": "P90D"}, {"advance": "-P120D"}, {"frozen": True}):
            move(**order)
            self.use()

    def test_finds_a_deleted_key_purged_after_ninety_days(self):
        dev.begin_delete_key(self.key.name).wait()
        move(advance="P90D")
        with self.refuses(404, "KeyNotFound"):
            dev.get_deleted_key(self.key.name)

    def test_is_refused_once_its_token_was_aged_and_goes_on_after_a_reset(self):
        self.use()
        move(advance="P2D", tokens="age")
        with self.refuses(401, "Unauthorized"):
            dev.get_key(self.key.name)
        move(reset=True)
        self.use()
