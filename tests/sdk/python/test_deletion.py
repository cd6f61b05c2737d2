# SPDX-License-Identifier: Apache-2.0
"""Delete, recover, purge, and a vault that protects from it."""

from datetime import timedelta

from azure.keyvault.keys.crypto import KeyWrapAlgorithm

from support import (
    TestCase,
    crypto_of,
    delete,
    dev,
    locked,
    new_data_key,
    new_name,
    recover,
    state_of,
)

ALGORITHM = KeyWrapAlgorithm.rsa_oaep_256


class ADeletedKey(TestCase):
    def setUp(self):
        self.name = new_name("deleted")
        self.first = dev.create_ec_key(self.name, tags={"kept": "yes"})
        self.second = dev.create_ec_key(self.name, enabled=False)
        self.deleted = delete(dev, self.name)

    def test_says_until_when_it_can_be_recovered(self):
        kept = self.deleted.scheduled_purge_date - self.deleted.deleted_date

        self.assertEqual(self.deleted.id, self.second.id)
        self.assertEqual(self.deleted.recovery_id, f"{dev.vault_url}/deletedkeys/{self.name}")
        self.assertEqual(kept, timedelta(days=90))

    def test_is_shown_among_the_deleted(self):
        shown = dev.get_deleted_key(self.name)

        self.assertEqual(state_of(shown), state_of(self.deleted))
        self.assertEqual(shown.deleted_date, self.deleted.deleted_date)

    def test_is_not_found_any_more(self):
        with self.refuses(404, "KeyNotFound"):
            dev.get_key(self.name)

    def test_has_no_versions(self):
        self.assertEqual(list(dev.list_properties_of_key_versions(self.name)), [])

    def test_cannot_be_deleted_again(self):
        with self.refuses(404, "KeyNotFound"):
            dev.begin_delete_key(self.name)

    def test_keeps_its_name(self):
        with self.refuses(409, "Conflict", "ObjectIsDeletedButRecoverable"):
            dev.create_ec_key(self.name)


class ARecoveredKey(TestCase):
    def test_is_as_it_was(self):
        name = new_name("recovered")
        first = dev.create_ec_key(name, tags={"kept": "yes"})
        second = dev.create_ec_key(name, enabled=False)
        delete(dev, name)
        recovered = recover(dev, name)

        self.assertEqual(state_of(recovered), state_of(second))
        self.assertEqual(state_of(dev.get_key(name)), state_of(second))
        self.assertEqual(state_of(dev.get_key(name, first.properties.version)), state_of(first))
        with self.refuses(404, "KeyNotFound"):
            dev.get_deleted_key(name)

    def test_unwraps_again_what_it_did_not_unwrap_while_it_was_deleted(self):
        name = new_name("unwraps")
        crypto = crypto_of(dev.create_rsa_key(name))
        data_key = new_data_key()
        wrapped = crypto.wrap_key(ALGORITHM, data_key).encrypted_key
        delete(dev, name)

        with self.refuses(404, "KeyNotFound"):
            crypto.unwrap_key(ALGORITHM, wrapped)
        recover(dev, name)
        self.assertEqual(crypto.unwrap_key(ALGORITHM, wrapped).key, data_key)


class ANameThatIsNotAmongTheDeleted(TestCase):
    missing = new_name("missing")

    def test_is_not_shown(self):
        with self.refuses(404, "KeyNotFound"):
            dev.get_deleted_key(self.missing)

    def test_cannot_be_recovered(self):
        with self.refuses(404, "KeyNotFound"):
            dev.begin_recover_deleted_key(self.missing)

    def test_cannot_be_purged(self):
        with self.refuses(404, "KeyNotFound"):
            dev.purge_deleted_key(self.missing)


class APurgedKey(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.name = new_name("purged")
        cls.key = dev.create_ec_key(cls.name)
        delete(dev, cls.name)
        dev.purge_deleted_key(cls.name)

    def test_is_not_found_among_the_deleted(self):
        with self.refuses(404, "KeyNotFound"):
            dev.get_deleted_key(self.name)

    def test_cannot_be_recovered(self):
        with self.refuses(404, "KeyNotFound"):
            dev.begin_recover_deleted_key(self.name)

    def test_leaves_its_name_to_another(self):
        other = dev.create_ec_key(self.name)
        listed = [one.id for one in dev.list_properties_of_key_versions(self.name)]

        self.assertEqual(listed, [other.id])
        self.assertNotEqual(other.id, self.key.id)
        delete(dev, self.name)
        dev.purge_deleted_key(self.name)


class AVaultWithPurgeProtection(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.name = new_name("protected")
        locked.create_ec_key(cls.name)
        delete(locked, cls.name)

    def test_shows_it_in_the_recovery_level(self):
        properties = locked.get_deleted_key(self.name).properties

        self.assertEqual(properties.recovery_level, "Recoverable")

    def test_does_not_purge(self):
        with self.refuses(403, "Forbidden"):
            locked.purge_deleted_key(self.name)

    def test_recovers(self):
        name = new_name("saved")
        key = locked.create_ec_key(name)
        delete(locked, name)
        recover(locked, name)

        self.assertEqual(state_of(locked.get_key(name)), state_of(key))


class TheListOfDeletedKeys(TestCase):
    def test_comes_in_pages_that_together_hold_every_key_once(self):
        names = sorted(new_name("gone") for _ in range(3))
        for name in names:
            dev.create_ec_key(name)
            delete(dev, name)
        pages = [list(page) for page in dev.list_deleted_keys(max_page_size=1).by_page()]
        listed = [one.name for page in pages for one in page]

        self.assertLessEqual(max(map(len, pages)), 1)
        self.assertEqual([name for name in listed if name in names], names)
