# SPDX-License-Identifier: Apache-2.0
"""The templates of the documents, deployed with the management libraries as they are.

What they leave is what the documents say; deployed again they change nothing.
"""

import unittest
import uuid

from azure.core.exceptions import HttpResponseError
from manager import (
    OFFICER,
    PLACE,
    caller,
    deployments,
    grant,
    groups,
    health,
    identities,
    keys_of,
    make_vault,
    roles,
    subscription,
    tenant,
    vaults,
)
from support import TestCase, new_name, rows
from templates import recovery, system_assigned, user_assigned


def letters(prefix):
    return prefix + uuid.uuid4().hex[:12]


class Templates(TestCase):
    def setUp(self):
        self.group = new_name("templates")
        self.scope = f"/subscriptions/{subscription}/resourceGroups/{self.group}"
        groups.resource_groups.create_or_update(self.group, {"location": PLACE})
        self.addCleanup(lambda: groups.resource_groups.begin_delete(self.group).wait())

    def wish(self, template, parameters):
        return {
            "properties": {"mode": "Incremental", "template": template, "parameters": parameters}
        }

    def deploy(self, wish):
        done = deployments.begin_create_or_update(self.group, "one", wish).result()
        self.assertEqual(done.properties.provisioning_state, "Succeeded")
        return done

    def foretell(self, wish):
        """What what-if says of the resources of the template."""
        changes = deployments.begin_what_if(self.group, "one", wish).result().properties.changes
        kinds = {str(getattr(one.change_type, "value", one.change_type)).lower() for one in changes}
        return kinds - {"ignore"}

    def everything(self):
        """What there is in the group, without the deployments."""
        listed = groups.resources.list_by_resource_group(self.group)
        return sorted(one.id for one in listed)


class UserAssigned(Templates):
    def setUp(self):
        super().setUp()
        self.names = {
            "vault": letters("v"),
            "key": "cmk",
            "caretaker": "caretaker",
            "workspace": letters("w"),
            "service": "fhir",
            "grant": "a role",
            "directory": tenant,
            "place": "West US 3",
        }

    def check_vault(self):
        vault = vaults.vaults.get(self.group, self.names["vault"]).properties
        self.assertTrue(vault.enable_purge_protection)
        self.assertTrue(vault.enable_rbac_authorization)
        self.assertEqual((vault.sku.name, vault.access_policies), ("standard", []))

    def check_key(self):
        place = (self.group, self.names["vault"], self.names["key"])
        key = vaults.keys.get(*place)
        self.assertEqual((key.kty, key.key_size, key.curve_name), ("RSA", 2048, None))
        self.assertEqual(sorted(key.key_ops), ["unwrapKey", "wrapKey"])
        self.assertEqual(len(list(vaults.keys.list_versions(*place))), 1)
        return key

    def check_role(self, identity):
        found = roles.role_assignments.list_for_resource_group(self.group)
        ours = [one for one in found if one.principal_id == identity.principal_id]
        self.assertEqual([one.scope for one in ours], [self.scope])
        self.assertTrue(ours[0].role_definition_id.endswith(OFFICER))
        return ours[0].name

    def check_service(self, key, identity):
        names = (self.group, self.names["workspace"], self.names["service"])
        service = health.fhir_services.get(*names)
        encryption = service.encryption.customer_managed_key_encryption
        self.assertEqual(encryption.key_encryption_key_url, key.key_uri_with_version)
        self.assertEqual(
            (service.kind, service.provisioning_state), ("fhir-R4", "Succeeded")
        )
        attached = service.identity.user_assigned_identities
        self.assertEqual(
            [one.principal_id for one in attached.values()], [identity.principal_id]
        )

    def check_state(self):
        """Of everything that the document lists; gives what must stay as it is."""
        self.check_vault()
        key = self.check_key()
        identity = identities.user_assigned_identities.get(self.group, self.names["caretaker"])
        role = self.check_role(identity)
        self.check_service(key, identity)
        return key.key_uri_with_version, identity.principal_id, role, self.everything()

    @rows(*user_assigned())
    def test_leaves_what_the_document_says_and_nothing_else_again(self, document):
        wish = self.wish(document.template(), document.parameters(**self.names))
        deployments.begin_validate(self.group, "one", wish).result()
        self.assertEqual(self.foretell(wish), {"create"})
        self.assertEqual(self.everything(), [])
        done = self.deploy(wish)
        state = self.check_state()
        self.assertEqual(len(done.properties.output_resources), 6)

        self.deploy(wish)
        self.assertEqual(self.check_state(), state)
        self.assertEqual(self.foretell(wish), {"nochange"})


class SystemAssigned(Templates):
    """The service is there and has an identity, which may use the key: then comes the key."""

    def make_service(self, services, more):
        wish = {"location": "West US 3", "identity": {"type": "SystemAssigned"}, **more}
        return services.begin_create_or_update(
            self.group, self.workspace, self.service, wish
        ).result()

    def setUp(self):
        super().setUp()
        self.workspace = letters("w")
        health.workspaces.begin_create_or_update(
            self.group, self.workspace, {"location": "West US 3"}
        ).result()
        self.vault = make_vault(self.group, letters("v"), enablePurgeProtection=True)
        grant(self.vault.id, caller)
        self.key = keys_of(self.vault).create_rsa_key("cmk", size=2048)

    def prepare(self, services, name, more):
        self.service = name
        made = self.make_service(services, more)
        grant(self.vault.id, made.identity.principal_id)

    def url_of(self, services):
        service = services.get(self.group, self.workspace, self.service)
        return service.encryption.customer_managed_key_encryption.key_encryption_key_url

    @rows(*system_assigned())
    def test_gets_the_key(self, document):
        is_fhir = document.name.startswith("documents")
        services = health.fhir_services if is_fhir else health.dicom_services
        name, more = ("fhir", {"kind": "fhir-R4"}) if is_fhir else ("images", {})
        self.prepare(services, name, more)
        parameters = document.parameters(
            workspace=self.workspace,
            service=self.service if is_fhir else self.workspace,
            keyUrl=self.key.id,
            place="West US 3",
            region="West US 3",
        )
        wish = self.wish(document.template(), parameters)
        self.assertEqual(self.foretell(wish), {"modify"})
        self.deploy(wish)
        self.assertEqual(self.url_of(services), self.key.id)
        self.deploy(wish)
        self.assertEqual(self.foretell(wish), {"nochange"})

    def test_recovers_by_the_other_document(self):
        template = recovery({"type": "SystemAssigned"}, {})
        if template is None:
            self.skipTest("the documents are not here")
        self.prepare(health.dicom_services, "images", {})
        values = {
            "name": f"{self.workspace}/{self.service}",
            "location": "West US 3",
            "tags": {"recovered": "yes"},
        }
        wish = self.wish(template, {name: {"value": value} for name, value in values.items()})
        self.deploy(wish)
        service = health.dicom_services.get(self.group, self.workspace, self.service)
        self.assertEqual(service.tags, {"recovered": "yes"})
        self.deploy(wish)
        self.assertEqual(self.foretell(wish), {"nochange"})


class Refusals(Templates):
    def test_say_where_a_template_is_wrong(self):
        wish = self.wish({"resources": []}, {})
        with self.assertRaises(HttpResponseError) as raised:
            deployments.begin_create_or_update(self.group, "one", wish).result()
        self.assertEqual(raised.exception.error.code, "InvalidTemplate")


if __name__ == "__main__":
    unittest.main()
