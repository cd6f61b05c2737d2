// SPDX-License-Identifier: Apache-2.0
// What this client does when a connection or an answer fails: how often it tries, and what it throws.
// failures.json has the failures, and what is expected; docs/failures.md shows it to users. A port that
// refuses does so to everybody, so this file runs alone (see run).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { createDefaultHttpClient } from "@azure/core-rest-pipeline";
import { KeyClient } from "@azure/keyvault-keys";

import { askControl, credential, dev, newName } from "./support.mjs";

const rows = JSON.parse(readFileSync(process.env.SDK_FAILURES, "utf8"));

// The control port answers without a body, which askControl() would want.
const remove = (id) => askControl(`/control/v1/faults/${id}`, {}, "DELETE").catch((error) => {
    assert.ok(error instanceof SyntaxError, error);
});

// Tries and the error, of a client of its own that knows the vault, or none yet.
async function measure(row, operate, name) {
    let tries = 0;
    const counts = {
        name: "counts",
        sendRequest(request, next) {
            tries++;
            return next(request);
        },
    };
    const client = new KeyClient(dev.vaultUrl, credential, {
        httpClient: createDefaultHttpClient(), // others share their connections
        retryOptions: { maxRetries: 2, retryDelayInMs: 10, maxRetryDelayInMs: 50 },
        additionalPolicies: [{ policy: counts, position: "perRetry" }],
    });
    const rule = { ...row.rule, id: newName("rule"), ttl: 60 };
    if (!row.connection) {
        await client.getKey(name);
        rule.match = { key: name };
    }
    await askControl("/control/v1/faults", rule);
    tries = 0;
    try {
        await operate(client, name, row.patience ? { requestOptions: { timeout: row.patience } } : {});
        return [tries, "none"];
    } catch (error) {
        return [tries, [error.name, error.code].filter(Boolean).join(" ")];
    } finally {
        await remove(rule.id);
    }
}

test("a failure is met as the table says", async () => {
    const name = newName("failing");
    const read = (client, name, options) => client.getKey(name, options);
    const write = (client, name, options) => client.createEcKey(name, options);
    const found = {};
    await dev.createEcKey(name);
    for (const row of rows) {
        found[row.fault] = [
            ...await measure(row, read, name), ...await measure(row, write, name),
        ];
        assert.equal((await dev.getKey(name)).name, name, row.fault); // it has healed
    }
    assert.deepEqual(found, Object.fromEntries(rows.map((row) => [row.fault, row.js])));
});
