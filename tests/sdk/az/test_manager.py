# SPDX-License-Identifier: Apache-2.0
"""az as operators of vaults use it: what it does to one is seen by its next request for a key."""

import base64
import json
import tempfile
import unittest
import uuid

from azure_cli import CLIENT, TENANT, AzureCli, login, new_name
from templates import recovery, system_assigned, user_assigned
from test_az import APP_SERVICE, register

OFFICER = "Key Vault Crypto Officer"
PLACE = "westus3"


def letters(prefix):
    """A vault's name has 24 letters at most."""
    return prefix + uuid.uuid4().hex[:12]


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def values_of(document, **values):
    """As az takes them."""
    found = document.parameters(**values)
    return [f"{name}={one['value']}" for name, one in found.items()]


class Operator(unittest.TestCase):
    """One who logged in once, and has a group for each class."""

    @classmethod
    def setUpClass(cls):
        cls.az = AzureCli(**APP_SERVICE)
        cls.addClassCleanup(cls.az.close)
        register(cls.az)
        cls.az("login", "--identity")
        cls.me = claims(cls.az("account", "get-access-token")["accessToken"])
        cls.group = new_name("group")
        made = cls.az("group", "create", "-n", cls.group, "-l", PLACE)
        cls.scope = made["id"]

    @classmethod
    def tearDownClass(cls):
        cls.az("group", "delete", "-n", cls.group, "--yes")

    def refused(self, words, *command):
        done = self.az.run(*command)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(words, done.stderr)

    def in_group(self, *words):
        return self.az(*words, "-g", self.group)

    def make_vault(self, *words):
        name = letters("v")
        self.in_group("keyvault", "create", "-n", name, "-l", PLACE, *words)
        return name

    def grant(self, scope, *whom, role=OFFICER):
        way = ("role", "assignment", "create", "--role", role, "--scope", scope)
        return self.az(*way, *whom)


class Vaults(Operator):
    def test_live_and_are_seen_by_the_data_plane(self):
        vault = self.make_vault("--enable-rbac-authorization", "true")
        self.grant(self.scope, "--assignee", self.me["oid"])
        name = ("--vault-name", vault, "-n", "k")
        kid = self.az("keyvault", "key", "create", *name, "--kty", "EC")["key"]["kid"]

        closed = ("keyvault", "update", "-n", vault, "--default-action", "Deny", "--bypass", "None")
        self.in_group(*closed)
        self.refused("ForbiddenByFirewall", "keyvault", "key", "show", *name)
        rule = ("keyvault", "network-rule")
        self.in_group(*rule, "add", "-n", vault, "--ip-address", "127.0.0.1/32")
        rules = self.in_group(*rule, "list", "-n", vault)
        self.assertEqual([one["value"] for one in rules["ipRules"]], ["127.0.0.1/32"])
        self.in_group("keyvault", "update", "-n", vault, "--default-action", "Allow")

        self.in_group("keyvault", "delete", "-n", vault)
        self.assertNotEqual(self.az.run("keyvault", "key", "show", *name).returncode, 0)
        deleted = self.az("keyvault", "list-deleted", "--resource-type", "vault")
        self.assertIn(vault, [one["name"] for one in deleted])
        self.az("keyvault", "recover", "-n", vault, "-l", PLACE)
        self.assertEqual(self.az("keyvault", "key", "show", *name)["key"]["kid"], kid)
        self.in_group("keyvault", "delete", "-n", vault)
        self.az("keyvault", "purge", "-n", vault, "-l", PLACE)
        self.refused("DeletedVaultNotFound", "keyvault", "show-deleted", "-n", vault, "-l", PLACE)

    def test_give_and_take_permissions(self):
        vault = self.make_vault("--enable-rbac-authorization", "false", "--no-self-perms")
        name = ("--vault-name", vault, "-n", "k")
        self.refused("AccessDenied", "keyvault", "key", "create", *name, "--kty", "EC")
        whom = ("-n", vault, "--object-id", self.me["oid"])
        self.in_group("keyvault", "set-policy", *whom, "--key-permissions", "create", "get")
        self.az("keyvault", "key", "create", *name, "--kty", "EC")
        self.in_group("keyvault", "delete-policy", *whom)
        self.refused("AccessDenied", "keyvault", "key", "show", *name)


class Roles(Operator):
    def test_given_and_taken_count_for_the_next_request(self):
        vault = self.make_vault("--enable-rbac-authorization", "true")
        name = ("--vault-name", vault, "-n", "k")
        self.refused("ForbiddenByRbac", "keyvault", "key", "create", *name, "--kty", "EC")
        whom = ("--assignee", self.me["appid"])
        made = self.grant(self.scope, *whom)
        self.az("keyvault", "key", "create", *name, "--kty", "EC")
        listed = self.az("role", "assignment", "list", "-g", self.group)
        named = [(one["id"], one["roleDefinitionName"]) for one in listed]
        self.assertIn((made["id"], OFFICER), named)
        self.az("role", "assignment", "delete", "--ids", made["id"])
        self.refused("ForbiddenByRbac", "keyvault", "key", "show", *name)

    def test_are_for_identities_that_were_just_made(self):
        who = self.in_group("identity", "create", "-n", new_name("who"), "-l", PLACE)
        by_id = self.grant(self.scope, "--assignee", who["clientId"], role="Reader")

        self.assertEqual(by_id["principalId"], who["principalId"])
        self.assertEqual(by_id["principalType"], "ServicePrincipal")
        way = ("role", "assignment", "create", "--role", "Reader", "--scope", self.scope)
        self.refused("Cannot find user or service principal", *way, "--assignee", "nobody")

    def test_of_the_plane_itself_are_heeded(self):
        robot = AzureCli()
        self.addCleanup(robot.close)
        register(robot)
        robot.log_in("-p", login("secret", "AZURE_CLIENT_SECRET"))
        done = robot.run("group", "show", "-n", self.group)
        self.assertIn("AuthorizationFailed", done.stderr)
        self.grant(self.scope, "--assignee", CLIENT, role="Reader")
        self.assertEqual(robot("group", "show", "-n", self.group)["id"], self.scope)
        done = robot.run("group", "delete", "-n", self.group, "--yes")
        self.assertIn("AuthorizationFailed", done.stderr)


