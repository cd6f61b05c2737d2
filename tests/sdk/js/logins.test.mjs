// SPDX-License-Identifier: Apache-2.0
// Every way to log in that needs no name of Azure's. By variables of the environment alone the tenant
// is `adfs`, because the credentials ask login.microsoftonline.com about every authority that they do
// not know, and a tenant of that name is known to have no such discovery. In code,
// disableInstanceDiscovery does it for the tenant's GUID.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
    ClientCertificateCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    WorkloadIdentityCredential,
} from "@azure/identity";

import { authorityHost, client, login, tenant, vault, within, works } from "./logins.mjs";

const ofTenant = { authorityHost, disableInstanceDiscovery: true };
const secret = login("secret").AZURE_CLIENT_SECRET;
const certificatePath = login("certificate").AZURE_CLIENT_CERTIFICATE_PATH;

describe("an application", () => {
    const refused = (credential, code) => assert.rejects(credential.getToken(vault), code);

    test("with a wrong secret is refused", async () => {
        await refused(new ClientSecretCredential(tenant, client, "no", ofTenant), /AADSTS7000215/);
    });
    test("with a token that is none is no workload", async () => {
        const credential = new WorkloadIdentityCredential({
            ...ofTenant,
            tenantId: tenant,
            clientId: client,
            tokenFilePath: process.env.SDK_RUN_JSON,
        });

        await refused(credential, /AADSTS50027/);
    });
    for (const way of ["secret", "certificate", "workload"]) {
        test(`logs in by the environment as ${way}`, async () => {
            await within(login(way), () => works(new DefaultAzureCredential()));
        });
    }
    test("logs in to a tenant with a secret", async () => {
        await works(new ClientSecretCredential(tenant, client, secret, ofTenant));
    });
    for (const sendCertificateChain of [false, true]) {
        test(`logs in to a tenant with a certificate, its chain ${sendCertificateChain}`, async () => {
            const options = { ...ofTenant, sendCertificateChain };
            const certificate = { certificatePath };

            await works(new ClientCertificateCredential(tenant, client, certificate, options));
        });
    }
    test("logs in to a tenant as a workload", async () => {
        const tokenFilePath = login("workload").AZURE_FEDERATED_TOKEN_FILE;
        const options = { ...ofTenant, tenantId: tenant, clientId: client, tokenFilePath };

        await works(new WorkloadIdentityCredential(options));
    });
});

describe("a managed identity", () => {
    for (const way of ["app-service", "imds"]) {
        test(`is no application at ${way}`, async () => {
            const variables = { ...login(way), AZURE_CLIENT_ID: client };

            await within(variables, () =>
                assert.rejects(new DefaultAzureCredential().getToken(vault)),
            );
        });
        test(`logs in by ${way}`, async () => {
            await within(login(way), () => works(new DefaultAzureCredential()));
        });
    }
});
