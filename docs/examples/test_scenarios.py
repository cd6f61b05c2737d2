# SPDX-License-Identifier: Apache-2.0
"""The 26 scenarios of docs/scenarios.md, and what an application sees of each.

    pip install pytest-coffer azure-identity azure-keyvault-keys
    pytest test_scenarios.py

One row for each: what happens, what the application does meanwhile, and what comes of it. Copy the rows
that your application has to survive, and put your own code in place of the functions.
"""

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.identity import ManagedIdentityCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm, SignatureAlgorithm

RSA = KeyWrapAlgorithm.rsa_oaep_256
DATA_KEY = bytes(range(32))
NO_CONNECTION = (ServiceRequestError, ServiceResponseError)


class Application:
    """Yours. It wraps its data key by a key of the vault, as customer-managed keys do."""

    def __init__(self, url, client_id, **options):
        self.client_id = client_id
        self.options = {"retry_total": 0, **options}
        self.credential = ManagedIdentityCredential()
        self.keys = KeyClient(url, self.credential, **self.options)
        self.key = self.keys.create_rsa_key("cmk")
        self.curve = self.keys.create_ec_key("ec")
        self.wrapped = self.by_server(self.key).wrap_key(RSA, DATA_KEY).encrypted_key

    def by_server(self, key):
        """By its id alone, so that nothing is done on this side with the public key."""
        return CryptographyClient(key.id, self.credential, **self.options)

    def get(self):
        return self.keys.get_key("cmk", read_timeout=2)

    def get_twice(self):
        return [self.get(), self.get()]

    def update(self):
        return self.keys.update_key_properties("cmk", tags={"a": "b"})

    def unwrap(self):
        return self.by_server(self.key).unwrap_key(RSA, self.wrapped).key

    def sign(self):
        return self.by_server(self.curve).sign(SignatureAlgorithm.es256, DATA_KEY).signature

    def log_in(self):
        """Anew, with an identity that is its own: it has no token of an earlier time."""
        own = ManagedIdentityCredential(client_id=self.client_id)
        return own.get_token("https://vault.azure.net/.default")


def refused(status, code, inner=None):
    """The status, error.code and error.innererror.code."""

    def see(act):
        with pytest.raises(HttpResponseError) as raised:
            act()
        error = raised.value
        innererror = error.error.innererror or {}
        assert (error.status_code, error.error.code, innererror.get("code")) == (status, code, inner)

    return see


def raised(*classes):
    """One of these exceptions."""

    def see(act):
        with pytest.raises(classes):
            act()

    return see


def returned(is_right):
    """No error, but something else than usual."""

    def see(act):
        assert is_right(act())

    return see


App = Application
KEY = {"key": "cmk"}
ROWS = [
    ("key-disabled", KEY, App.unwrap, refused(403, "Forbidden", "KeyDisabled")),
    ("key-expired", {"key": "ec"}, App.sign, refused(403, "Forbidden", "KeyExpired")),
    ("key-deleted", KEY, App.get, refused(404, "KeyNotFound")),
    ("key-purged", KEY, App.unwrap, refused(404, "KeyNotFound")),
    ("vault-deleted", {}, App.get, refused(404, "VaultNotFound")),
    ("policy-removed", {"permission": "unwrapKey"}, App.unwrap, refused(403, "Forbidden", "ForbiddenByPolicy")),
    ("role-removed", {}, App.get, refused(403, "Forbidden", "ForbiddenByRbac")),
    ("operation-not-permitted", KEY, App.unwrap, refused(403, "Forbidden", "KeyOperationForbidden")),
    ("identity-lost", {"identity": "app"}, App.log_in, raised(ClientAuthenticationError)),
    ("tenant-moved", {}, App.get, raised(ClientAuthenticationError)),
    ("firewall-closed", {}, App.get, refused(403, "Forbidden", "ForbiddenByFirewall")),
    ("public-access-off", {}, App.get, refused(403, "Forbidden", "ForbiddenByConnection")),
    ("private-dns-missing", {}, App.get, raised(*NO_CONNECTION)),
    ("throttled", KEY, App.unwrap, refused(429, "Throttled")),
    ("server-error", {}, App.get, refused(503, "ServiceUnavailable")),
    ("slow", {"how": "never"}, App.get, raised(*NO_CONNECTION)),
    ("connection-failures", {}, App.get, raised(*NO_CONNECTION)),
    ("rotated", KEY, App.unwrap, refused(403, "Forbidden", "KeyDisabled")),
    ("wrong-key", KEY, App.unwrap, refused(400, "BadParameter")),
    ("key-replaced", KEY, App.get, returned(lambda key: key.key_type == "EC")),
    ("hsm-unavailable", {}, App.unwrap, refused(503, "ServiceUnavailable")),
    ("clock-skew", {}, App.get, raised(ClientAuthenticationError)),
    ("region-failover", {}, App.update, refused(403, "Forbidden")),
    ("permission-delay", {}, App.get_twice, refused(403, "Forbidden", "ForbiddenByRbac")),
    ("wrong-plaintext", {}, App.unwrap, returned(lambda data_key: data_key != DATA_KEY)),
    ("leading-zero-signature", {}, App.sign, returned(lambda signature: signature[0] == 0)),
]


@pytest.fixture
def app(coffer, coffer_vault, coffer_environment):
    own = coffer.ask("PUT", "/control/v1/identities/app", {"type": "user-assigned"})
    yield Application(coffer_vault.url, own["client_id"], connection_verify=str(coffer.ca_file))
    coffer.ask("DELETE", "/control/v1/identities/app")


@pytest.mark.parametrize("name, parameters, act, see", ROWS, ids=[row[0] for row in ROWS])
def test_scenario(app, scenario, name, parameters, act, see):
    with scenario(name, **parameters):
        see(lambda: act(app))
    assert app.unwrap() == DATA_KEY, "it works again"
