// SPDX-License-Identifier: Apache-2.0
// Signatures, with keys of every kind that makes some. This client verifies data with an RSA key
// itself, and leaves digests and EC keys to the server.
import assert from "node:assert/strict";
import { createHash, createPublicKey, verify } from "node:crypto";
import { before, describe, test } from "node:test";

import { cryptoOf, dev, isRefused, newName, remoteOf } from "./support.mjs";

const data = Buffer.from("what is to be signed");
const digestOf = (algorithm, text) =>
    createHash(`sha${algorithm.slice(2, 5)}`).update(text).digest();

const rsa = ["RS", "PS"].flatMap((family) => [256, 384, 512].map((bits) => `${family}${bits}`));
// Algorithm, curve, and how long a signature is: two numbers as long as a coordinate.
const ec = [
    ["ES256", "P-256", 64],
    ["ES256K", "P-256K", 64],
    ["ES384", "P-384", 96],
    ["ES512", "P-521", 132],
];

// What Node makes of the public key of an EC key.
function publicKeyOf({ key: { crv, x, y } }) {
    const jwk = {
        kty: "EC",
        crv: crv === "P-256K" ? "secp256k1" : crv,
        x: Buffer.from(x).toString("base64url"),
        y: Buffer.from(y).toString("base64url"),
    };
    return { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
}

async function isSigned(key, algorithm, length) {
    const digest = digestOf(algorithm, data);
    const other = digestOf(algorithm, "something else");
    const { result, keyID } = await cryptoOf(key).sign(algorithm, digest);

    assert.equal(keyID, key.id);
    assert.equal(result.length, length);
    for (const crypto of [cryptoOf(key), remoteOf(key.id)]) {
        assert.ok((await crypto.verify(algorithm, digest, result)).result);
        assert.ok(!(await crypto.verify(algorithm, other, result)).result);
    }
    return result;
}

describe("creating", () => {
    for (const [, curve, length] of ec) {
        test(`makes EC keys on ${curve}`, async () => {
            for (const hsm of [false, true]) {
                const made = await dev.createEcKey(newName("ec"), { curve, hsm });

                assert.equal(made.keyType, hsm ? "EC-HSM" : "EC");
                assert.equal(made.key.crv, curve);
                assert.equal(made.key.x.length, length / 2);
                assert.equal(made.key.y.length, length / 2);
                assert.deepEqual(made.keyOperations, ["sign", "verify"]);
            }
        });
    }
    test("takes P-256 where no curve is named", async () => {
        assert.equal((await dev.createKey(newName("ec"), "EC")).key.crv, "P-256");
    });
    test("refuses a curve that is none", () =>
        isRefused(dev.createEcKey(newName("odd"), { curve: "P-512" }), 400, "BadParameter"));
    test("refuses operations that an EC key does not have", () =>
        isRefused(dev.createEcKey(newName("odd"), { keyOps: ["wrapKey"] }), 400, "BadParameter"));
});

describe("a signature by an EC key", () => {
    for (const [algorithm, curve, length] of ec) {
        test(`is made with ${algorithm}`, async () => {
            const key = await dev.createEcKey(newName("sign"), { curve });
            const signature = await isSigned(key, algorithm, length);
            const hash = `sha${algorithm.slice(2, 5)}`;

            assert.ok(verify(hash, data, publicKeyOf(key), signature));
        });
        test(`of data is made with ${algorithm}, by a key of the HSM kind`, async () => {
            const key = await dev.createEcKey(newName("sign"), { curve, hsm: true });
            const { result } = await cryptoOf(key).signData(algorithm, data);
            const verified = await cryptoOf(key).verifyData(algorithm, data, result);

            assert.equal(result.length, length);
            assert.ok(verified.result);
        });
    }
});

describe("a signature by an RSA key", () => {
    let key;
    before(async () => {
        key = await dev.createRsaKey(newName("sign"));
    });

    for (const algorithm of rsa) {
        test(`is made with ${algorithm}`, () => isSigned(key, algorithm, 256));
    }
    for (const algorithm of rsa.slice(0, 3)) {
        test(`of data is made there and verified here with ${algorithm}`, async () => {
            const { result } = await cryptoOf(key).signData(algorithm, data);
            const local = cryptoOf(key.key);

            assert.ok((await local.verifyData(algorithm, data, result)).result);
            assert.ok(!(await local.verifyData(algorithm, "other", result)).result);
        });
    }
});

describe("signing is refused", () => {
    const digest = Buffer.alloc(32);
    const hours = (count) => new Date(Date.now() + count * 3600 * 1000);
    let rsaKey, ecKey;
    before(async () => {
        rsaKey = await dev.createRsaKey(newName("refuses"));
        ecKey = await dev.createEcKey(newName("refuses"));
    });

    test("for a digest of the wrong length", async () => {
        await isRefused(cryptoOf(rsaKey).sign("RS256", Buffer.alloc(31)), 400, "BadParameter");
        await isRefused(cryptoOf(ecKey).sign("ES256", Buffer.alloc(33)), 400, "BadParameter");
    });
    test("with an algorithm of another curve", () =>
        isRefused(cryptoOf(ecKey).sign("ES256K", digest), 400, "BadParameter"));
    test("with an algorithm of another kind of key", async () => {
        await isRefused(cryptoOf(rsaKey).sign("ES256", digest), 400, "BadParameter");
        await isRefused(cryptoOf(ecKey).sign("RS256", digest), 400, "BadParameter");
    });
    test("by a key that may only verify", async () => {
        const { id } = await dev.createEcKey(newName("verifies"), { keyOps: ["verify"] });

        await assert.rejects(cryptoOf(id).sign("ES256", digest), /is not supported/);
        await isRefused(remoteOf(id).sign("ES256", digest), 403, "Forbidden",
            "KeyOperationForbidden");
    });
    test("by a disabled key, which does not verify either", async () => {
        const { id } = await dev.createEcKey(newName("disabled"), { enabled: false });
        const signature = Buffer.alloc(64);

        await isRefused(cryptoOf(id).sign("ES256", digest), 403, "Forbidden", "KeyDisabled");
        await isRefused(cryptoOf(id).verify("ES256", digest, signature), 403, "Forbidden",
            "KeyDisabled");
    });
    test("by an expired key, which still verifies", async () => {
        const { id, name } = await dev.createEcKey(newName("expired"));
        const { result } = await cryptoOf(id).sign("ES256", digest);
        await dev.updateKeyProperties(name, { expiresOn: hours(-1) });

        await isRefused(remoteOf(id).sign("ES256", digest), 403, "Forbidden", "KeyExpired");
        assert.ok((await remoteOf(id).verify("ES256", digest, result)).result);
    });
});
