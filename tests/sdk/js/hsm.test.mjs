// SPDX-License-Identifier: Apache-2.0
// A managed HSM: symmetric keys, random bytes, and what it does unlike a vault.
import assert from "node:assert/strict";
import { createCipheriv, randomBytes, X509Certificate } from "node:crypto";
import { before, describe, test } from "node:test";

import { collect, cryptoOf, dev, isRefused, newDataKey, newName, pool, promptly, remoteOf }
    from "./support.mjs";

const sizes = [128, 192, 256];
const iv = randomBytes(16);

describe("a symmetric key", () => {
    const keys = {};
    const client = (size) => cryptoOf(keys[size]);
    before(async () => {
        for (const keySize of sizes) {
            keys[keySize] = await pool.createOctKey(newName("oct"), { keySize, hsm: true });
        }
    });

    test("has nothing to show", () => {
        for (const size of sizes) {
            assert.equal(keys[size].keyType, "oct-HSM");
            assert.equal(keys[size].key.k, undefined);
        }
    });
    for (const size of sizes) {
        test(`encrypts and authenticates with A${size}GCM`, async () => {
            const algorithm = `A${size}GCM`;
            const plaintext = randomBytes(35);
            const additionalAuthenticatedData = Buffer.from("about it");
            const sealed = await client(size)
                .encrypt({ algorithm, plaintext, additionalAuthenticatedData });
            const open = (changes) => client(size).decrypt({
                algorithm,
                ciphertext: sealed.result,
                iv: sealed.iv,
                authenticationTag: sealed.authenticationTag,
                additionalAuthenticatedData,
                ...changes,
            });

            assert.equal(sealed.iv.length, 12);
            assert.equal(sealed.authenticationTag.length, 16);
            assert.deepEqual(Buffer.from((await open()).result), plaintext);
            for (const changed of ["authenticationTag", "additionalAuthenticatedData"]) {
                await isRefused(open({ [changed]: Buffer.alloc(16) }), 400, "BadParameter");
            }
        });
        for (const [algorithm, length, sealedLength] of [
            [`A${size}CBC`, 32, 32],
            [`A${size}CBCPAD`, 35, 48],
        ]) {
            test(`encrypts with ${algorithm}`, async () => {
                const plaintext = randomBytes(length);
                const sealed = await client(size).encrypt({ algorithm, plaintext, iv });
                const ciphertext = sealed.result;
                const { result } = await client(size).decrypt({ algorithm, ciphertext, iv });

                assert.equal(ciphertext.length, sealedLength);
                assert.deepEqual(Buffer.from(result), plaintext);
            });
        }
        test(`wraps with A${size}KW`, async () => {
            const dataKey = newDataKey();
            const { result: wrapped } = await client(size).wrapKey(`A${size}KW`, dataKey);
            const { result } = await client(size).unwrapKey(`A${size}KW`, wrapped);

            assert.equal(wrapped.length, 40);
            assert.deepEqual(Buffer.from(result), dataKey);
            wrapped[39] ^= 1;
            await isRefused(client(size).unwrapKey(`A${size}KW`, wrapped), 400, "BadParameter");
        });
    }
    for (const [algorithm, length] of [["CKM_AES_KEY_WRAP", 32], ["CKM_AES_KEY_WRAP_PAD", 33]]) {
        test(`wraps with ${algorithm}`, async () => {
            const value = randomBytes(length);
            const { result: wrapped } = await client(256).wrapKey(algorithm, value);
            const { result } = await client(256).unwrapKey(algorithm, wrapped);

            assert.deepEqual(Buffer.from(result), value);
        });
    }
    for (const bits of [256, 384, 512]) {
        test(`authenticates with HS${bits}`, async () => {
            const digest = randomBytes(bits / 8);
            const { result } = await client(256).sign(`HS${bits}`, digest);

            assert.ok((await client(256).verify(`HS${bits}`, digest, result)).result);
            const other = randomBytes(bits / 8);
            assert.ok(!(await client(256).verify(`HS${bits}`, other, result)).result);
        });
    }
    test("is imported", async () => {
        const k = newDataKey();
        const plaintext = newDataKey();
        const made = await pool.importKey(newName("import"), { kty: "oct-HSM", k });
        const { result } = await cryptoOf(made)
            .encrypt({ algorithm: "A256CBC", plaintext, iv });
        const byItself = createCipheriv("aes-256-cbc", k, iv).setAutoPadding(false);

        assert.equal(made.keyType, "oct-HSM");
        assert.equal(made.key.k, undefined);
        assert.deepEqual(Buffer.from(result),
            Buffer.concat([byItself.update(plaintext), byItself.final()]));
    });
    test("is used without being read", async () => {
        const dataKey = newDataKey();
        const remote = remoteOf(keys[256].id);
        const { result: wrapped } = await remote.wrapKey("A256KW", dataKey);

        assert.deepEqual(Buffer.from((await remote.unwrapKey("A256KW", wrapped)).result), dataKey);
    });
    test("is refused in other sizes", () =>
        isRefused(pool.createOctKey(newName("odd"), { keySize: 64, hsm: true }), 400,
            "BadParameter"));
});

