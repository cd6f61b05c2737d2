// SPDX-License-Identifier: Apache-2.0
// Keys, their versions, attributes and lists.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { collect, dev, isRefused, newName } from "./support.mjs";

const anHour = 3600 * 1000;
const inSeconds = (date) => new Date(Math.floor(date.getTime() / 1000) * 1000);

describe("a name nobody has", () => {
    const missing = newName("missing");

    test("cannot be read", () => isRefused(dev.getKey(missing), 404, "KeyNotFound"));
    test("cannot be updated", () =>
        isRefused(dev.updateKeyProperties(missing, { enabled: false }), 404, "KeyNotFound"));
    test("cannot be deleted", () => isRefused(dev.beginDeleteKey(missing), 404, "KeyNotFound"));
    test("has no versions", async () => {
        assert.deepEqual(await collect(dev.listPropertiesOfKeyVersions(missing)), []);
    });
});

describe("creating", () => {
    test("refuses a size that is none", () =>
        isRefused(
            dev.createRsaKey(newName("odd"), { keySize: 1000 }),
            400,
            "BadParameter",
            "KeySizeNotSupported",
        ));

    test("refuses a type that is none of a vault's", () =>
        isRefused(
            dev.createOctKey(newName("oct")),
            400,
            "BadParameter",
            "KeyTypeNotSupported",
        ));

    test("makes a 2048-bit key with the service's defaults", async () => {
        const name = newName("plain");
        const began = inSeconds(new Date());
        const { key, keyType, keyOperations, properties } = await dev.createRsaKey(name);

        assert.equal(keyType, "RSA");
        assert.equal(key.n.length, 256);
        assert.deepEqual(Buffer.from(key.e), Buffer.from([1, 0, 1]));
        assert.deepEqual(
            new Set(keyOperations),
            new Set(["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]),
        );
        assert.match(properties.version, /^[0-9a-f]{32}$/);
        assert.equal(properties.vaultUrl, new URL(dev.vaultUrl).origin);
        assert.equal(properties.id, `${properties.vaultUrl}/keys/${name}/${properties.version}`);
        assert.equal(properties.enabled, true);
        assert.equal(properties.expiresOn, undefined);
        assert.ok(properties.createdOn >= began && properties.createdOn <= new Date());
        assert.deepEqual(properties.updatedOn, properties.createdOn);
        assert.equal(properties.recoveryLevel, "Recoverable+Purgeable");
        assert.equal(properties.recoverableDays, 90);
    });

    test("makes larger keys, and keys of the HSM kind", async () => {
        const larger = await dev.createRsaKey(newName("larger"), { keySize: 3072 });
        const hsm = await dev.createRsaKey(newName("hsm"), { hsm: true });

        assert.equal(larger.key.n.length, 384);
        assert.equal(hsm.keyType, "RSA-HSM");
    });

    test("keeps what it was given", async () => {
        const name = newName("given");
        const given = {
            enabled: false,
            notBefore: inSeconds(new Date(Date.now() - anHour)),
            expiresOn: inSeconds(new Date(Date.now() + anHour)),
            tags: { purpose: "a test", "with blank": "" },
        };
        await dev.createRsaKey(name, { ...given, keyOps: ["unwrapKey", "wrapKey"] });
        const { keyOperations, properties } = await dev.getKey(name);

        assert.deepEqual(keyOperations, ["unwrapKey", "wrapKey"]);
        for (const [property, value] of Object.entries(given)) {
            assert.deepEqual(properties[property], value, property);
        }
    });
});

describe("a second version", () => {
    const name = newName("versions");
    let first, second;
    before(async () => {
        first = await dev.createRsaKey(name, { tags: { number: "1" } });
        second = await dev.createRsaKey(name);
    });

    test("is the latest, and inherits nothing", async () => {
        const latest = await dev.getKey(name);

        assert.equal(latest.properties.version, second.properties.version);
        assert.notDeepEqual(latest.key.n, first.key.n);
        assert.equal(latest.properties.tags, undefined);
    });

    test("leaves the first as it was", async () => {
        const { version } = first.properties;
        const old = await dev.getKey(name, { version });

        assert.deepEqual(old, first);
    });

    test("is listed beside the first", async () => {
        const listed = await collect(dev.listPropertiesOfKeyVersions(name));

        assert.deepEqual(
            new Set(listed.map(({ version }) => version)),
            new Set([first.properties.version, second.properties.version]),
        );
    });

    test("is updated alone", async () => {
        const { version } = second.properties;
        const tags = { number: "2" };
        await dev.updateKeyProperties(name, version, { tags, enabled: false });
        const updated = await dev.getKey(name);
        const old = await dev.getKey(name, { version: first.properties.version });

        assert.deepEqual(updated.properties.tags, tags);
        assert.equal(updated.properties.enabled, false);
        assert.deepEqual(old, first);
    });

    test("is not found under a version nobody made", () =>
        isRefused(dev.getKey(name, { version: "0".repeat(32) }), 404, "KeyNotFound"));
});

describe("the list of keys", () => {
    const prefix = newName("listed");
    const names = [1, 2, 3, 4, 5].map((number) => `${prefix}-${number}`);
    before(async () => {
        for (const name of names) {
            await dev.createEcKey(name, { tags: { prefix } });
        }
    });

    test("comes in pages that together hold every key once", async () => {
        const pages = await collect(dev.listPropertiesOfKeys().byPage({ maxPageSize: 2 }));
        const listed = pages.flat().filter(({ tags }) => tags?.prefix === prefix);

        assert.ok(pages.length > 2 && pages.every((page) => page.length <= 2));
        assert.deepEqual(listed.map(({ name }) => name).sort(), names);
    });

    test("comes without a page size too", async () => {
        const listed = await collect(dev.listPropertiesOfKeys());

        assert.equal(listed.filter(({ name }) => name.startsWith(prefix)).length, names.length);
    });
});
