// SPDX-License-Identifier: Apache-2.0
// Keys that come from elsewhere: imported, or restored from a backup.
import assert from "node:assert/strict";
import {
    constants, createCipheriv, createPublicKey, generateKeyPairSync, publicEncrypt,
} from "node:crypto";
import { before, beforeEach, describe, test } from "node:test";

import { cryptoOf, dev, isRefused, locked, newDataKey, newName, promptly, remoteOf }
    from "./support.mjs";

const algorithm = "RSA-OAEP-256";

// A private key of Node's as the SDK wants it: with bytes for numbers.
function jwkOf(privateKey, lead = []) {
    const jwk = privateKey.export({ format: "jwk" });
    for (const [name, value] of Object.entries(jwk)) {
        if (name !== "kty" && name !== "crv") {
            const isPublic = "nexy".includes(name);
            jwk[name] = Buffer.from([...(isPublic ? [] : lead), ...Buffer.from(value, "base64url")]);
        }
    }
    return jwk;
}

const toText = (bytes) => Buffer.from(bytes).toString("base64url");

async function deleteKey(client, name) {
    const poller = await client.beginDeleteKey(name, promptly);
    await poller.pollUntilDone();
}

describe("an imported key", () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = jwkOf(privateKey);
    const name = () => newName("import");

    test("unwraps what its owner has wrapped", async () => {
        const dataKey = newDataKey();
        const padding = constants.RSA_PKCS1_OAEP_PADDING;
        const wrapped = publicEncrypt({ key: publicKey, padding, oaepHash: "sha256" }, dataKey);
        const made = await dev.importKey(name(), jwk, { tags: { from: "outside" } });

        assert.equal(made.keyType, "RSA");
        assert.deepEqual(Buffer.from(made.key.n), jwk.n);
        assert.equal(made.key.d, undefined);
        assert.deepEqual(made.properties.tags, { from: "outside" });
        const { result } = await cryptoOf(made).unwrapKey(algorithm, wrapped);
        assert.deepEqual(Buffer.from(result), dataKey);
    });
    test("may be of the HSM kind", async () => {
        const made = await dev.importKey(name(), jwk, { hardwareProtected: true });

        assert.equal(made.keyType, "RSA-HSM");
    });
    test("may have zeros before its numbers", async () => {
        const made = await dev.importKey(name(), jwkOf(privateKey, [0]));

        assert.deepEqual(Buffer.from(made.key.n), jwk.n);
    });
    test("is a new version where the name is in use", async () => {
        const first = await dev.createEcKey(name());
        const second = await dev.importKey(first.name, jwk);

        assert.notEqual(second.id, first.id);
        assert.equal((await dev.getKey(first.name)).id, second.id);
    });
    for (const [curve, itsName, alg, length] of [
        ["P-256", "P-256", "ES256", 32],
        ["secp256k1", "P-256K", "ES256K", 32],
        ["P-384", "P-384", "ES384", 48],
        ["P-521", "P-521", "ES512", 64],
    ]) {
        test(`may be one on ${itsName}`, async () => {
            const own = generateKeyPairSync("ec", { namedCurve: curve });
            const given = { ...jwkOf(own.privateKey), crv: itsName };
            const made = await dev.importKey(name(), given);
            const digest = Buffer.alloc(length, 7);
            const { result } = await cryptoOf(made).sign(alg, digest);

            assert.deepEqual(Buffer.from(made.key.x), given.x);
            assert.ok((await remoteOf(made.id).verify(alg, digest, result)).result);
        });
    }
    test("is refused when its numbers do not fit", async () => {
        const d = Buffer.from(jwk.d);
        d[0] ^= 1;
        await isRefused(dev.importKey(name(), { ...jwk, d }), 400, "BadParameter");
    });
    test("is refused without a private half", () => {
        const { kty, n, e } = jwk;
        return isRefused(dev.importKey(name(), { kty, n, e }), 400, "BadParameter");
    });
    test("is refused under the name of a deleted one", async () => {
        const gone = await dev.createEcKey(name());
        await deleteKey(dev, gone.name);
        await isRefused(dev.importKey(gone.name, jwk), 409, "Conflict",
            "ObjectIsDeletedButRecoverable");
    });
});

