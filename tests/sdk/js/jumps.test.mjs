// SPDX-License-Identifier: Apache-2.0
// Clients that are kept while the server's clock jumps, with the token that they keep themselves.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { askControl, dev, isRefused, newDataKey, newName, promptly, remoteOf } from "./support.mjs";

const move = (order) => askControl("/control/v1/clock", order);

describe("a client that is kept", () => {
    let key, crypto;

    beforeEach(async () => {
        key = await dev.createRsaKey(newName("kept"));
        crypto = remoteOf(key.id);
    });
    afterEach(() => move({ reset: true }));

    async function use() {
        const dataKey = newDataKey();
        const { result: wrapped } = await crypto.wrapKey("RSA-OAEP-256", dataKey);
        const { result } = await crypto.unwrapKey("RSA-OAEP-256", wrapped);

        assert.deepEqual(Buffer.from(result), dataKey);
        assert.equal((await dev.getKey(key.name)).id, key.id);
    }

    test("goes on over a jump", async () => {
        await use();
        for (const order of [{ advance: "P90D" }, { advance: "-P120D" }, { frozen: true }]) {
            await move(order);
            await use();
        }
    });
    test("finds a deleted key purged after ninety days", async () => {
        await (await dev.beginDeleteKey(key.name, promptly)).pollUntilDone();
        await move({ advance: "P90D" });
        await isRefused(dev.getDeletedKey(key.name), 404, "KeyNotFound");
    });
    test("is refused once its token was aged, and goes on after a reset", async () => {
        await use();
        await move({ advance: "P2D", tokens: "age" });
        await isRefused(dev.getKey(key.name), 401, "Unauthorized");
        await move({ reset: true });
        await use();
    });
});
