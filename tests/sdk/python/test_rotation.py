# SPDX-License-Identifier: Apache-2.0
"""Rotation, and the policy that asks for it."""

from datetime import timedelta

from azure.keyvault.keys import (
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
)
from azure.keyvault.keys.crypto import KeyWrapAlgorithm

from support import TestCase, crypto_of, dev, new_data_key, new_name, state_of

ROTATE, NOTIFY = KeyRotationPolicyAction.rotate, KeyRotationPolicyAction.notify


def policy_of(*actions, expires_in=None):
    """Rows of (action, time after creation, time before expiry)."""
    return KeyRotationPolicy(
        lifetime_actions=[
            KeyRotationLifetimeAction(action, time_after_create=after, time_before_expiry=before)
            for action, after, before in actions
        ],
        expires_in=expires_in,
    )


def actions_of(policy):
    return [
        (one.action, one.time_after_create, one.time_before_expiry)
        for one in policy.lifetime_actions
    ]


class ARotatedKey(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.first = dev.create_rsa_key(
            new_name("rotated"), key_operations=["wrapKey", "unwrapKey"]
        )
        cls.second = dev.rotate_key(cls.first.name)

    def test_has_a_new_version_of_the_same_kind(self):
        self.assertNotEqual(self.second.properties.version, self.first.properties.version)
        self.assertNotEqual(self.second.key.n, self.first.key.n)
        self.assertEqual(len(self.second.key.n), 256)
        self.assertEqual(self.second.key_operations, self.first.key_operations)
        self.assertIsNone(self.second.properties.expires_on)

    def test_keeps_its_curve(self):
        name = dev.create_ec_key(new_name("rotated"), curve="P-384").name

        self.assertEqual(dev.rotate_key(name).key.crv, "P-384")

    def test_is_at_its_new_version(self):
        self.assertEqual(state_of(dev.get_key(self.first.name)), state_of(self.second))

    def test_still_unwraps_with_the_old_one(self):
        data_key, old = new_data_key(), crypto_of(self.first)
        wrapped = old.wrap_key(KeyWrapAlgorithm.rsa_oaep, data_key).encrypted_key

        self.assertEqual(old.unwrap_key(KeyWrapAlgorithm.rsa_oaep, wrapped).key, data_key)
        with self.refuses(400, "BadParameter"):
            crypto_of(self.second).unwrap_key(KeyWrapAlgorithm.rsa_oaep, wrapped)


class AnUnknownKey(TestCase):
    missing = new_name("missing")

    def test_is_not_rotated(self):
        with self.refuses(404, "KeyNotFound"):
            dev.rotate_key(self.missing)

    def test_has_no_policy(self):
        with self.refuses(404, "KeyNotFound"):
            dev.get_key_rotation_policy(self.missing)

    def test_takes_no_policy(self):
        with self.refuses(404, "KeyNotFound"):
            dev.update_key_rotation_policy(self.missing, policy_of((NOTIFY, None, "P30D")))


class ARotationPolicy(TestCase):
    def setUp(self):
        self.name = dev.create_ec_key(new_name("policy")).name

    def put(self, *actions, expires_in=None):
        return dev.update_key_rotation_policy(
            self.name, policy_of(*actions, expires_in=expires_in)
        )

    def test_notifies_when_nobody_made_one(self):
        policy = dev.get_key_rotation_policy(self.name)

        self.assertEqual(actions_of(policy), [(NOTIFY, None, "P30D")])
        self.assertEqual((policy.id, policy.expires_in, policy.created_on), (None, None, None))

    def test_is_read_back_as_it_was_written(self):
        written = self.put((ROTATE, "P18M", None), (NOTIFY, None, "P30D"), expires_in="P48M")
        read = dev.get_key_rotation_policy(self.name)

        self.assertEqual(
            actions_of(read), [(ROTATE, "P18M", None), (NOTIFY, None, "P30D")]
        )
        self.assertEqual(read.expires_in, "P48M")
        self.assertEqual(read.id, f"{dev.vault_url}/keys/{self.name}/rotationpolicy")
        self.assertEqual(actions_of(written), actions_of(read))
        self.assertEqual((written.created_on, written.updated_on), (read.created_on,) * 2)

    def test_replaces_the_one_before(self):
        self.put((ROTATE, None, "P60D"), expires_in="P2Y")
        replaced = self.put((NOTIFY, None, "P14D"), expires_in="P90D")

        self.assertEqual(actions_of(replaced), [(NOTIFY, None, "P14D")])
        self.assertEqual(replaced.expires_in, "P90D")

    def test_lets_new_versions_expire(self):
        self.put((ROTATE, "P30D", None), expires_in="P90D")
        rotated = dev.rotate_key(self.name).properties
        created = dev.create_ec_key(self.name).properties

        for version in (rotated, created):
            self.assertEqual(version.expires_on - version.created_on, timedelta(days=90))

    def test_that_rotates_before_an_expiry_it_does_not_set_is_refused(self):
        with self.refuses(400, "BadParameter"):
            self.put((ROTATE, None, "P30D"))

    def test_that_rotates_too_soon_is_refused(self):
        with self.refuses(400, "BadParameter"):
            self.put((ROTATE, "P6D", None), expires_in="P90D")

    def test_that_lets_keys_expire_too_soon_is_refused(self):
        with self.refuses(400, "BadParameter"):
            self.put((NOTIFY, None, "P7D"), expires_in="P27D")