// RSA-OAEP around an AES key, and that around the key itself.
describe("a key that comes wrapped for the HSM", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    let exchange;
    const blobOf = (secret) => {
        const { n, e } = exchange.key;
        const jwk = { kty: "RSA", n: toText(n), e: toText(e) };
        const aes = newDataKey();
        const wrap = createCipheriv("id-aes256-wrap-pad", aes, Buffer.from("a65959a6", "hex"));
        const wrapped = Buffer.concat([
            publicEncrypt({ key: createPublicKey({ key: jwk, format: "jwk" }) }, aes),
            wrap.update(secret.export({ format: "der", type: "pkcs8" })),
            wrap.final(),
        ]);
        return Buffer.from(JSON.stringify({
            schema_version: "1.0.0",
            header: { kid: exchange.id, alg: "dir", enc: "CKM_RSA_AES_KEY_WRAP" },
            ciphertext: toText(wrapped),
            generator: "test",
        }));
    };
    const send = (secret) => {
        const { crv, x, y } = jwkOf(privateKey);
        const jwk = { kty: "EC-HSM", crv, x, y, t: blobOf(secret) };
        return dev.importKey(newName("wrapped"), jwk);
    };
    before(async () => {
        exchange = await dev.createRsaKey(newName("exchange"), { hsm: true, keyOps: ["import"] });
    });

    test("is imported", async () => {
        const made = await send(privateKey);
        const digest = Buffer.alloc(32, 7);
        const { result } = await cryptoOf(made).sign("ES256", digest);

        assert.equal(made.keyType, "EC-HSM");
        assert.ok((await remoteOf(made.id).verify("ES256", digest, result)).result);
    });
    test("is refused when it is another one", () => {
        const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
        return isRefused(send(other.privateKey), 400, "BadParameter");
    });
});

describe("a backup", () => {
    let name, first, second, backup;
    const purge = async () => {
        await deleteKey(dev, name);
        await dev.purgeDeletedKey(name);
    };
    beforeEach(async () => {
        name = newName("backup");
        first = await dev.createEcKey(name, { curve: "P-384", tags: { kept: "yes" } });
        second = await dev.createEcKey(name, { enabled: false });
        backup = await dev.backupKey(name);
    });

    test("brings a purged key back as it was", async () => {
        await purge();

        assert.deepEqual(await dev.restoreKeyBackup(backup), second);
        assert.deepEqual(await dev.getKey(name, { version: first.properties.version }), first);
    });
    test("brings back what unwraps", async () => {
        const dataKey = newDataKey();
        const key = await dev.createRsaKey(name);
        const { result: wrapped } = await cryptoOf(key).wrapKey(algorithm, dataKey);
        const later = await dev.backupKey(name);
        await purge();
        const restored = await dev.restoreKeyBackup(later);
        const { result } = await cryptoOf(restored).unwrapKey(algorithm, wrapped);

        assert.deepEqual(Buffer.from(result), dataKey);
    });
    test("keeps the rotation policy", async () => {
        const lifetimeActions = [{ action: "Rotate", timeAfterCreate: "P1Y" }];
        await dev.updateKeyRotationPolicy(name, { expiresIn: "P2Y", lifetimeActions });
        const later = await dev.backupKey(name);
        await purge();
        await dev.restoreKeyBackup(later);

        assert.equal((await dev.getKeyRotationPolicy(name)).expiresIn, "P2Y");
    });
    test("is restored in another vault", async () => {
        const restored = await locked.restoreKeyBackup(backup);

        assert.equal(restored.properties.vaultUrl, new URL(locked.vaultUrl).origin);
        assert.equal(restored.properties.version, second.properties.version);
        assert.deepEqual(restored.key.x, second.key.x);
        assert.equal(restored.properties.recoveryLevel, "Recoverable");
    });
    test("does not replace a living key", () =>
        isRefused(dev.restoreKeyBackup(backup), 409, "Conflict"));
    test("does not replace a deleted key", async () => {
        await deleteKey(dev, name);
        await isRefused(dev.restoreKeyBackup(backup), 409, "Conflict",
            "ObjectIsDeletedButRecoverable");
    });
    test("that was tampered with is refused", async () => {
        await purge();
        backup[backup.length - 9] ^= 1;
        for (const changed of [Buffer.from("garbage"), backup]) {
            await isRefused(dev.restoreKeyBackup(changed), 400, "Malformed backup blob");
        }
    });
    test("of an unknown key is refused", () =>
        isRefused(dev.backupKey(newName("missing")), 404, "KeyNotFound"));
});
