// SPDX-License-Identifier: Apache-2.0
// Log-ins under Azure's own names and addresses: nothing is set but what an application needs there,
// and instance discovery stays on. tedious, the driver of SQL Server, takes vaults of Azure's alone.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { KeyClient } from "@azure/keyvault-keys";
import provider from "tedious/lib/always-encrypted/keystore-provider-azure-key-vault.js";

import { client, login, tenant, within, works } from "./logins.mjs";
import { newDataKey, newName } from "./support.mjs";

const imds = "http://169.254.169.254";
const url = process.env.AZURE_KEYVAULT_URL;

describe("under Azure's names", () => {
    for (const way of ["secret", "certificate", "workload"]) {
        test(`an application logs in with a ${way}`, async () => {
            const variables = { ...login(way), AZURE_TENANT_ID: tenant };
            delete variables.AZURE_AUTHORITY_HOST;

            await within(variables, () => works(new DefaultAzureCredential()));
        });
    }
    test("a virtual machine finds its metadata", async () => {
        await within({}, () => works(new DefaultAzureCredential()));
    });
    test("a machine of Azure Arc reads its key", async () => {
        const { IDENTITY_ENDPOINT } = login("arc");

        await within({ IDENTITY_ENDPOINT, IMDS_ENDPOINT: imds }, () =>
            works(new ManagedIdentityCredential()),
        );
    });
});

describe("tedious", () => {
    const secret = login("secret").AZURE_CLIENT_SECRET;
    const provide = (with_) =>
        within({}, () => new provider.ColumnEncryptionAzureKeyVaultProvider(client, with_, tenant));
    const newMaster = async () => {
        const keys = new KeyClient(url, await within({}, () => new DefaultAzureCredential()));
        return (await within({}, () => keys.createRsaKey(newName("master")))).id;
    };

    test("is refused with a wrong secret", async () => {
        const master = await newMaster();
        const tedious = await provide("no");

        await assert.rejects(
            tedious.encryptColumnEncryptionKey(master, "RSA_OAEP", newDataKey()),
            /AADSTS7000215/,
        );
    });
    test("encrypts and decrypts a column's key", async () => {
        const [master, columnKey] = [await newMaster(), newDataKey()];
        const tedious = await provide(secret);
        const sealed = await tedious.encryptColumnEncryptionKey(master, "RSA_OAEP", columnKey);

        assert.deepEqual(
            await tedious.decryptColumnEncryptionKey(master, "RSA_OAEP", sealed),
            columnKey,
        );
    });
    test("takes no column's key that was touched", async () => {
        const master = await newMaster();
        const tedious = await provide(secret);
        const sealed = await tedious.encryptColumnEncryptionKey(master, "RSA_OAEP", newDataKey());
        sealed[sealed.length - 1] ^= 1;

        await assert.rejects(
            tedious.decryptColumnEncryptionKey(master, "RSA_OAEP", sealed),
            /signature does not match/,
        );
    });
});
