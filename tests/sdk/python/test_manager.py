# SPDX-License-Identifier: Apache-2.0
"""What operators do with the management libraries, and that the data plane's next request sees it."""

import unittest
import uuid

from azure.core.exceptions import HttpResponseError, ServiceRequestError
from manager import (
    OFFICER,
    PLACE,
    caller,
    grant,
    groups,
    health,
    identities,
    keys_of,
    make_vault,
    role_id,
    roles,
    subscription,
    vaults,
)
from support import TestCase, new_name


def short_name(prefix):
    """A vault's name has 24 letters at most."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


class Managed(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.group = new_name("group")
        groups.resource_groups.create_or_update(cls.group, {"location": PLACE, "tags": {"a": "b"}})

    @classmethod
    def tearDownClass(cls):
        groups.resource_groups.begin_delete(cls.group).wait()

    def make_vault(self, **properties):
        name = short_name("v")
        return make_vault(self.group, name, **properties)

    def patch(self, vault, **properties):
        return vaults.vaults.update(self.group, vault.name, {"properties": properties})


class Groups(Managed):
    def test_are_refused_by_name_when_they_are_not_there(self):
        with self.assertRaises(HttpResponseError) as raised:
            groups.resource_groups.get("nobody")
        self.assertEqual(raised.exception.status_code, 404)
        self.assertEqual(raised.exception.error.code, "ResourceGroupNotFound")
        self.assertFalse(groups.resource_groups.check_existence("nobody"))

    def test_are_listed_with_what_they_hold(self):
        self.assertTrue(groups.resource_groups.check_existence(self.group))
        vault = self.make_vault()
        found = {one.name: one for one in groups.resource_groups.list()}
        held = [one.id for one in groups.resources.list_by_resource_group(self.group)]

        self.assertEqual(found[self.group].tags, {"a": "b"})
        self.assertIn(vault.id, held)

    def test_take_what_they_hold_with_them(self):
        group = new_name("short")
        groups.resource_groups.create_or_update(group, {"location": PLACE})
        vault = make_vault(group, short_name("gone"))
        groups.resource_groups.begin_delete(group).wait()

        self.assertFalse(groups.resource_groups.check_existence(group))
        deleted = vaults.vaults.get_deleted(vault.name, PLACE)
        self.assertEqual(deleted.properties.vault_id, vault.id)


class Vaults(Managed):
    def test_have_names_that_somebody_else_has_not(self):
        vault = self.make_vault()
        asked = {"name": vault.name, "type": "Microsoft.KeyVault/vaults"}
        answer = vaults.vaults.check_name_availability(asked)

        self.assertEqual((answer.name_available, answer.reason), (False, "AlreadyExists"))

    def test_are_changed_and_listed(self):
        vault = self.make_vault()
        vaults.vaults.update(self.group, vault.name, {"tags": {"team": "x"}})
        got = vaults.vaults.get(self.group, vault.name)
        listed = vaults.vaults.list_by_resource_group(self.group)

        self.assertEqual(got.tags, {"team": "x"})
        self.assertIn(vault.id, [one.id for one in listed])
        self.assertIn(vault.id, [one.id for one in vaults.vaults.list_by_subscription()])

    def test_give_and_take_permissions(self):
        vault = self.make_vault(enableRbacAuthorization=False)
        keys = keys_of(vault)
        policy = {
            "tenantId": vault.properties.tenant_id,
            "objectId": caller,
            "permissions": {"keys": ["create", "get"]},
        }
        wish = {"properties": {"accessPolicies": [policy]}}
        with self.refuses(403, "Forbidden", "AccessDenied"):
            keys.create_ec_key("k")
        vaults.vaults.update_access_policy(self.group, vault.name, "add", wish)
        keys.create_ec_key("k")
        vaults.vaults.update_access_policy(self.group, vault.name, "remove", wish)
        with self.refuses(403, "Forbidden", "AccessDenied"):
            keys.get_key("k")

    def test_have_keys_that_both_planes_see(self):
        vault = self.make_vault()
        grant(vault.id, caller)
        wish = {"properties": {"kty": "RSA", "keySize": 2048, "keyOps": ["wrapKey", "unwrapKey"]}}
        made = vaults.keys.create_if_not_exist(self.group, vault.name, "k", wish)
        again = vaults.keys.create_if_not_exist(self.group, vault.name, "k", wish)
        key = keys_of(vault).get_key("k")

        self.assertEqual(key.id, made.key_uri_with_version)
        self.assertEqual(again.key_uri_with_version, made.key_uri_with_version)
        self.assertEqual(sorted(key.key_operations), ["unwrapKey", "wrapKey"])
        newer = keys_of(vault).rotate_key("k")
        versions = vaults.keys.list_versions(self.group, vault.name, "k")
        self.assertEqual({one.key_uri_with_version for one in versions}, {key.id, newer.id})

    def test_are_deleted_recovered_and_purged(self):
        vault = self.make_vault()
        grant(vault.id, caller)
        keys = keys_of(vault)
        kid = keys.create_ec_key("k").id
        vaults.vaults.delete(self.group, vault.name)
        with self.assertRaises((HttpResponseError, ServiceRequestError)):
            keys.get_key("k")
        self.assertIn(vault.name, [one.name for one in vaults.vaults.list_deleted()])

        make_vault(self.group, vault.name, createMode="recover")
        self.assertEqual(keys.get_key("k").id, kid)

        vaults.vaults.delete(self.group, vault.name)
        vaults.vaults.begin_purge_deleted(vault.name, PLACE).wait()
        self.assertNotIn(vault.name, [one.name for one in vaults.vaults.list_deleted()])

    def test_close_for_the_next_request_of_the_data_plane(self):
        vault = self.make_vault()
        grant(vault.id, caller)
        keys = keys_of(vault)
        keys.create_ec_key("k")
        self.patch(vault, networkAcls={"defaultAction": "Deny", "bypass": "None"})
        with self.refuses(403, "Forbidden", "ForbiddenByFirewall"):
            keys.get_key("k")
        self.patch(vault, networkAcls={"defaultAction": "Allow"})
        keys.get_key("k")
        self.patch(vault, publicNetworkAccess="Disabled")
        with self.refuses(403, "Forbidden", "ForbiddenByConnection"):
            keys.get_key("k")


class Roles(Managed):
    def test_are_found_by_their_names(self):
        scope = f"/subscriptions/{subscription}"
        found = roles.role_definitions.list(scope, filter="roleName eq 'Key Vault Crypto Officer'")

        self.assertEqual([one.id for one in found], [role_id(OFFICER)])

    def test_removed_count_for_the_next_request_of_the_data_plane(self):
        vault = self.make_vault()
        keys = keys_of(vault)
        with self.refuses(403, "Forbidden", "ForbiddenByRbac"):
            keys.create_ec_key("k")
        made = grant(f"/subscriptions/{subscription}/resourceGroups/{self.group}", caller)
        keys.create_ec_key("k")
        listed = roles.role_assignments.list_for_scope(vault.id, filter="atScope()")
        self.assertIn(made.id, [one.id for one in listed])
        roles.role_assignments.delete_by_id(made.id)
        with self.refuses(403, "Forbidden", "ForbiddenByRbac"):
            keys.get_key("k")

    def test_given_twice_exist_already(self):
        vault = self.make_vault()
        grant(vault.id, caller)
        with self.assertRaises(HttpResponseError) as raised:
            grant(vault.id, caller)
        self.assertEqual(raised.exception.error.code, "RoleAssignmentExists")


class Identities(Managed):
    def test_are_made_found_and_deleted(self):
        name = new_name("who")
        made = identities.user_assigned_identities.create_or_update(
            self.group, name, {"location": PLACE}
        )
        listed = identities.user_assigned_identities.list_by_resource_group(self.group)

        self.assertIn(made.principal_id, [one.principal_id for one in listed])
        identities.user_assigned_identities.delete(self.group, name)
        with self.assertRaises(HttpResponseError) as raised:
            identities.user_assigned_identities.get(self.group, name)
        self.assertEqual(raised.exception.status_code, 404)

    def test_trust_the_tokens_of_others(self):
        name = new_name("who")
        identities.user_assigned_identities.create_or_update(self.group, name, {"location": PLACE})
        wish = {
            "issuer": "https://issuer.example",
            "subject": "somebody",
            "audiences": ["api://AzureADTokenExchange"],
        }
        federated = identities.federated_identity_credentials
        federated.create_or_update(self.group, name, "f", wish)
        listed = federated.list(self.group, name)

        self.assertEqual([(one.name, one.subject) for one in listed], [("f", "somebody")])


class Services(Managed):
    def test_refuse_a_key_that_they_may_not_use(self):
        workspace = f"w{uuid.uuid4().hex[:10]}"
        health.workspaces.begin_create_or_update(
            self.group, workspace, {"location": PLACE}
        ).result()
        vault = self.make_vault(enablePurgeProtection=True)
        wish = {"properties": {"kty": "RSA", "keySize": 2048}}
        key = vaults.keys.create_if_not_exist(self.group, vault.name, "k", wish)
        with self.assertRaises(HttpResponseError) as raised:
            health.fhir_services.begin_create_or_update(
                self.group,
                workspace,
                "fhir",
                {
                    "location": PLACE,
                    "kind": "fhir-R4",
                    "identity": {"type": "SystemAssigned"},
                    "properties": {
                        "encryption": {
                            "customerManagedKeyEncryption": {
                                "keyEncryptionKeyUrl": key.key_uri_with_version
                            }
                        }
                    },
                },
            ).result()
        self.assertIn("ForbiddenByRbac", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
