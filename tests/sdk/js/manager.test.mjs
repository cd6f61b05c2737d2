// SPDX-License-Identifier: Apache-2.0
// Vaults by the management library: what an operator does is seen by the next request for a key.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { KeyVaultManagementClient } from "@azure/arm-keyvault";
import { KeyClient } from "@azure/keyvault-keys";

import { credential, newName, port } from "./support.mjs";

const manager = `https://localhost:${port}`;
const scope = "https://management.azure.com/.default";
const location = "westus3";
const group = newName("group");
const often = { updateIntervalInMs: 1 };
let client, tenantId, subscription;

// Groups and subscriptions have libraries of their own: this asks as they would.
async function ask(method, path, body) {
    const { token } = await credential.getToken(scope);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${manager}${path}`, { method, headers, body });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.status === 202 ? undefined : answer.json();
}

const groupPath = () =>
    `/subscriptions/${subscription}/resourceGroups/${group}?api-version=2021-04-01`;

before(async () => {
    const found = await ask("GET", "/subscriptions?api-version=2022-12-01");
    ({ subscriptionId: subscription, tenantId } = found.value[0]);
    await ask("PUT", groupPath(), JSON.stringify({ location }));
    client = new KeyVaultManagementClient(credential, subscription, {
        endpoint: manager,
        credentials: { scopes: [scope] },
    });
});

after(() => ask("DELETE", groupPath()));

async function makeVault(properties) {
    const name = newName("v").slice(0, 14);
    const sku = { family: "A", name: "standard" };
    const wish = { location, properties: { tenantId, sku, accessPolicies: [], ...properties } };
    return client.vaults.createOrUpdate(group, name, wish, often);
}

function keysOf(vault) {
    return new KeyClient(vault.properties.vaultUri, credential);
}

async function objectId() {
    const { token } = await credential.getToken(scope);
    return JSON.parse(Buffer.from(token.split(".")[1], "base64url")).oid;
}

function refused(status, inner) {
    return (error) => {
        assert.equal(error.statusCode, status, error.message);
        assert.match(JSON.stringify(error.details ?? error.message), new RegExp(inner));
        return true;
    };
}

describe("An operator of vaults", () => {
    it("is told which names are no names", async () => {
        const asked = { name: "a--b", type: "Microsoft.KeyVault/vaults" };
        const answer = await client.vaults.checkNameAvailability(asked);
        assert.deepEqual([answer.nameAvailable, answer.reason], [false, "AccountNameInvalid"]);
    });

    it("gives and takes permissions", async () => {
        const vault = await makeVault({ enableRbacAuthorization: false });
        const keys = keysOf(vault);
        const permissions = { keys: ["create", "get"] };
        const accessPolicies = [{ tenantId, objectId: await objectId(), permissions }];
        await assert.rejects(keys.createEcKey("k"), refused(403, "AccessDenied"));
        const wish = { properties: { accessPolicies } };
        await client.vaults.updateAccessPolicy(group, vault.name, "add", wish);
        await keys.createEcKey("k");
        await client.vaults.updateAccessPolicy(group, vault.name, "remove", wish);
        await assert.rejects(keys.getKey("k"), refused(403, "AccessDenied"));
    });

    it("closes the firewall", async () => {
        const vault = await makeVault();
        const networkAcls = { defaultAction: "Deny", bypass: "None" };
        await client.vaults.update(group, vault.name, { properties: { networkAcls } });
        await assert.rejects(keysOf(vault).getKey("k"), refused(403, "ForbiddenByFirewall"));
    });

    it("deletes vaults, has them back, and purges them", async () => {
        const vault = await makeVault();
        const isThere = async (list) => {
            for await (const one of list) {
                if (one.name === vault.name) {
                    return true;
                }
            }
            return false;
        };
        await client.vaults.delete(group, vault.name);
        assert.ok(await isThere(client.vaults.listDeleted()));
        await client.vaults.createOrUpdate(
            group,
            vault.name,
            { location, properties: { tenantId, sku: vault.properties.sku, createMode: "recover" } },
            often,
        );
        assert.ok(await isThere(client.vaults.listByResourceGroup(group)));
        await client.vaults.delete(group, vault.name);
        await client.vaults.purgeDeleted(vault.name, location, often);
        assert.ok(!(await isThere(client.vaults.listDeleted())));
    });

    it("makes keys", async () => {
        const vault = await makeVault();
        const wish = { properties: { kty: "RSA", keySize: 2048, keyOps: ["wrapKey"] } };
        const made = await client.keys.createIfNotExist(group, vault.name, "k", wish);
        const got = await client.keys.get(group, vault.name, "k");
        assert.equal(got.keyUriWithVersion, made.keyUriWithVersion);
        assert.deepEqual(got.keyOps, ["wrapKey"]);
    });
});
