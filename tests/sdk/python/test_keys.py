# SPDX-License-Identifier: Apache-2.0
"""Keys, their versions, attributes and lists."""

from azure.keyvault.keys import KeyOperation

from support import TestCase, dev, from_now, new_name, state_of

ALL_OF_RSA = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]


class ANameNobodyHas(TestCase):
    missing = new_name("missing")

    def test_cannot_be_read(self):
        with self.refuses(404, "KeyNotFound"):
            dev.get_key(self.missing)

    def test_cannot_be_updated(self):
        with self.refuses(404, "KeyNotFound"):
            dev.update_key_properties(self.missing, enabled=False)

    def test_cannot_be_deleted(self):
        with self.refuses(404, "KeyNotFound"):
            dev.begin_delete_key(self.missing)

    def test_has_no_versions(self):
        self.assertEqual(list(dev.list_properties_of_key_versions(self.missing)), [])


class Creating(TestCase):
    def test_refuses_a_size_that_is_none(self):
        with self.refuses(400, "BadParameter", "KeySizeNotSupported"):
            dev.create_rsa_key(new_name("odd"), size=1000)

    def test_refuses_a_type_that_is_none_of_a_vault(self):
        with self.refuses(400, "BadParameter", "KeyTypeNotSupported"):
            dev.create_oct_key(new_name("oct"), hardware_protected=True)

    def test_makes_a_2048_bit_key_with_the_defaults_of_the_service(self):
        name = new_name("plain")
        began = from_now()
        key = dev.create_rsa_key(name)

        self.assertEqual((key.name, key.key_type, len(key.key.n)), (name, "RSA", 256))
        self.assertEqual(key.key.e, b"\1\0\1")
        self.assertEqual(key.key_operations, ALL_OF_RSA)
        properties = key.properties
        self.assertRegex(properties.version, "^[0-9a-f]{32}$")
        self.assertEqual(key.id, f"{dev.vault_url}/keys/{name}/{properties.version}")
        self.assertIs(properties.enabled, True)
        self.assertIsNone(properties.not_before)
        self.assertIsNone(properties.expires_on)
        self.assertTrue(began <= properties.created_on <= from_now(seconds=1))
        self.assertEqual(properties.updated_on, properties.created_on)
        self.assertEqual(properties.recovery_level, "Recoverable+Purgeable")
        self.assertEqual(properties.recoverable_days, 90)
        self.assertIs(properties.exportable, False)

    def test_makes_larger_keys(self):
        self.assertEqual(len(dev.create_rsa_key(new_name("larger"), size=3072).key.n), 384)

    def test_makes_rsa_keys_of_the_hsm_kind(self):
        key = dev.create_rsa_key(new_name("hsm"), hardware_protected=True)

        self.assertEqual(key.key_type, "RSA-HSM")

    def test_keeps_what_it_was_given(self):
        name = new_name("given")
        not_before, expires_on = from_now(hours=-1), from_now(hours=1)
        tags = {"purpose": "a test", "with blank": ""}
        dev.create_key(
            name,
            "RSA",
            key_operations=[KeyOperation.unwrap_key, KeyOperation.wrap_key],
            enabled=False,
            not_before=not_before,
            expires_on=expires_on,
            tags=tags,
        )
        key = dev.get_key(name)

        self.assertEqual(key.key_operations, ["unwrapKey", "wrapKey"])
        self.assertIs(key.properties.enabled, False)
        self.assertEqual(key.properties.not_before, not_before)
        self.assertEqual(key.properties.expires_on, expires_on)
        self.assertEqual(key.properties.tags, tags)


class ASecondVersion(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.name = new_name("versions")
        cls.first = dev.create_rsa_key(cls.name, tags={"number": "1"})
        cls.second = dev.create_rsa_key(cls.name)

    def get_first(self):
        return dev.get_key(self.name, self.first.properties.version)

    def test_is_the_latest_and_inherits_nothing(self):
        latest = dev.get_key(self.name)

        self.assertEqual(latest.id, self.second.id)
        self.assertNotEqual(latest.key.n, self.first.key.n)
        self.assertIsNone(latest.properties.tags)

    def test_leaves_the_first_as_it_was(self):
        self.assertEqual(state_of(self.get_first()), state_of(self.first))

    def test_is_listed_beside_the_first(self):
        listed = [one.id for one in dev.list_properties_of_key_versions(self.name)]

        self.assertCountEqual(listed, [self.first.id, self.second.id])

    def test_is_updated_alone(self):
        tags = {"number": "2"}
        dev.update_key_properties(
            self.name, self.second.properties.version, tags=tags, enabled=False
        )
        updated = dev.get_key(self.name).properties

        self.assertEqual((updated.tags, updated.enabled), (tags, False))
        self.assertEqual(state_of(self.get_first()), state_of(self.first))

    def test_is_not_found_under_a_version_nobody_made(self):
        with self.refuses(404, "KeyNotFound"):
            dev.get_key(self.name, "0" * 32)


class TheListOfKeys(TestCase):
    @classmethod
    def setUpClass(cls):
        prefix = new_name("listed")
        cls.names = [f"{prefix}-{number}" for number in range(1, 6)]
        for name in cls.names:
            dev.create_ec_key(name)

    def ours(self, listed):
        return [one.name for one in listed if one.name in self.names]

    def test_comes_in_pages_that_together_hold_every_key_once(self):
        pages = [list(page) for page in dev.list_properties_of_keys(max_page_size=2).by_page()]

        self.assertGreater(len(pages), 2)
        self.assertLessEqual(max(map(len, pages)), 2)
        self.assertEqual(self.ours(sum(pages, [])), self.names)

    def test_comes_without_a_page_size_too(self):
        self.assertEqual(self.ours(dev.list_properties_of_keys()), self.names)

    def test_of_versions_comes_in_pages(self):
        name = new_name("paged")
        versions = [dev.create_ec_key(name).properties.version for _ in range(3)]
        pages = dev.list_properties_of_key_versions(name, max_page_size=1).by_page()
        listed = [[one.version for one in page] for page in pages]

        self.assertLessEqual(max(map(len, listed)), 1)
        self.assertCountEqual(sum(listed, []), versions)
