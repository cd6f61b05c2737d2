// SPDX-License-Identifier: Apache-2.0
// Disabled, expired, not yet valid, and keys that may not do everything. With the public key in
// hand a client checks dates and operations itself, so most is asked by clients that have none.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { cryptoOf, dev, isRefused, newDataKey, newName, remoteOf } from "./support.mjs";

const alg = "RSA-OAEP-256";
const dataKey = newDataKey();
const takesIn = {
    wrapKey: (crypto) => crypto.wrapKey(alg, dataKey),
    encrypt: (crypto) => crypto.encrypt({ algorithm: alg, plaintext: dataKey }),
};
const givesOut = {
    unwrapKey: (crypto, value) => crypto.unwrapKey(alg, value),
    decrypt: (crypto, value) => crypto.decrypt({ algorithm: alg, ciphertext: value }),
};
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

    for (const [name, operate] of Object.entries({ ...takesIn, ...givesOut })) {
        test(`does not ${name}`, () =>
            isRefused(operate(remoteOf(first.id), wrapped), 403, "Forbidden", "KeyDisabled"));
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
        for (const [name, operate] of Object.entries(takesIn)) {
            test(`does not ${name} new data`, () =>
                isRefused(operate(remoteOf(key.id)), 403, "Forbidden", inner));
        }
        for (const [name, operate] of Object.entries(givesOut)) {
            test(`still does ${name} for old data`, async () => {
                const { result } = await operate(remoteOf(key.id), wrapped);

                assert.deepEqual(Buffer.from(result), dataKey);
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
    for (const [name, operate] of Object.entries({ encrypt: takesIn.encrypt, ...givesOut })) {
        test(`does not ${name}`, () =>
            isRefused(operate(remoteOf(key.id), wrapped), 403, "Forbidden",
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
