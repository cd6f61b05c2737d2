// SPDX-License-Identifier: Apache-2.0
// Pollers, with a server that takes its time: they wait, and can be stopped and taken up again.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { advance, dev, isRefused, newName, promptly } from "./support.mjs";

const lag = 60;

// The poller that takes up the work of another one; both find the operation unfinished.
async function takeUp(begin, stopped) {
    await stopped.poll();
    stopped.stopPolling();
    const poller = await begin({ ...promptly, resumeFrom: stopped.toString() });
    await poller.poll();
    assert.equal(poller.isDone(), false);
    return poller;
}

describe("a deletion that takes its time", () => {
    let name;
    const begin = (options = promptly) => dev.beginDeleteKey(name, options);
    beforeEach(async () => {
        ({ name } = await dev.createEcKey(newName("pending")));
    });

    test("is waited for", async () => {
        const poller = await begin();

        assert.equal(poller.isDone(), false);
        await isRefused(dev.getDeletedKey(name), 404, "KeyNotFound");
        await advance(lag);
        assert.equal((await poller.pollUntilDone()).name, name);
        assert.equal((await dev.getDeletedKey(name)).name, name);
    });
    test("is waited for by another poller", async () => {
        const poller = await takeUp(begin, await begin());

        await advance(lag);
        assert.equal((await poller.pollUntilDone()).name, name);
        assert.ok(poller.getOperationState().isCompleted);
    });
    test("keeps the name from being used, and the key from being purged", async () => {
        await begin();

        await isRefused(dev.createEcKey(name), 409, "Conflict", "ObjectIsBeingDeleted");
        await isRefused(dev.purgeDeletedKey(name), 409, "Conflict", "ObjectIsBeingDeleted");
        await advance(lag);
        await dev.purgeDeletedKey(name);
    });
});

describe("a recovery that takes its time", () => {
    let name;
    const begin = (options = promptly) => dev.beginRecoverDeletedKey(name, options);
    beforeEach(async () => {
        ({ name } = await dev.createEcKey(newName("pending")));
        await dev.beginDeleteKey(name, promptly);
        await advance(lag);
    });

    test("is waited for", async () => {
        const poller = await begin();

        assert.equal(poller.isDone(), false);
        await isRefused(dev.getKey(name), 404, "KeyNotFound");
        await advance(lag);
        const { properties } = await poller.pollUntilDone();
        assert.equal((await dev.getKey(name)).properties.version, properties.version);
    });
    test("is waited for by another poller", async () => {
        const poller = await takeUp(begin, await begin());

        await advance(lag);
        assert.equal((await poller.pollUntilDone()).name, name);
        assert.ok(poller.getOperationState().isCompleted);
    });
    test("keeps the name from being used", async () => {
        await begin();

        await isRefused(dev.createEcKey(name), 409, "Conflict", "ObjectIsBeingRecovered");
    });
});
