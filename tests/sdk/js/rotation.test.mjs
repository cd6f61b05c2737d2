// SPDX-License-Identifier: Apache-2.0
// Rotation, and the policy that asks for it.
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";

import { cryptoOf, dev, isRefused, newDataKey, newName } from "./support.mjs";

const day = 24 * 3600 * 1000;
const notify = { action: "Notify", timeBeforeExpiry: "P30D" };

// What is said, without what is not.
const said = (actions) => actions.map((one) => JSON.parse(JSON.stringify(one)));

describe("a rotated key", () => {
    const name = newName("rotated");
    const keyOps = ["wrapKey", "unwrapKey"];
    let first, second;
    before(async () => {
        first = await dev.createRsaKey(name, { keyOps });
        second = await dev.rotateKey(name);
    });

    test("has a new version of the same kind", () => {
        assert.notEqual(second.properties.version, first.properties.version);
        assert.notDeepEqual(second.key.n, first.key.n);
        assert.equal(second.key.n.length, 256);
        assert.deepEqual(second.keyOperations, keyOps);
        assert.equal(second.properties.expiresOn, undefined);
    });
    test("keeps its curve", async () => {
        const { name: other } = await dev.createEcKey(newName("rotated"), { curve: "P-384" });

        assert.equal((await dev.rotateKey(other)).key.crv, "P-384");
    });
    test("is at its new version", async () => {
        assert.deepEqual(await dev.getKey(name), second);
    });
    test("still unwraps with the old one", async () => {
        const dataKey = newDataKey();
        const { result: wrapped } = await cryptoOf(first).wrapKey("RSA-OAEP", dataKey);
        const { result } = await cryptoOf(first).unwrapKey("RSA-OAEP", wrapped);

        assert.deepEqual(Buffer.from(result), dataKey);
        await isRefused(cryptoOf(second).unwrapKey("RSA-OAEP", wrapped), 400, "BadParameter");
    });
});

describe("an unknown key", () => {
    const missing = newName("missing");

    test("is not rotated", () => isRefused(dev.rotateKey(missing), 404, "KeyNotFound"));
    test("has no policy", () => isRefused(dev.getKeyRotationPolicy(missing), 404, "KeyNotFound"));
    test("takes no policy", () =>
        isRefused(dev.updateKeyRotationPolicy(missing, { lifetimeActions: [notify] }), 404,
            "KeyNotFound"));
});

describe("a rotation policy", () => {
    let name;
    const put = (expiresIn, ...lifetimeActions) =>
        dev.updateKeyRotationPolicy(name, { expiresIn, lifetimeActions });
    beforeEach(async () => {
        name = newName("policy");
        await dev.createEcKey(name);
    });

    test("notifies when nobody made one", async () => {
        const policy = await dev.getKeyRotationPolicy(name);

        assert.deepEqual(said(policy.lifetimeActions), [notify]);
        assert.equal(policy.id, undefined);
        assert.equal(policy.expiresIn, undefined);
    });
    test("is read back as it was written", async () => {
        const rotate = { action: "Rotate", timeAfterCreate: "P18M" };
        const written = await put("P48M", rotate, notify);
        const read = await dev.getKeyRotationPolicy(name);

        assert.deepEqual(said(read.lifetimeActions), [rotate, notify]);
        assert.equal(read.expiresIn, "P48M");
        assert.equal(read.id, `${new URL(dev.vaultUrl).origin}/keys/${name}/rotationpolicy`);
        assert.deepEqual(read.updatedOn, read.createdOn);
        assert.deepEqual(written, read);
    });
    test("replaces the one before", async () => {
        await put("P2Y", { action: "Rotate", timeBeforeExpiry: "P60D" });
        const policy = await put("P90D", { action: "Notify", timeBeforeExpiry: "P14D" });

        assert.deepEqual(said(policy.lifetimeActions), [
            { action: "Notify", timeBeforeExpiry: "P14D" },
        ]);
        assert.equal(policy.expiresIn, "P90D");
    });
    test("lets new versions expire", async () => {
        await put("P90D", { action: "Rotate", timeAfterCreate: "P30D" });

        for (const { properties } of [await dev.rotateKey(name), await dev.createEcKey(name)]) {
            assert.equal(properties.expiresOn - properties.createdOn, 90 * day);
        }
    });
    test("that rotates before an expiry it does not set is refused", () =>
        isRefused(put(undefined, { action: "Rotate", timeBeforeExpiry: "P30D" }), 400,
            "BadParameter"));
    test("that rotates too soon is refused", () =>
        isRefused(put("P90D", { action: "Rotate", timeAfterCreate: "P6D" }), 400, "BadParameter"));
    test("that lets keys expire too soon is refused", () =>
        isRefused(put("P27D", { action: "Notify", timeBeforeExpiry: "P7D" }), 400,
            "BadParameter"));
});
