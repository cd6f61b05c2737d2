// SPDX-License-Identifier: Apache-2.0
// Asks for a key as any program would, and prints what its user would read. With ASK_ADVANCE it asks,
// moves coffer's clock by that, tokens and all, and asks again.
import { DefaultAzureCredential } from "@azure/identity";
import { KeyClient } from "@azure/keyvault-keys";

const { ASK_ADVANCE, ASK_CONTROL, AZURE_KEYVAULT_URL } = process.env;

async function advance(by) {
    await fetch(`${ASK_CONTROL}/control/v1/clock`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ advance: by, tokens: "age" }),
    });
}

try {
    const retryOptions = { maxRetries: 0 };
    const client = new KeyClient(AZURE_KEYVAULT_URL, new DefaultAzureCredential(), { retryOptions });
    await client.getKey("cmk");
    if (ASK_ADVANCE) {
        await advance(ASK_ADVANCE);
        await client.getKey("cmk");
    }
    console.log("there is no trouble");
} catch (error) {
    console.log(`${error.name}: ${error.message}\ncode: '${error.code}'`);
}
