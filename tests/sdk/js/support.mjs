// SPDX-License-Identifier: Apache-2.0
// What the tests share: clients as a user would make them, names, and the shape of a refusal.
// Resource verification stays on, and credentials are found as in production.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import { RestError } from "@azure/core-rest-pipeline";
import { DefaultAzureCredential } from "@azure/identity";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";

const running = JSON.parse(readFileSync(process.env.SDK_RUN_JSON, "utf8"));

export const port = running.port;
export const credential = new DefaultAzureCredential();
export const dev = new KeyClient(process.env.AZURE_KEYVAULT_URL, credential);
export const locked = new KeyClient(urlOf("locked"), credential);
export const pool = new KeyClient(urlOf("pool"), credential); // a managed HSM

// Pollers ask at once, then every 50 ms.
export const promptly = { intervalInMs: 50 };

function urlOf(vault) {
    return running.vaults.find(({ name }) => name === vault).url;
}

// A client for a key or its id, which does with the public key what it can do with it.
export function cryptoOf(keyOrId) {
    return new CryptographyClient(keyOrId, credential);
}

// Stands in for an identity without the permission to get keys, as far as the SDK sees it.
const mayNotRead = {
    name: "mayNotRead",
    async sendRequest(request, next) {
        if (request.method === "GET") {
            throw new RestError("Forbidden", { statusCode: 403 });
        }
        return next(request);
    },
};

// A client that has no public key, so that it leaves every operation to the server. Nor does it
// know the key's operations and dates, which it would check before it asks.
export function remoteOf(keyId) {
    const additionalPolicies = [{ policy: mayNotRead, position: "perCall" }];
    return new CryptographyClient(keyId, credential, { additionalPolicies });
}

// A name no other test has.
export function newName(prefix) {
    return `${prefix}-${randomBytes(6).toString("hex")}`;
}

export function newDataKey() {
    return randomBytes(32);
}

// What the control port answers, to an order or to a question.
export async function askControl(path, order, method = "POST") {
    const response = await fetch(`http://127.0.0.1:${running.control_port}${path}`, order && {
        method,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(order),
    });
    assert.ok(response.ok, `${path}: ${response.status}`);
    return response.json();
}

// Moves the server's clock on.
export const advance = (seconds) => askControl("/control/v1/clock", { advance: seconds });

export async function collect(iterator) {
    const items = [];
    for await (const item of iterator) {
        items.push(item);
    }
    return items;
}

// Waits for a refusal: its status, error.code, and error.innererror.code (null: there is none).
export async function isRefused(promise, status, code, inner = null) {
    await assert.rejects(promise, (error) => {
        assert.equal(error.statusCode, status, error.message);
        assert.equal(error.code, code);
        assert.equal(error.details?.error?.innerError?.code ?? null, inner);
        return true;
    });
}