describe("an attestation", () => {
    test("comes with a chain of certificates", async () => {
        const { id, name, properties } = await pool.createEcKey(newName("attested"));

        for (const options of [{}, { version: properties.version }]) {
            const attested = await pool.getKeyAttestation(name, options);
            const { attestation } = attested.properties;
            const pem = Buffer.from(attestation.certificatePemFile).toString();
            const chain = pem.match(/-----BEGIN[^]*?END CERTIFICATE-----/g)
                .map((one) => new X509Certificate(one));

            assert.equal(attested.id, id);
            assert.ok(attestation.publicKeyAttestation.length > 0);
            assert.ok(attestation.privateKeyAttestation.length > 0);
            chain.slice(1).forEach((above, below) =>
                assert.ok(chain[below].verify(above.publicKey)));
        }
    });
    test("of an unknown key is refused", () =>
        isRefused(pool.getKeyAttestation(newName("missing")), 404, "KeyNotFound"));
    test("is not to be had from a vault", async () => {
        const { name } = await dev.createEcKey(newName("attested"));
        await isRefused(dev.getKeyAttestation(name), 400, "BadParameter");
    });
});

describe("a managed HSM", () => {
    test("gives random bytes", async () => {
        for (const count of [1, 16, 128]) {
            assert.equal((await pool.getRandomBytes(count)).length, count);
        }
        assert.notDeepEqual(await pool.getRandomBytes(16), await pool.getRandomBytes(16));
    });
    test("gives no other number of them", async () => {
        for (const count of [-1, 0, 129]) {
            await isRefused(pool.getRandomBytes(count), 400, "BadParameter");
        }
    });
    test("does what a vault does not", () =>
        isRefused(dev.getRandomBytes(16), 400, "BadParameter"));
    test("makes every key one of the HSM kind", async () => {
        assert.equal((await pool.createRsaKey(newName("rsa"))).keyType, "RSA-HSM");
        assert.equal((await pool.createEcKey(newName("ec"))).keyType, "EC-HSM");
    });
    test("says so when a key is not there", () =>
        isRefused(pool.getKey(newName("missing")), 404, "KeyNotFound"));
    test("deletes, recovers and purges", async () => {
        const key = await pool.createEcKey(newName("gone"));
        const { name } = key;
        await (await pool.beginDeleteKey(name, promptly)).pollUntilDone();
        await (await pool.beginRecoverDeletedKey(name, promptly)).pollUntilDone();
        assert.deepEqual(await pool.getKey(name), key);
        await (await pool.beginDeleteKey(name, promptly)).pollUntilDone();
        await pool.purgeDeletedKey(name);

        await isRefused(pool.getDeletedKey(name), 404, "KeyNotFound");
    });
    test("lists its keys in pages", async () => {
        const names = [1, 2, 3].map(() => newName("listed")).sort();
        for (const name of names) {
            await pool.createOctKey(name, { hsm: true });
        }
        const pages = await collect(pool.listPropertiesOfKeys().byPage({ maxPageSize: 2 }));
        const listed = pages.flat().map(({ name }) => name);

        assert.ok(pages.every((page) => page.length <= 2));
        assert.deepEqual(listed.filter((name) => names.includes(name)).sort(), names);
    });
});
