// SPDX-License-Identifier: Apache-2.0
// Delete, recover, purge, and a vault that protects from it.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { collect, cryptoOf, dev, isRefused, locked, newDataKey, newName, promptly }
    from "./support.mjs";

const alg = "RSA-OAEP-256";
const dataKey = newDataKey();
const day = 24 * 3600 * 1000;

async function deleteKey(client, name) {
    const poller = await client.beginDeleteKey(name, promptly);
    return poller.pollUntilDone();
}

describe("a deleted key", () => {
    const name = newName("deleted");
    let first, second, crypto, wrapped, deleted;
    before(async () => {
        first = await dev.createRsaKey(name, { tags: { kept: "yes" } });
        second = await dev.createEcKey(name, { enabled: false });
        crypto = cryptoOf(first);
        wrapped = (await crypto.wrapKey(alg, dataKey)).result;
        deleted = await deleteKey(dev, name);
    });

    test("says until when it can be recovered", () => {
        const { deletedOn, scheduledPurgeDate, recoveryId, version } = deleted.properties;

        assert.equal(version, second.properties.version);
        assert.equal(recoveryId, `${deleted.properties.vaultUrl}/deletedkeys/${name}`);
        assert.equal(scheduledPurgeDate - deletedOn, 90 * day);
    });
    test("is shown among the deleted", async () => {
        assert.deepEqual((await dev.getDeletedKey(name)).properties, deleted.properties);
    });
    test("is not found any more", () => isRefused(dev.getKey(name), 404, "KeyNotFound"));
    test("does not unwrap", () => isRefused(crypto.unwrapKey(alg, wrapped), 404, "KeyNotFound"));
    test("has no versions", async () => {
        assert.deepEqual(await collect(dev.listPropertiesOfKeyVersions(name)), []);
    });
    test("cannot be deleted again", () =>
        isRefused(dev.beginDeleteKey(name), 404, "KeyNotFound"));
    test("keeps its name", () =>
        isRefused(dev.createRsaKey(name), 409, "Conflict", "ObjectIsDeletedButRecoverable"));

    test("comes back as it was when it is recovered", async () => {
        const poller = await dev.beginRecoverDeletedKey(name, promptly);
        const recovered = await poller.pollUntilDone();
        const old = await dev.getKey(name, { version: first.properties.version });

        assert.equal(recovered.properties.version, second.properties.version);
        assert.deepEqual(await dev.getKey(name), second);
        assert.deepEqual(old, first);
        assert.deepEqual(Buffer.from((await crypto.unwrapKey(alg, wrapped)).result), dataKey);
        await isRefused(dev.getDeletedKey(name), 404, "KeyNotFound");
    });
});

describe("a name nobody has", () => {
    const missing = newName("missing");

    test("is not among the deleted", () =>
        isRefused(dev.getDeletedKey(missing), 404, "KeyNotFound"));
    test("cannot be recovered", () =>
        isRefused(dev.beginRecoverDeletedKey(missing, promptly), 404, "KeyNotFound"));
    test("cannot be purged", () =>
        isRefused(dev.purgeDeletedKey(missing), 404, "KeyNotFound"));
});

describe("a purged key", () => {
    const name = newName("purged");
    let key;
    before(async () => {
        key = await dev.createEcKey(name);
        await deleteKey(dev, name);
        await dev.purgeDeletedKey(name);
    });

    test("is not found among the deleted", () =>
        isRefused(dev.getDeletedKey(name), 404, "KeyNotFound"));
    test("cannot be recovered", () =>
        isRefused(dev.beginRecoverDeletedKey(name, promptly), 404, "KeyNotFound"));
    test("leaves its name to another", async () => {
        const other = await dev.createEcKey(name);

        assert.notEqual(other.properties.version, key.properties.version);
        assert.equal((await collect(dev.listPropertiesOfKeyVersions(name))).length, 1);
    });
});

describe("a vault with purge protection", () => {
    const name = newName("protected");
    before(async () => {
        await locked.createEcKey(name);
        await deleteKey(locked, name);
    });

    test("shows it in the recovery level", async () => {
        const { properties } = await locked.getDeletedKey(name);

        assert.equal(properties.recoveryLevel, "Recoverable");
    });
    test("does not purge", () => isRefused(locked.purgeDeletedKey(name), 403, "Forbidden"));
    test("recovers", async () => {
        const poller = await locked.beginRecoverDeletedKey(name, promptly);
        await poller.pollUntilDone();

        assert.equal((await locked.getKey(name)).name, name);
    });
});

describe("the list of deleted keys", () => {
    const names = [1, 2, 3].map(() => newName("gone"));
    before(async () => {
        for (const name of names) {
            await dev.createEcKey(name);
            await deleteKey(dev, name);
        }
    });

    test("comes in pages that together hold every key once", async () => {
        const pages = await collect(dev.listDeletedKeys().byPage({ maxPageSize: 1 }));
        const listed = pages.flat().map(({ name }) => name);

        assert.ok(pages.every((page) => page.length <= 1));
        for (const name of names) {
            assert.equal(listed.filter((one) => one === name).length, 1, name);
        }
    });
});
