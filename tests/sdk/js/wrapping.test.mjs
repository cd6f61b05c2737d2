// SPDX-License-Identifier: Apache-2.0
// What a consumer of customer-managed keys does: wrap its data key, rotate, unwrap.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, test } from "node:test";

import { cryptoOf, dev, isRefused, newDataKey, newName, remoteOf } from "./support.mjs";

// With the longest value that a key of 2048 bits takes: contract §8.1.
const algorithms = { "RSA1_5": 245, "RSA-OAEP": 214, "RSA-OAEP-256": 190 };

describe("a data key", () => {
    const dataKey = newDataKey();
    let key, crypto, remote;
    before(async () => {
        key = await dev.createRsaKey(newName("wrap"));
        crypto = cryptoOf(key.id);
        remote = remoteOf(key.id);
    });

    for (const [algorithm, longest] of Object.entries(algorithms)) {
        test(`wrapped with ${algorithm} is unwrapped`, async () => {
            const wrapped = await crypto.wrapKey(algorithm, dataKey);
            const unwrapped = await crypto.unwrapKey(algorithm, wrapped.result);

            assert.equal(wrapped.result.length, 256);
            assert.equal(unwrapped.keyID, key.id);
            assert.deepEqual(Buffer.from(unwrapped.result), dataKey);
        });

        test(`wrapped by the server with ${algorithm} is unwrapped`, async () => {
            const wrapped = await remote.wrapKey(algorithm, dataKey);
            const unwrapped = await crypto.unwrapKey(algorithm, wrapped.result);

            assert.equal(wrapped.keyID, key.id);
            assert.deepEqual(Buffer.from(unwrapped.result), dataKey);
        });

        test(`encrypted with ${algorithm}, here or there, is decrypted`, async () => {
            const here = await crypto.encrypt({ algorithm, plaintext: dataKey });
            const there = await remote.encrypt({ algorithm, plaintext: dataKey });

            for (const { result: ciphertext } of [here, there]) {
                const { result } = await crypto.decrypt({ algorithm, ciphertext });
                assert.deepEqual(Buffer.from(result), dataKey);
            }
        });

        test(`may be as long as the padding of ${algorithm} lets it`, async () => {
            const plaintext = randomBytes(longest);
            const { result: ciphertext } = await remote.encrypt({ algorithm, plaintext });
            const { result } = await remote.decrypt({ algorithm, ciphertext });
            const longer = { algorithm, plaintext: randomBytes(longest + 1) };

            assert.deepEqual(Buffer.from(result), plaintext);
            await isRefused(remote.encrypt(longer), 400, "BadParameter");
        });

        test(`changed on its way is refused (${algorithm})`, async () => {
            const { result } = await crypto.wrapKey(algorithm, dataKey);
            result[100] ^= 1;

            await isRefused(crypto.unwrapKey(algorithm, result), 400, "BadParameter");
        });
    }

    test("wrapped with one padding is refused with another", async () => {
        const { result } = await crypto.wrapKey("RSA-OAEP", dataKey);

        await isRefused(crypto.unwrapKey("RSA-OAEP-256", result), 400, "BadParameter");
    });

    test("is unwrapped by the client that a key client makes", async () => {
        const { result: wrapped } = await crypto.wrapKey("RSA-OAEP", dataKey);
        for (const keyVersion of [undefined, key.properties.version]) {
            const own = dev.getCryptographyClient(key.name, { keyVersion });

            assert.deepEqual(Buffer.from((await own.unwrapKey("RSA-OAEP", wrapped)).result), dataKey);
        }
    });

    test("is unwrapped by a client that has the key's name only", async () => {
        const { result } = await crypto.wrapKey("RSA-OAEP", dataKey);
        const latest = cryptoOf(key.id.slice(0, key.id.lastIndexOf("/")));
        const unwrapped = await latest.unwrapKey("RSA-OAEP", result);

        assert.deepEqual(Buffer.from(unwrapped.result), dataKey);
    });
});

describe("after a rotation", () => {
    const dataKey = newDataKey();
    const name = newName("rotate");
    let first, second, wrapped;
    before(async () => {
        first = await dev.createRsaKey(name);
        wrapped = (await cryptoOf(first.id).wrapKey("RSA-OAEP-256", dataKey)).result;
        second = await dev.createRsaKey(name);
    });

    test("old data is unwrapped with the old version", async () => {
        const { result } = await cryptoOf(first.id).unwrapKey("RSA-OAEP-256", wrapped);

        assert.deepEqual(Buffer.from(result), dataKey);
    });

    test("old data is refused with the new version", () =>
        isRefused(cryptoOf(second.id).unwrapKey("RSA-OAEP-256", wrapped), 400, "BadParameter"));

    test("new data is wrapped with the new version", async () => {
        const latest = await dev.getKey(name);
        const again = await cryptoOf(latest).wrapKey("RSA-OAEP-256", dataKey);
        const { keyID, result } = await cryptoOf(second.id).unwrapKey("RSA-OAEP-256", again.result);

        assert.equal(keyID, second.id);
        assert.deepEqual(Buffer.from(result), dataKey);
    });
});
