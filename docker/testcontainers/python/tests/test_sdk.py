# SPDX-License-Identifier: Apache-2.0
"""The fixtures with the unmodified Azure SDK, as a user's tests have them."""

import pytest

pytest.importorskip("azure.keyvault.keys", reason="azure-keyvault-keys is not installed")
pytest.importorskip("azure.identity", reason="azure-identity is not installed")

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm


def new_client(coffer, vault):
    return KeyClient(vault.url, coffer.credential(), connection_verify=str(coffer.ca_file))


def test_a_disabled_key_unwraps_nothing(coffer, coffer_vault):
    trust = {"connection_verify": str(coffer.ca_file)}
    client = new_client(coffer, coffer_vault)
    key = client.create_rsa_key("cmk", size=2048)
    crypto = CryptographyClient(key, coffer.credential(), **trust)
    wrapped = crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, bytes(32)).encrypted_key
    client.update_key_properties("cmk", enabled=False)
    with pytest.raises(HttpResponseError) as refused:
        crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped)
    assert refused.value.error.innererror["code"] == "KeyDisabled"


def test_the_vault_of_the_next_test_is_empty(coffer, coffer_vault):
    assert list(new_client(coffer, coffer_vault).list_properties_of_keys()) == []


@pytest.mark.coffer(retention=7)
def test_a_deleted_key_is_gone_when_its_retention_is_over(coffer, coffer_vault):
    client = new_client(coffer, coffer_vault)
    client.create_ec_key("cmk")
    client.begin_delete_key("cmk").result()
    assert client.get_deleted_key("cmk").name == "cmk"
    coffer.advance("P8D")  # the client goes on with the token that it holds
    with pytest.raises(HttpResponseError) as gone:
        client.get_deleted_key("cmk")
    assert gone.value.status_code == 404


def test_a_token_expires_when_it_is_aged(coffer, coffer_vault):
    kept = coffer.token("https://vault.azure.net")

    class Kept:
        def get_token(self, *_scopes, **_options):
            return AccessToken(kept, 2**31)

    client = KeyClient(coffer_vault.url, Kept(), connection_verify=str(coffer.ca_file))
    client.create_ec_key("cmk")
    coffer.advance("P91D")
    assert client.get_key("cmk").name == "cmk"
    coffer.advance("P2D", tokens="age")
    with pytest.raises(HttpResponseError) as expired:
        client.get_key("cmk")
    assert expired.value.status_code == 401
    assert new_client(coffer, coffer_vault).get_key("cmk").name == "cmk"


@pytest.mark.coffer(kind="hsm")
def test_a_managed_hsm_is_a_vault_of_another_kind(coffer, coffer_vault):
    key = new_client(coffer, coffer_vault).create_oct_key("cmk", size=256, hardware_protected=True)
    assert key.key_type == "oct-HSM"


def test_the_environment_is_all_that_a_client_needs(coffer_environment):
    client = KeyClient(coffer_environment["AZURE_KEYVAULT_URL"], DefaultAzureCredential())
    assert client.create_ec_key("cmk").name == "cmk"


@pytest.mark.coffer(access="rbac")
def test_a_service_may_do_what_its_role_says(coffer, coffer_vault):
    trust = str(coffer.ca_file)
    service = KeyClient(coffer_vault.url, coffer.credential("service"), connection_verify=trust)
    with pytest.raises(HttpResponseError) as refused:
        service.create_ec_key("cmk")
    assert refused.value.error.innererror["code"] == "ForbiddenByRbac"
    coffer.grant(coffer_vault.name, "key-vault-crypto-officer", identity="service")
    service.create_ec_key("cmk")
    with pytest.raises(HttpResponseError):
        new_client(coffer, coffer_vault).get_key("cmk")
    coffer.revoke(coffer_vault.name, "key-vault-crypto-officer", identity="service")
    with pytest.raises(HttpResponseError):
        service.get_key("cmk")
