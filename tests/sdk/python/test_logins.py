# SPDX-License-Identifier: Apache-2.0
"""Every way to log in that needs no name of Azure's.

By variables of the environment alone: the tenant is `adfs` then, because the credentials ask
login.microsoftonline.com about every authority that they do not know, and a tenant of that name is
known to have no such discovery. In code, `disable_instance_discovery` does it for the tenant's GUID.
"""

import os

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    WorkloadIdentityCredential,
)

from logins import AUTHORITY, CLIENT, TENANT, VAULT, environment, login, works
from support import TestCase, rows

SECRET = login("secret")["AZURE_CLIENT_SECRET"]
CERTIFICATE = login("certificate")["AZURE_CLIENT_CERTIFICATE_PATH"]
SAID_OF_NOBODY = {
    "app-service": "400, No User Assigned or Delegated Managed Identity found",
    "imds": "Identity not found|invalid_",
}
OF_TENANT = {"authority": AUTHORITY, "disable_instance_discovery": True}


class AnApplication(TestCase):
    def refused(self, code, credential):
        with self.assertRaisesRegex(ClientAuthenticationError, code):
            credential.get_token(VAULT)

    def test_with_a_wrong_secret_is_refused(self):
        self.refused("AADSTS7000215", ClientSecretCredential(TENANT, CLIENT, "no", **OF_TENANT))

    def test_with_a_token_that_is_none_is_no_workload(self):
        with environment(AZURE_AUTHORITY_HOST=AUTHORITY):
            credential = WorkloadIdentityCredential(
                tenant_id=TENANT,
                client_id=CLIENT,
                token_file_path=os.environ["SDK_RUN_JSON"],
                disable_instance_discovery=True,
            )
        self.refused("AADSTS50027", credential)

    def test_with_the_secret_of_another_is_refused(self):
        other = "00000000-0000-4000-8000-000000000001"
        credential = ClientSecretCredential(TENANT, CLIENT, other, **OF_TENANT)
        self.refused("AADSTS7000215", credential)

    @rows("secret", "certificate", "workload")
    def test_logs_in_by_the_environment_as(self, way):
        with environment(login(way)):
            works(self, DefaultAzureCredential())

    def test_logs_in_to_a_tenant_with_a_secret(self):
        works(self, ClientSecretCredential(TENANT, CLIENT, SECRET, **OF_TENANT))

    @rows(("alone", False), ("and_its_chain", True))
    def test_logs_in_to_a_tenant_with_a_certificate(self, _which, chain):
        credential = CertificateCredential(
            TENANT, CLIENT, CERTIFICATE, send_certificate_chain=chain, **OF_TENANT
        )
        works(self, credential)

    def test_logs_in_to_a_tenant_as_a_workload(self):
        with environment(login("workload"), AZURE_TENANT_ID=TENANT):
            works(self, WorkloadIdentityCredential(disable_instance_discovery=True))


class AManagedIdentity(TestCase):
    @rows("app-service", "imds")
    def test_is_no_application_at(self, way):
        with environment(login(way), AZURE_CLIENT_ID=CLIENT):
            with self.assertRaisesRegex(ClientAuthenticationError, SAID_OF_NOBODY[way]):
                DefaultAzureCredential().get_token(VAULT)

    @rows("app-service", "imds")
    def test_logs_in_by(self, way):
        with environment(login(way)):
            works(self, DefaultAzureCredential())
