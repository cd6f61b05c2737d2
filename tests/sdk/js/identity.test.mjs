// SPDX-License-Identifier: Apache-2.0
// The challenge, the token, and the client's own check that both belong to this vault.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { KeyClient } from "@azure/keyvault-keys";

import { credential, dev, newName, port } from "./support.mjs";

const anyKey = `${new URL(dev.vaultUrl).origin}/keys/${newName("any")}?api-version=7.5`;

describe("a call without a token", () => {
    test("is challenged, whatever it asks for", async () => {
        const response = await fetch(anyKey);

        assert.equal(response.status, 401);
        assert.match(
            response.headers.get("www-authenticate"),
            new RegExp(
                `^Bearer authorization="https://[^" =]+/[0-9a-f-]{36}", ` +
                    `resource="https://vault\\.localhost:${port}"$`,
            ),
        );
    });
});

describe("a token", () => {
    const get = (token) => fetch(anyKey, { headers: { authorization: `Bearer ${token}` } });

    test("that nobody issued is refused", async () => {
        const response = await get("e30.e30.c2ln");

        assert.equal(response.status, 401);
        assert.equal((await response.json()).error.code, "Unauthorized");
    });
    test("for another service is refused", async () => {
        const { token } = await credential.getToken("https://management.azure.com/.default");

        assert.equal((await get(token)).status, 401);
    });
    test("with a changed signature is refused", async () => {
        const { token } = await credential.getToken("https://vault.azure.net/.default");
        const changed = token.slice(0, -10) + (token.at(-10) === "A" ? "B" : "A") + token.slice(-9);

        assert.equal((await get(changed)).status, 401);
    });
    for (const resource of ["https://vault.azure.net", `https://vault.localhost:${port}`]) {
        test(`for ${resource} is taken`, async () => {
            const { token } = await credential.getToken(`${resource}/.default`);

            assert.equal((await get(token)).status, 404);
        });
    }
});

describe("the client", () => {
    test("turns away from a vault that is not below the challenge's resource", async () => {
        const client = new KeyClient(`https://localhost:${port}`, credential);

        await assert.rejects(client.getKey("any"), /does not match the requested domain/);
    });
});
