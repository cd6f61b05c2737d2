// SPDX-License-Identifier: Apache-2.0
// Secure release: a key leaves the HSM for an environment that an authority vouches for.
import assert from "node:assert/strict";
import {
    constants, createDecipheriv, createPrivateKey, createPublicKey, generateKeyPairSync,
    privateDecrypt,
} from "node:crypto";
import { before, describe, test } from "node:test";

import { askControl, dev, isRefused, newName, pool } from "./support.mjs";

// In which hash the padding around the AES key is done.
const algorithms = {
    CKM_RSA_AES_KEY_WRAP: "sha1",
    RSA_AES_KEY_WRAP_256: "sha256",
    RSA_AES_KEY_WRAP_384: "sha384",
};
const fromText = (text) => JSON.parse(Buffer.from(text, "base64url").toString());

describe("an exportable key", () => {
    const environment = generateKeyPairSync("rsa", { modulusLength: 2048 });
    let authority, token;
    before(async () => {
        const { n, e } = environment.publicKey.export({ format: "jwk" });
        ({ issuer: authority } = await askControl("/.well-known/openid-configuration"));
        ({ token } = await askControl(`/generate-test-token?${new URLSearchParams({ n, e })}`));
    });

    // Trusts the server's own authority, for environments with this claim.
    const termsOf = (equals) =>
        ({ version: "1.0.0", anyOf: [{ authority, anyOf: [{ claim: "sdk-test", equals }] }] });
    const policy = (equals = "true", options = {}) =>
        ({ encodedPolicy: Buffer.from(JSON.stringify(termsOf(equals))), ...options });
    const make = (options = {}, client = dev) =>
        client.createEcKey(newName("release"),
            { hsm: true, exportable: true, releasePolicy: policy(), ...options });

    // The public key of the private one in an answer.
    function open(jws, oaepHash) {
        const { response } = fromText(jws.split(".")[1]);
        const { ciphertext } = fromText(response.key.key.key_hsm);
        const wrapped = Buffer.from(ciphertext, "base64url");
        const padding = constants.RSA_PKCS1_OAEP_PADDING;
        const aes = privateDecrypt({ key: environment.privateKey, padding, oaepHash },
            wrapped.subarray(0, 256));
        const unwrap = createDecipheriv("id-aes256-wrap-pad", aes, Buffer.from("a65959a6", "hex"));
        const key = Buffer.concat([unwrap.update(wrapped.subarray(256)), unwrap.final()]);
        const released = createPrivateKey({ key, format: "der", type: "pkcs8" });
        return createPublicKey(released).export({ format: "jwk" });
    }

    for (const [algorithm, hash] of Object.entries(algorithms)) {
        test(`is released with ${algorithm}`, async () => {
            const { name, key, properties } = await make();

            for (const options of [{}, { version: properties.version }]) {
                const { value } = await dev.releaseKey(name, token,
                    { algorithm, nonce: "once", ...options });
                assert.equal(open(value, hash).x, Buffer.from(key.x).toString("base64url"));
            }
        });
    }
    test("is released by a managed HSM", async () => {
        const { name, key } = await make({}, pool);
        const { value } = await pool.releaseKey(name, token, { algorithm: "RSA_AES_KEY_WRAP_256" });

        assert.equal(open(value, "sha256").y, Buffer.from(key.y).toString("base64url"));
    });
    test("shows its policy", async () => {
        const { properties } = await dev.getKey((await make()).name);
        const { encodedPolicy, immutable } = properties.releasePolicy;

        assert.equal(properties.exportable, true);
        assert.equal(immutable, false);
        assert.deepEqual(JSON.parse(Buffer.from(encodedPolicy).toString()), termsOf("true"));
    });
    test("takes another policy", async () => {
        const { name } = await make({ releasePolicy: policy("never") });
        await isRefused(dev.releaseKey(name, token), 400, "BadParameter");
        await dev.updateKeyProperties(name, { releasePolicy: policy() });

        assert.ok((await dev.releaseKey(name, token)).value);
    });
    test("keeps a policy that is immutable", async () => {
        const { name } = await make({ releasePolicy: policy("true", { immutable: true }) });
        const change = { releasePolicy: policy("other") };

        await assert.rejects(dev.updateKeyProperties(name, change), /Immutable Key Release/);
        await isRefused(dev.updateKeyProperties(name, change), 400, "BadParameter");
    });
    test("needs a policy", async () => {
        await assert.rejects(make({ releasePolicy: undefined }), /exportable/i);
        await isRefused(make({ releasePolicy: undefined }), 400, "BadParameter");
    });
    test("has to be called so to have a policy", async () => {
        await assert.rejects(make({ exportable: undefined }), /exportable/i);
        await isRefused(make({ exportable: undefined }), 400, "BadParameter");
    });
    test("is not released for what nobody vouches for", async () => {
        const { name } = await make();
        await isRefused(dev.releaseKey(name, "a.b.c"), 400, "BadParameter");
    });
    test("is not what another key is", async () => {
        const { name } = await dev.createEcKey(newName("kept"));
        await isRefused(dev.releaseKey(name, token), 403, "Forbidden", "KeyOperationForbidden");
    });
});
