# SPDX-License-Identifier: Apache-2.0
"""The 26 incidents that coffer has by name, as this SDK sees them, and that they end.

They are of the whole server, some of its clock and its HSM: on the one that has no other tests
meanwhile. Clients that would try again for long do not here, but where that is what is tested.
"""

import time
from contextlib import contextmanager

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import KeyWrapAlgorithm, SignatureAlgorithm

from support import (
    TestCase,
    ask_control,
    credential,
    crypto_of,
    dev,
    new_data_key,
    new_name,
    remote_of,
    urls,
)

SCENARIOS = "/control/v1/scenarios"
ALGORITHM = KeyWrapAlgorithm.rsa_oaep_256
DATA_KEY = new_data_key()
DIGEST = bytes(range(32))

impatient = KeyClient(dev.vault_url, credential, retry_total=0)


@contextmanager
def scenario(name, **parameters):
    """What happens within the context; afterwards everything is as it was."""
    before = ask_control("/control/v1/state/digest")
    ask_control(f"{SCENARIOS}/{name}/apply", parameters)
    try:
        yield
    finally:
        ask_control(f"{SCENARIOS}/{name}/revert", {})
    after = ask_control("/control/v1/state/digest")
    assert before == after, (before, after)


class AScenario(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.name = new_name("cmk")
        cls.key = dev.create_rsa_key(cls.name)
        cls.wrapped = crypto_of(cls.key).wrap_key(ALGORITHM, DATA_KEY).encrypted_key
        cls.curve = dev.create_ec_key(new_name("ec"))

    def tearDown(self):
        self.assertEqual(self.unwrap(), DATA_KEY, "the vault works again")

    def unwrap(self, key_id=None):
        """By the server: nothing of it can be done with a public key."""
        return remote_of(key_id or self.key.id).unwrap_key(ALGORITHM, self.wrapped).key

    def latest(self):
        return dev.get_key(self.name)

    def without_version(self):
        return self.key.id.rsplit("/", 1)[0]

    def sign(self):
        return remote_of(self.curve.id).sign(SignatureAlgorithm.es256, DIGEST).signature

    def log_in(self, client_id):
        """With nothing kept of an earlier time."""
        asked = DefaultAzureCredential(managed_identity_client_id=client_id)
        asked.get_token("https://vault.azure.net/.default")

    def test_01_key_disabled(self):
        with scenario("key-disabled", key=self.name):
            self.assertIs(self.latest().properties.enabled, False)
            with self.refuses(403, "Forbidden", "KeyDisabled"):
                self.unwrap()

    def test_02_key_expired(self):
        with scenario("key-expired", key=self.name):
            self.assertEqual(self.unwrap(), DATA_KEY)
            with self.refuses(403, "Forbidden", "KeyExpired"):
                remote_of(self.key.id).wrap_key(ALGORITHM, DATA_KEY)

    def test_03_key_deleted(self):
        with scenario("key-deleted", key=self.name):
            with self.refuses(404, "KeyNotFound"):
                self.latest()
            self.assertEqual(dev.get_deleted_key(self.name).name, self.name)

    def test_04_key_purged(self):
        with scenario("key-purged", key=self.name):
            with self.refuses(404, "KeyNotFound"):
                self.unwrap()
            with self.refuses(404, "KeyNotFound"):
                dev.get_deleted_key(self.name)

    def test_05_vault_deleted(self):
        with scenario("vault-deleted"):
            with self.refuses(404, "VaultNotFound"):
                self.latest()

    def test_06_policy_removed(self):
        with scenario("policy-removed"):
            with self.refuses(403, "Forbidden", "AccessDenied"):
                self.latest()
        with scenario("policy-removed", permission="unwrapKey"):
            self.latest()
            with self.refuses(403, "Forbidden", "ForbiddenByPolicy"):
                self.unwrap()

    def test_07_role_removed(self):
        with scenario("role-removed"):
            with self.refuses(403, "Forbidden", "ForbiddenByRbac"):
                self.latest()

    def test_08_operation_not_permitted(self):
        with scenario("operation-not-permitted", key=self.name):
            with self.refuses(403, "Forbidden", "KeyOperationForbidden"):
                self.unwrap()

    def test_09_identity_lost(self):
        name = new_name("lost")
        made = ask_control(f"/control/v1/identities/{name}", {"type": "user-assigned"}, "PUT")
        for how in ("deleted", "disabled"):
            with scenario("identity-lost", identity=name, how=how):
                with self.assertRaises(ClientAuthenticationError):
                    self.log_in(made["client_id"])
            self.log_in(made["client_id"])

    def test_10_tenant_moved(self):
        with scenario("tenant-moved"):
            with self.assertRaises(ClientAuthenticationError) as raised:
                self.latest()
            self.assertIn("AKV10032: Invalid issuer.", str(raised.exception))

    def test_11_firewall_closed(self):
        with scenario("firewall-closed"):
            with self.refuses(403, "Forbidden", "ForbiddenByFirewall"):
                self.latest()

    def test_12_public_access_off(self):
        with scenario("public-access-off"):
            with self.refuses(403, "Forbidden", "ForbiddenByConnection"):
                self.latest()

    def test_13_private_dns_missing(self):
        with scenario("private-dns-missing"):
            with self.assertRaises(AzureError) as raised:
                impatient.get_key(self.name)
            self.assertNotIsInstance(raised.exception, HttpResponseError)

    def test_14_throttled(self):
        with scenario("throttled", key=self.name):
            with self.refuses(429, "Throttled"):
                impatient.get_key(self.name)
        with scenario("throttled", key=self.name, times=1, retry_after=1):
            began = time.monotonic()
            self.latest()
            self.assertGreaterEqual(time.monotonic() - began, 1, "it waits as it was told")

    def test_15_server_error(self):
        with scenario("server-error"):
            with self.refuses(503, "ServiceUnavailable"):
                impatient.get_key(self.name)
        with scenario("server-error", status=500, times=1):
            self.latest()

    def test_16_slow(self):
        with scenario("slow", delay=500, times=1):
            began = time.monotonic()
            self.latest()
            self.assertGreaterEqual(time.monotonic() - began, 0.5)

    def test_17_connection_failures(self):
        with scenario("connection-failures"):
            with self.assertRaises(AzureError) as raised:
                impatient.get_key(self.name)
            self.assertNotIsInstance(raised.exception, HttpResponseError)
        with scenario("connection-failures", times=1):
            self.latest()

    def test_18_rotated(self):
        with scenario("rotated", key=self.name):
            self.assertNotEqual(self.latest().id, self.key.id)
            with self.refuses(403, "Forbidden", "KeyDisabled"):
                self.unwrap()
        self.assertEqual(self.latest().id, self.key.id)

    def test_19_wrong_key(self):
        with scenario("wrong-key", key=self.name):
            with self.refuses(400, "BadParameter"):
                self.unwrap()

    def test_20_key_replaced(self):
        with scenario("key-replaced", key=self.name):
            self.assertEqual(self.latest().key_type, "EC")
            with self.refuses(403, "Forbidden", "KeyOperationForbidden"):
                self.unwrap(self.without_version())
        with scenario("key-replaced", key=self.name, kty="RSA", key_size=3072):
            with self.refuses(400, "BadParameter"):
                self.unwrap(self.without_version())

    def test_21_hsm_unavailable(self):
        with scenario("hsm-unavailable"):
            self.latest()
            with self.refuses(503, "ServiceUnavailable"):
                crypto = impatient.get_cryptography_client(self.name)
                crypto.unwrap_key(ALGORITHM, self.wrapped)

    def test_22_clock_skew(self):
        self.latest()
        with scenario("clock-skew"):
            with self.assertRaises(ClientAuthenticationError):
                self.latest()

    def test_23_region_failover(self):
        with scenario("region-failover"):
            self.assertEqual(self.unwrap(), DATA_KEY)
            self.assertTrue(list(dev.list_properties_of_keys()))
            with self.refuses(403, "Forbidden"):
                dev.update_key_properties(self.name, tags={"a": "b"})

    def test_24_permission_delay(self):
        with scenario("permission-delay"):
            self.latest()
            with self.refuses(403, "Forbidden", "ForbiddenByRbac"):
                self.latest()
            self.latest()

    def test_25_wrong_plaintext(self):
        with scenario("wrong-plaintext"):
            self.assertNotEqual(self.unwrap(), DATA_KEY)

    def test_26_leading_zero_signature(self):
        with scenario("leading-zero-signature"):
            signature = self.sign()
        self.assertEqual(signature[0], 0)
        self.assertTrue(
            crypto_of(self.curve).verify(SignatureAlgorithm.es256, DIGEST, signature).is_valid
        )


class AScenarioOfAnotherVault(TestCase):
    def test_leaves_this_one_alone(self):
        with scenario("firewall-closed", vault="locked"):
            list(dev.list_properties_of_keys())
            with self.refuses(403, "Forbidden", "ForbiddenByFirewall"):
                list(KeyClient(urls["locked"], credential).list_properties_of_keys())