class Templates(Operator):
    def setUp(self):
        self.choose_names()

    def choose_names(self):
        """Of things that are not there yet."""
        self.names = {
            "vault": letters("v"),
            "key": "cmk",
            "caretaker": letters("who"),
            "workspace": letters("w"),
            "service": "fhir",
            "grant": letters("a role "),
            "directory": TENANT,
            "place": "West US 3",
            "region": "West US 3",
        }

    def deployment(self, verb, document, *words):
        way = ("deployment", "group", verb, "-f", str(document.path), *words)
        return self.in_group(*way, "-p", *values_of(document, **self.names))

    def foretell(self, document):
        """What what-if says of the resources of the template."""
        told = self.deployment("what-if", document, "--no-pretty-print")
        kinds = [one["changeType"] for one in told["changes"]]
        return [kind for kind in kinds if kind != "Ignore"]

    def test_deploy_all_that_a_service_needs_and_nothing_again(self):
        for document in user_assigned():
            with self.subTest(document.name):
                self.choose_names()
                self.deployment("validate", document)
                self.assertEqual(self.foretell(document), ["Create"] * 6)
                done = self.deployment("create", document)
                self.assertEqual(done["properties"]["provisioningState"], "Succeeded")
                self.check_vault()
                self.check_role()
                self.check_service()
                self.deployment("create", document)
                self.assertEqual(self.foretell(document), ["NoChange"] * 6)

    def check_vault(self):
        vault = self.in_group("keyvault", "show", "-n", self.names["vault"])["properties"]
        self.assertTrue(vault["enablePurgeProtection"])
        self.assertTrue(vault["enableRbacAuthorization"])

    def check_role(self):
        who = self.in_group("identity", "show", "-n", self.names["caretaker"])["principalId"]
        found = self.az("role", "assignment", "list", "-g", self.group)
        ours = [one["roleDefinitionName"] for one in found if one["principalId"] == who]
        self.assertEqual(ours, [OFFICER])

    def check_service(self):
        names = f"{self.names['workspace']}/fhirservices/{self.names['service']}"
        url = f"{self.scope}/providers/Microsoft.HealthcareApis/workspaces/{names}"
        service = self.az("resource", "show", "--ids", url, "--api-version", "2023-06-01-preview")
        properties = service["properties"]
        encryption = properties["encryption"]["customerManagedKeyEncryption"]
        self.assertIn(f"/keys/{self.names['key']}/", encryption["keyEncryptionKeyUrl"])
        self.assertEqual(service["kind"], "fhir-R4")
        self.assertEqual(properties["provisioningState"], "Succeeded")

    def make_service(self, document):
        """With an identity, and no key yet; gives the identity."""
        is_fhir = document.name.startswith("documents")
        kind, name = ("fhirservices", "fhir") if is_fhir else ("dicomservices", "images")
        workspace = self.names["workspace"]
        self.names["service"] = name if is_fhir else workspace
        url = f"{self.scope}/providers/Microsoft.HealthcareApis/workspaces/{workspace}"
        version = "api-version=2023-11-01"
        way = ("rest", "--method", "put", "--url")
        self.az(*way, f"{url}?{version}", "--body", json.dumps({"location": PLACE}))
        wish = {"location": PLACE, "identity": {"type": "SystemAssigned"}, "properties": {}}
        wish.update({"kind": "fhir-R4"} if is_fhir else {})
        made = self.az(*way, f"{url}/{kind}/{name}?{version}", "--body", json.dumps(wish))
        return made["identity"]["principalId"]

    def test_recover_a_service_as_the_page_has_it(self):
        template = recovery({"type": "SystemAssigned"}, {})
        if template is None:
            self.skipTest("the documents are not here")
        workspace = self.names["workspace"]
        url = f"{self.scope}/providers/Microsoft.HealthcareApis/workspaces/{workspace}"
        way = ("rest", "--method", "put", "--url", f"{url}?api-version=2023-11-01")
        self.az(*way, "--body", json.dumps({"location": PLACE}))
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(template, file)
            file.flush()
            values = [f"name={workspace}/images", "location=West US 3", 'tags={"recovered":"yes"}']
            for _ in range(2):
                done = self.in_group("deployment", "group", "create", "-f", file.name, "-p", *values)
                self.assertEqual(done["properties"]["provisioningState"], "Succeeded")

    def test_give_a_key_to_a_service_that_is_there(self):
        vault = self.make_vault("--enable-purge-protection", "true")
        scope = self.in_group("keyvault", "show", "-n", vault)["id"]
        self.grant(scope, "--assignee", self.me["appid"])
        name = ("--vault-name", vault, "-n", "k")
        key = self.az("keyvault", "key", "create", *name, "--kty", "RSA")
        for document in system_assigned():
            with self.subTest(document.name):
                self.choose_names()
                self.names["keyUrl"] = key["key"]["kid"]
                whom = ("--assignee-object-id", self.make_service(document))
                self.grant(scope, *whom, "--assignee-principal-type", "ServicePrincipal")
                self.deployment("create", document)
                self.assertEqual(self.foretell(document), ["NoChange"])
