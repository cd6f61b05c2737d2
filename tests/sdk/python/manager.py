# SPDX-License-Identifier: Apache-2.0
"""Clients of the resource manager, as an operator of a cloud of his own makes them.

They get its address and, as Azure's is asked for by other names, the audience of its tokens.
"""

import base64
import json
import uuid

from azure.core.rest import HttpRequest
from azure.keyvault.keys import KeyClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.healthcareapis import HealthcareApisManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.resources import ResourceManagementClient
from support import credential, port

MANAGER = f"https://localhost:{port}"
SCOPE = "https://management.azure.com/.default"
OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"  # Key Vault Crypto Officer
PLACE = "westus3"


def _claims():
    """Who the tests are."""
    body = credential.get_token(SCOPE).token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def _client(kind, subscription_id=None):
    """Pollers ask at once, and again as soon as they may."""
    return kind(
        credential,
        subscription_id or subscription,
        base_url=MANAGER,
        credential_scopes=[SCOPE],
        polling_interval=0,
    )


def _find_subscription():
    """The first one that the caller may see."""
    question = HttpRequest("GET", f"{MANAGER}/subscriptions?api-version=2022-12-01")
    answer = _client(DeploymentsMgmtClient, "any").send_request(question)
    answer.raise_for_status()
    return answer.json()["value"][0]["subscriptionId"]


caller, tenant = (_claims()[name] for name in ("oid", "tid"))
subscription = _find_subscription()
groups = _client(ResourceManagementClient)
deployments = _client(DeploymentsMgmtClient).deployments
vaults = _client(KeyVaultManagementClient)
identities = _client(ManagedServiceIdentityClient)
roles = _client(AuthorizationManagementClient)
health = _client(HealthcareApisManagementClient)


def role_id(role):
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def grant(scope, principal, role=OFFICER):
    """Assigns the role, and gives the assignment."""
    return roles.role_assignments.create(
        scope,
        str(uuid.uuid4()),
        {"properties": {"roleDefinitionId": role_id(role), "principalId": principal}},
    )


def make_vault(group, name, **properties):
    wish = {
        "location": PLACE,
        "properties": {
            "tenantId": tenant,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            "enableRbacAuthorization": True,
            **properties,
        },
    }
    return vaults.vaults.begin_create_or_update(group, name, wish).result()


def keys_of(vault):
    """The data plane's client of a vault."""
    return KeyClient(vault.properties.vault_uri, credential)
