// SPDX-License-Identifier: Apache-2.0
// Disabled, expired, not yet valid, and keys that may not do everything. The client checks dates
// and operations itself, so the server is asked past it, or by a client that knew the key before.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import {
    cryptoOf, dev, isRefused, isRefusedRemotely, newDataKey, newName, remotely,
} from "./support.mjs";

const alg = "RSA-OAEP-256";
const dataKey = newDataKey();
const hours = (count) => new Date(Date.now() + count * 3600 * 1000);

describe("a disabled version", () => {
    const name = newName("disabled");
    let first, second, crypto, wrapped;
    const setEnabled = (enabled) =>
        dev.updateKeyProperties(name, first.properties.version, { enabled });
    before(async () => {
        first = await dev.createRsaKey(name);
        second = await dev.createRsaKey(name);
        crypto = cryptoOf(first);
        wrapped = (await crypto.wrapKey(alg, dataKey)).result;
        await setEnabled(false);
    });

    test("does not unwrap", () =>
        isRefused(crypto.unwrapKey(alg, wrapped), 403, "Forbidden", "KeyDisabled"));
    test("does not decrypt", () =>
        isRefused(crypto.decrypt({ algorithm: alg, ciphertext: wrapped }), 403, "Forbidden",
            "KeyDisabled"));
    for (const operation of ["wrapkey", "encrypt"]) {
        test(`does not ${operation}`, () =>
            isRefusedRemotely(first.id, operation, alg, dataKey, 403, "Forbidden", "KeyDisabled"));
    }
    test("is shown", async () => {
        const { properties } = await dev.getKey(name, { version: first.properties.version });

        assert.equal(properties.enabled, false);
    });
    test("does not keep the other from working", async () => {
        const other = cryptoOf(second);
        const { result } = await other.wrapKey(alg, dataKey);

        assert.deepEqual(Buffer.from((await other.unwrapKey(alg, result)).result), dataKey);
    });
    test("works again when it is enabled", async () => {
        await setEnabled(true);

        assert.deepEqual(Buffer.from((await crypto.unwrapKey(alg, wrapped)).result), dataKey);
    });
});

for (const [state, dates, inner, words] of [
    ["an expired key", { expiresOn: hours(-1) }, "KeyExpired", /expired at/],
    ["a key before its time", { notBefore: hours(1) }, "KeyNotYetValid", /can't be used before/],
]) {
    describe(state, () => {
        let key, wrapped;
        before(async () => {
            key = await dev.createRsaKey(newName("dated"));
            wrapped = (await cryptoOf(key).wrapKey(alg, dataKey)).result;
            await dev.updateKeyProperties(key.name, key.properties.version, dates);
        });

        test("is refused by the client", () =>
            assert.rejects(cryptoOf(key.id).wrapKey(alg, dataKey), words));
        for (const operation of ["wrapkey", "encrypt"]) {
            test(`does not ${operation} new data`, () =>
                isRefusedRemotely(key.id, operation, alg, dataKey, 403, "Forbidden", inner));
        }
        for (const operation of ["unwrapkey", "decrypt"]) {
            test(`still does ${operation} for old data`, async () => {
                const { value } = await remotely(key.id, operation, alg, Buffer.from(wrapped));

                assert.deepEqual(value, dataKey);
            });
        }
    });
}

describe("a key that may only wrap", () => {
    let key, wrapped;
    before(async () => {
        key = await dev.createRsaKey(newName("only-wrap"), { keyOps: ["wrapKey"] });
        wrapped = (await cryptoOf(key).wrapKey(alg, dataKey)).result;
    });

    test("is refused by the client for anything else", () =>
        assert.rejects(cryptoOf(key.id).unwrapKey(alg, wrapped), /is not supported/));
    for (const operation of ["unwrapkey", "decrypt", "encrypt"]) {
        test(`does not ${operation}`, () =>
            isRefusedRemotely(key.id, operation, alg, Buffer.from(wrapped), 403, "Forbidden",
                "KeyOperationForbidden"));
    }
    test("unwraps once it may", async () => {
        await dev.updateKeyProperties(key.name, key.properties.version, {
            keyOps: ["wrapKey", "unwrapKey"],
        });
        const { result } = await cryptoOf(key.id).unwrapKey(alg, wrapped);

        assert.deepEqual(Buffer.from(result), dataKey);
    });
});
