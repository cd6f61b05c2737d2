# SPDX-License-Identifier: Apache-2.0
"""Pollers, with a server that takes its time."""

from support import TestCase, advance, dev, new_name

LAG = 60


class WhatTakesItsTime(TestCase):
    def setUp(self):
        self.name = dev.create_ec_key(new_name("pending")).name

    def wait_for(self, poller):
        """The poller must wait, and come to an end when its time has come."""
        poller.wait(0.01)
        self.assertFalse(poller.done())
        advance(LAG)
        poller.wait()
        self.assertTrue(poller.done())
        return poller.result()

    def test_is_a_deletion(self):
        poller = dev.begin_delete_key(self.name)

        with self.refuses(404, "KeyNotFound"):
            dev.get_deleted_key(self.name)
        with self.refuses(409, "Conflict", "ObjectIsBeingDeleted"):
            dev.create_ec_key(self.name)
        with self.refuses(409, "Conflict", "ObjectIsBeingDeleted"):
            dev.purge_deleted_key(self.name)
        deleted = self.wait_for(poller)
        self.assertEqual(dev.get_deleted_key(self.name).id, deleted.id)

    def test_is_a_recovery(self):
        dev.begin_delete_key(self.name)
        advance(LAG)
        poller = dev.begin_recover_deleted_key(self.name)

        with self.refuses(404, "KeyNotFound"):
            dev.get_key(self.name)
        with self.refuses(409, "Conflict", "ObjectIsBeingRecovered"):
            dev.create_ec_key(self.name)
        recovered = self.wait_for(poller)
        self.assertEqual(dev.get_key(self.name).id, recovered.id)
