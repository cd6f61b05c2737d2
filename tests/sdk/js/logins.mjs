// SPDX-License-Identifier: Apache-2.0
// What the tests of log-ins share.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";

import { newDataKey, newName } from "./support.mjs";

export const tenant = process.env.SDK_TENANT;
export const client = process.env.SDK_CLIENT_ID;
export const authorityHost = process.env.SDK_AUTHORITY;
export const vault = "https://vault.azure.net/.default";

// What credentials look at.
const lookedAt = [
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "IMDS_ENDPOINT",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
];

// The variables that `coffer env --as` prints for a way to log in.
export function login(way) {
    const all = JSON.parse(readFileSync(`${process.env.SDK_LOGINS}/${way}.json`, "utf8"));
    return Object.fromEntries(Object.entries(all).filter(([name]) => lookedAt.includes(name)));
}

// Has nothing of what credentials look at but these variables. Tests of a file run one by one.
export async function within(variables, act) {
    const before = { ...process.env };
    lookedAt.forEach((name) => delete process.env[name]);
    Object.assign(process.env, variables);
    try {
        return await act();
    } finally {
        lookedAt.forEach((name) => delete process.env[name]);
        Object.assign(process.env, before);
    }
}

// That whoever this is can make a key, and wrap and unwrap with it.
export async function works(credential) {
    const dataKey = newDataKey();
    const keys = new KeyClient(process.env.AZURE_KEYVAULT_URL, credential);
    const key = await keys.createRsaKey(newName("login"));
    const crypto = new CryptographyClient(key, credential);
    const { result: wrapped } = await crypto.wrapKey("RSA-OAEP-256", dataKey);
    const { result } = await crypto.unwrapKey("RSA-OAEP-256", wrapped);

    assert.deepEqual(Buffer.from(result), dataKey);
}
