// SPDX-License-Identifier: Apache-2.0
// Clients whose sessions are revoked: they are challenged, and log in once more by themselves.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { ClientSecretCredential } from "@azure/identity";
import { KeyClient } from "@azure/keyvault-keys";

import { askControl, dev, newName, port } from "./support.mjs";

describe("a client that answers claims challenges", () => {
    let identity, client, key, claims;

    const tell = (order, members = {}) => askControl(`${identity}/${order}`, members);

    beforeEach(async () => {
        identity = `/control/v1/identities/${newName("cae")}`;
        const told = await askControl(identity, { type: "application" }, "PUT");
        await tell("secrets", { secret: "its own" });
        const credential = new ClientSecretCredential(told.tenant, told.client_id, "its own", {
            authorityHost: `https://login.localhost:${port}`,
            disableInstanceDiscovery: true, // it would ask Microsoft who login.localhost is
        });

        claims = [];
        client = new KeyClient(dev.vaultUrl, {
            getToken(scopes, options) {
                claims.push(options?.claims);
                return credential.getToken(scopes, options);
            },
        });
        key = await client.createEcKey(newName("cae"));
    });

    test("goes on with another token when its sessions are revoked", async () => {
        assert.equal((await client.getKey(key.name)).id, key.id);
        const asked = claims.length;
        await tell("revoke");
        assert.equal((await client.getKey(key.name)).id, key.id);
        assert.equal(claims.length, asked + 1);
        assert.equal(JSON.parse(claims.at(-1)).access_token.nbf.essential, true);
        assert.equal((await client.getKey(key.name)).id, key.id);
        assert.equal(claims.filter(Boolean).length, 1, "the new token is kept");
    });
    test("is refused by the authority when its identity is disabled", async () => {
        await tell("disable");
        await assert.rejects(client.getKey(key.name), /AADSTS7000112/);
        await tell("enable");
        assert.equal((await client.getKey(key.name)).id, key.id);
    });
});
