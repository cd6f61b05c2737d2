# SPDX-License-Identifier: Apache-2.0
"""Real answers against the document: one success of every operation at least.

STEPS is a walk, in order: an operation, what its path and query have, what is sent. A result that
later steps need is kept by name. An operation without a step is a failure that says so.
"""

import json
import ssl
import subprocess
import urllib.error
import urllib.request
from urllib.parse import quote, urlencode

import jsonschema
import pytest
from daemon import running

SOMEBODY = "11111111-1111-4111-8111-111111111111"
ROLE = "22222222-2222-4222-8222-222222222222"
VAULT = {"name": "walk"}
VERSION = "0123456789abcdef0123456789abcdef"
KEY = {"name": "dev", "key": "cmk"}
SEED = {
    "vaults": [{"name": "dev", "policies": [{"principal": SOMEBODY, "permissions": ["get"]}]}],
    "roles": [{"name": "Reader of Seeds", "data_actions": ["Microsoft.KeyVault/vaults/keys/read"]}],
    "keys": [{"vault": "dev", "name": "cmk", "versions": [{"version": VERSION, "kty": "EC", "crv": "P-256", "generate": True}]}],
}
ROLE_GRANT = {"principal": SOMEBODY, "role": "key-vault-crypto-user"}

# operationId, members of path and query, body (None: none), {name of a kept result: member of the answer}
STEPS = (
    ("getReady", {}, None, {}),
    ("getHealth", {}, None, {}),
    ("getMetrics", {}, None, {}),
    ("getCertificate", {}, None, {}),
    ("getTrustStore", {}, None, {}),
    ("getJavaTrustStore", {}, None, {}),
    ("attest", {}, None, {}),
    ("getAttestationAuthority", {}, None, {}),
    ("getAttestationKeys", {}, None, {}),
    ("getOpenApi", {}, None, {}),
    ("getInfo", {}, None, {}),
    ("getPage", {}, None, {}),
    ("headPage", {}, None, {}),
    ("getPagePart", {"part": "page.css"}, None, {}),
    ("getPagePart", {"part": "main.js"}, None, {}),
    ("getPagePart", {"part": "icon.svg"}, None, {}),
    ("headPagePart", {"part": "page.css"}, None, {}),
    ("getHsm", {}, None, {}),
    ("addHsmFault", {}, {"id": "lame", "kind": "slow", "delay": 1, "functions": ["C_Sign"], "for": "PT1H", "ttl": 60}, {}),
    ("listHsmFaults", {}, None, {}),
    ("getHsmFault", {"id": "lame"}, None, {}),
    ("removeHsmFault", {"id": "lame"}, None, {}),
    ("clearHsmFaults", {"kind": "slow"}, None, {}),
    ("getClock", {}, None, {}),
    ("changeClock", {}, {"frozen": True}, {}),
    ("setClock", {}, {"mode": "scaled", "rate": 2}, {}),
    ("setClock", {}, {"mode": "system"}, {}),
    ("createVault", VAULT, {"access": "rbac", "retention": 7}, {}),
    ("createVault", VAULT, None, {}),
    ("changeVault", VAULT, {"access": "policy"}, {}),
    ("getVault", VAULT, None, {}),
    ("listVaults", {}, None, {}),
    ("setPolicy", VAULT | {"principal": SOMEBODY}, {"permissions": ["get", "wrapKey"]}, {}),
    ("assignRole", VAULT, ROLE_GRANT, {"assignment": "name"}),
    ("getAccess", VAULT, None, {}),
    ("removeAssignment", VAULT | {"assignment": "{assignment}"}, None, {}),
    ("assignRole", VAULT, ROLE_GRANT | {"deny": True}, {}),
    ("withdrawRole", VAULT, ROLE_GRANT | {"deny": True}, {}),
    ("removePolicy", VAULT | {"principal": SOMEBODY}, None, {}),
    ("getNetwork", VAULT, None, {}),
    ("setNetwork", VAULT, {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.7"}]}, {}),
    ("changeNetwork", VAULT, {"bypass": "None"}, {}),
    ("allowRanges", VAULT, {"ipRules": [{"value": "198.51.100.0/24"}]}, {}),
    ("removeRanges", VAULT, {"ipRules": [{"value": "198.51.100.0/24"}]}, {}),
    ("explain", VAULT | {"operation": "wrapKey", "key": "cmk", "address": "127.0.0.1"}, None, {}),
    ("deleteVault", VAULT, None, {}),
    ("recoverVault", VAULT, {}, {}),
    ("deleteVault", VAULT, None, {}),
    ("getVault", VAULT, None, {}),
    ("advanceClock", {}, {"by": 60, "tokens": "age"}, {}),
    ("runClockToNextEvent", {}, {}, {}),
    ("changeClock", {}, {"reset": True}, {}),
    ("createVault", VAULT, {}, {}),
    ("deleteVault", VAULT, None, {}),
    ("purgeVault", VAULT, {}, {}),
    ("setRole", {"role": ROLE}, {"name": "Walkers", "data_actions": ["Microsoft.KeyVault/vaults/keys/read"]}, {}),
    ("getRole", {"role": ROLE}, None, {}),
    ("removeRole", {"role": ROLE}, None, {}),
    ("getIdentityIds", {"name": "walker"}, None, {}),
    ("createIdentity", {"name": "walker"}, {"type": "application"}, {}),
    ("createIdentity", {"name": "walkers"}, {"type": "group"}, {}),
    ("changeIdentity", {"name": "walker"}, {"trusted": True}, {}),
    ("addMember", {"name": "walkers"}, {"member": "walker"}, {}),
    ("getIdentity", {"name": "walkers"}, None, {}),
    ("removeMember", {"name": "walkers", "member": "walker"}, None, {}),
    ("addSecret", {"name": "walker"}, {"label": "one", "lifetime": 60}, {"secret": "id"}),
    ("addCertificate", {"name": "walker"}, {"pem": "{certificate}"}, {"certificate_id": "id"}),
    ("addFederatedCredential", {"name": "walker"}, {"issuer": "https://issuer.example/", "subject": "somebody"}, {"federated": "id"}),
    ("getIdentity", {"name": "walker"}, None, {}),
    ("removeSecret", {"name": "walker", "credential": "{secret}"}, None, {}),
    ("removeCertificate", {"name": "walker", "credential": "{certificate_id}"}, None, {}),
    ("removeFederatedCredential", {"name": "walker", "credential": "{federated}"}, None, {}),
    ("getToken", {"name": "walker", "resource": "https://vault.azure.net"}, None, {"token": "access_token"}),
    ("explainToken", {"name": "dev"}, {"operation": "wrapKey", "key": "cmk", "token": "{token}"}, {}),
    ("explainToken", {"name": "dev"}, {"operation": "list", "token": "none", "identity": None}, {}),
    ("getFederatedToken", {"name": "walker"}, None, {}),
    ("disableIdentity", {"name": "walker"}, {}, {}),
    ("enableIdentity", {"name": "walker"}, {}, {}),
    ("revokeIdentity", {"name": "walker"}, {}, {}),
    ("recreateIdentity", {"name": "walker"}, {}, {}),
    ("listIdentities", {}, None, {}),
    ("deleteIdentity", {"name": "walker"}, None, {}),
    ("addFaults", {}, {"id": "busy", "match": {"vault": "dev", "header": {"User-Agent": "*"}}, "when": {"skip": 1, "for": "PT1H"}, "ttl": 60, "effect": {"status": 429, "retry_after": 1, "delay": {"uniform": {"lower": 1, "upper": 2}}}}, {}),
    ("addFaults", {}, {"rules": [{"effect": {}}, {"effect": {"error": "INTERNAL"}, "comment": "two"}]}, {}),
    ("listFaults", {}, None, {}),
    ("getFault", {"id": "busy"}, None, {}),
    ("changeFault", {"id": "busy"}, {"enabled": False, "ttl": None}, {}),
    ("removeFault", {"id": "busy"}, None, {}),
    ("clearFaults", {}, None, {}),
    ("listRequests", {"limit": 5, "kind": "token", "api_version": "*"}, None, {}),
    ("listRequests", {"format": "jsonl"}, None, {}),
    ("listRequests", {"format": "har"}, None, {}),
    ("listRetries", {"vault": "dev"}, None, {}),
    ("waitForRequests", {}, {"filter": {"kind": ["token"]}, "count": 1, "timeout": 0}, {}),
    ("expectRequests", {}, {"filter": {"status": [403, "5xx"]}, "min": 1}, {}),
    ("clearRequests", {"vault": "dev"}, None, {}),
    ("getExternalKeyManager", {}, None, {}),
    ("connectExternalKeyManager", {}, {"connected": True}, {}),
    ("makeExternalKey", {}, {"id": "walk", "kty": "RSA-HSM"}, {}),
    ("listScenarios", {}, None, {}),
    ("applyScenario", {"name": "throttled"}, {"vault": "dev", "times": 1}, {}),
    ("getScenario", {"name": "throttled"}, None, {}),
    ("revertScenario", {"name": "throttled"}, {}, {}),
    ("getStateDigest", {}, None, {}),
    ("plantSeed", {}, SEED, {}),
    ("export", {}, None, {}),
    ("export", {"vault": "dev"}, None, {}),
    ("deployConsumer", {"name": "ws-fhir"}, {"profile": "fhir", "key": "", "heals": "7", "follow": "PT1H"}, {}),
    ("redeployConsumer", {"name": "ws-fhir"}, {"status": "403"}, {}),
    ("listConsumers", {}, None, {}),
    ("getConsumer", {"name": "ws-fhir"}, None, {}),
    ("getConsumerTimeline", {"name": "ws-fhir"}, None, {}),
    ("drawConsumerTimeline", {"name": "ws-fhir"}, None, {}),
    ("getConsumerHealth", {"name": "ws-fhir"}, None, {}),
    ("waitForConsumer", {"name": "ws-fhir", "state": "encrypted", "timeout": 1}, None, {}),
    ("removeConsumer", {"name": "ws-fhir"}, None, {}),
    ("saveSnapshot", {}, {"name": "before"}, {}),
    ("listSnapshots", {}, None, {}),
    ("getSnapshot", {"name": "before"}, None, {}),
    ("listKeys", {"name": "dev", "state": "live", "limit": 1}, None, {}),
    ("getKey", KEY | {"limit": 1}, None, {}),
    ("changeKey", KEY, {"enabled": False}, {}),
    ("changeKeyVersion", KEY | {"version": VERSION}, {"enabled": True}, {}),
    ("deleteKey", KEY, None, {}),
    ("getKey", KEY, None, {}),
    ("listKeys", {"name": "dev", "state": "deleted"}, None, {}),
    ("recoverKey", KEY, {}, {}),
    ("listEvents", {"limit": 5}, None, {}),
    ("waitForEvents", {}, {"filter": {"type": "KeyNewVersionCreated", "vault": "dev"}, "count": 1, "timeout": 5}, {}),
    ("restoreSnapshot", {"name": "before"}, {"vault": "dev"}, {}),
    ("restoreSnapshot", {"name": "before"}, {}, {}),
    ("deleteSnapshot", {"name": "before"}, None, {}),
    ("clearEvents", {"vault": "dev"}, None, {}),
    ("clearEvents", {}, None, {}),
    ("reset", {}, {"vault": "dev"}, {}),
)


class Walker:
    def __init__(self, daemon):
        self.daemon, self.document = daemon, daemon.document()
        self.kept = {"certificate": _make_certificate()}
        self.operations = {
            operation["operationId"]: (verb.upper(), path, operation)
            for path, item in self.document["paths"].items()
            for verb, operation in item.items()
        }

    def fill(self, value):
        if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
            return self.kept[value[1:-1]]
        return value

    def resolve(self, node):
        while "$ref" in node:
            found = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def address(self, path, operation, members):
        query = {}
        for parameter in map(self.resolve, operation["parameters"]):
            name = parameter["name"]
            if name not in members:
                assert not parameter.get("required"), f"{path} needs {name}"
            elif parameter["in"] == "path":
                path = path.replace("{" + name + "}", quote(str(self.fill(members[name])), safe=""))
            else:
                query[name] = members[name]
        return f"{path}?{urlencode(query)}" if query else path

    def validate(self, schema, value):
        whole = schema | {"components": self.document["components"]}
        jsonschema.Draft202012Validator(whole).validate(value)

    def check_answer(self, operation, status, headers, body):
        assert str(status) in operation["responses"], f"{status} is not described: {body[:500]}"
        content = self.resolve(operation["responses"][str(status)]).get("content")
        if content is None:
            assert body == b""
            return None
        kind = headers.get_content_type()
        assert kind in content, f"{kind} is not described"
        if kind != "application/json":
            return None
        value = json.loads(body)
        self.validate(content[kind]["schema"], value)
        return value

    def step(self, name, members, order, keeps):
        verb, path, operation = self.operations[name]
        order = order and {key: self.fill(value) for key, value in order.items()}
        if order is not None:
            body = operation["requestBody"]["content"]["application/json"]
            self.validate(body["schema"], order)
        status, headers, body = self.daemon.ask(verb, self.address(path, operation, members), order)
        assert status < 300, body
        value = self.check_answer(operation, status, headers, body)
        self.kept |= {kept: value[member] for kept, member in keeps.items()}


def _make_certificate():
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null"
    return subprocess.run(
        [*command.split(), "-subj", "/CN=walker", "-days", "3"], capture_output=True, check=True
    ).stdout.decode()


def test_an_answer_that_is_not_as_described_is_found_out(daemon):
    walker = Walker(daemon)
    _, _, operation = walker.operations["getReady"]
    with pytest.raises(AssertionError):
        walker.check_answer(operation, 201, {}, b"{}")
    walker.document["components"]["schemas"]["Ready"]["properties"]["status"] = {"const": "asleep"}
    with pytest.raises(jsonschema.ValidationError):
        walker.step("getReady", {}, None, {})


def test_every_operation_succeeds_as_described(daemon):
    walker = Walker(daemon)
    for step in STEPS:
        try:
            walker.step(*step)
        except Exception as error:
            raise AssertionError(f"the step {step}") from error
    missing = walker.operations.keys() - {step[0] for step in STEPS}
    assert not missing, f"STEPS of {__file__} has none for {sorted(missing)}"


def test_entries_of_the_journal_are_as_described(daemon):
    """With all that an entry can have: a caller, a fault, a demand to wait, a setback."""
    walker = Walker(daemon)
    walker.step("addFaults", {}, {"effect": {"status": 429, "retry_after": 1}, "when": {"times": 1}}, {})
    info = json.loads(daemon.ask("GET", "/control/v1/info")[2])
    resource = "https://vault.azure.net"
    token = json.loads(daemon.ask("GET", f"/control/v1/identities/app/token?resource={resource}")[2])
    trust = ssl.create_default_context(cadata=daemon.ask("GET", "/ca.pem")[2].decode())
    statuses = []
    for _ in range(2):
        url = info["vaults"][0]["url"] + "/keys/nobody?api-version=7.6"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token['access_token']}"})
        try:
            urllib.request.urlopen(request, context=trust)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)
    assert statuses == [429, 404]
    for step in STEPS:
        if step[0] in ("listRequests", "listRetries", "waitForRequests", "expectRequests"):
            walker.step(step[0], {}, step[2] and step[2] | {"filter": {}}, {})


@pytest.mark.parametrize("schema", ("eventgrid", "cloudevents"))
def test_events_and_their_receivers_are_as_described(schema, tmp_path):
    """One that takes them, and one that nobody answers for."""
    receivers = ("--event-file", str(tmp_path / "events"), "--event-webhook", "http://127.0.0.1:9/")
    with running(*receivers, "--event-schema", schema) as daemon:
        walker = Walker(daemon)
        walker.step("plantSeed", {}, SEED, {})
        walker.step("waitForEvents", {}, {"filter": {"vault": "dev"}, "timeout": 5}, {})
        walker.step("listEvents", {}, None, {"events": "events", "receivers": "receivers"})
        assert [len(event["deliveries"]) for event in walker.kept["events"]] == [2, 2]
        assert {"url", "file"} <= set().union(*walker.kept["receivers"])
