// SPDX-License-Identifier: Apache-2.0
// The same SDK with tokens from the instance metadata service. Runs in a process of its own,
// without the variables of the App Service endpoint.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cryptoOf, dev, newDataKey, newName } from "./support.mjs";

test("a key is made, wraps and unwraps", async () => {
    assert.equal(process.env.IDENTITY_ENDPOINT, undefined);
    assert.ok(process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST);

    const dataKey = newDataKey();
    const { id } = await dev.createRsaKey(newName("imds"));
    const { result } = await cryptoOf(id).wrapKey("RSA-OAEP", dataKey);
    const unwrapped = await cryptoOf(id).unwrapKey("RSA-OAEP", result);

    assert.deepEqual(Buffer.from(unwrapped.result), dataKey);
});
