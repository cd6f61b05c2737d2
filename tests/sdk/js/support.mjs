// SPDX-License-Identifier: Apache-2.0
// What the tests share: clients as a user would make them, names, and a way past the client's own
// checks. Resource verification stays on, and credentials are found as in production.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import { DefaultAzureCredential } from "@azure/identity";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";

const running = JSON.parse(readFileSync(process.env.COFFER_RUN_JSON, "utf8"));

export const port = running.port;
export const credential = new DefaultAzureCredential();
export const dev = new KeyClient(process.env.AZURE_KEYVAULT_URL, credential);
export const locked = new KeyClient(urlOf("locked"), credential);

// Pollers ask at once, then every 50 ms.
export const promptly = { intervalInMs: 50 };

export const algorithms = ["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"];

function urlOf(vault) {
    return running.vaults.find(({ name }) => name === vault).url;
}

export function cryptoOf(keyOrId) {
    return new CryptographyClient(keyOrId, credential);
}

// A name no other test has.
export function newName(prefix) {
    return `${prefix}-${randomBytes(6).toString("hex")}`;
}

export function newDataKey() {
    return randomBytes(32);
}

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

async function send(kid, operation, body) {
    const { token } = await credential.getToken("https://vault.azure.net/.default");
    return fetch(`${kid}/${operation}?api-version=7.5`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
    });
}

// Has the server do what the client would do itself, or not even ask for.
export async function remotely(kid, operation, alg, value) {
    const response = await send(kid, operation, { alg, value: value.toString("base64url") });
    const answer = await response.json();
    assert.equal(response.status, 200, JSON.stringify(answer));
    return { kid: answer.kid, value: Buffer.from(answer.value, "base64url") };
}

export async function isRefusedRemotely(kid, operation, alg, value, status, code, inner = null) {
    const response = await send(kid, operation, { alg, value: value.toString("base64url") });
    const { error } = await response.json();
    assert.deepEqual(
        [response.status, error?.code, error?.innererror?.code ?? null],
        [status, code, inner],
        error?.message,
    );
}
