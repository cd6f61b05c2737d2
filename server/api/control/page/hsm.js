/* SPDX-License-Identifier: Apache-2.0 */
/* The HSM and what is wrong with it: docs/hsm.md. */
import { call, get, part, post, serial } from "./api.js";
import { $, act, choices, el, label, put, sync, tag } from "./dom.js";

const REMOVED = "token_removed";

const presets = [
    { text: "Does not let the service log in", fault: { kind: "pin_locked" } },
    { text: "Has no room for a key", fault: { kind: "token_full" } },
    { text: "Opens no sessions", fault: { kind: "session_limit", limit: 0 } },
    { text: "Each call takes 200 ms more", fault: { kind: "slow", delay: 200 } },
    {
        text: "Signing fails (CKR_DEVICE_ERROR)",
        fault: { kind: "error", functions: ["C_Sign"], rv: "CKR_DEVICE_ERROR" },
    },
    {
        text: "The next signature fails",
        fault: { kind: "error", functions: ["C_Sign"], times: 1 },
    },
    { text: "RSA decryption is gone", fault: { kind: "mechanism_gone", mechanisms: ["CKM_RSA_X_509"] } },
    { text: "The material of a key is lost", fault: { kind: "key_lost" }, ofKey: true },
    { text: "A blank token is in its place", fault: { kind: "token_reinitialised" } },
];

let removed = false;

/* --- what is wrong --- */

function inWords({ kind, functions, mechanisms, rv, delay, limit, vault, key, times }) {
    const words = [
        kind.replaceAll("_", " "),
        vault && `${vault}/${key}`,
        functions && (functions.length > 3 ? "every call" : functions.join(", ")),
        mechanisms?.join(", "),
        rv,
        delay && `${delay} ms`,
        limit !== undefined && `${limit} sessions`,
        times && `${times} times`,
    ];

    return words.filter(Boolean).join(" · ");
}

function make({ id }) {
    const button = el("button", { type: "button", class: "quiet", "aria-label": `End ${id}` }, "End");
    const about = el("span");
    const hits = el("span", { class: "count" });
    const row = el("li", {}, el("span", { class: "what" }, el("code", {}, id), " ", about), hits, button);

    button.addEventListener("click", () => act(button, async () => {
        await call("DELETE", `hsm/faults/${part(id)}`);
        return `${id} is over.`;
    }, refresh));
    row.parts = { about, hits };
    return row;
}

function update(row, fault) {
    put(row.parts.about, inWords(fault));
    put(row.parts.hits, `${fault.hits} of ${fault.seen}`);
    label(row.parts.hits, `${fault.hits} hits of ${fault.seen} calls`);
}

/* --- its state --- */

function show(hsm) {
    const good = hsm.state === "available";

    put($("state-hsm"), removed ? "removed" : hsm.state);
    tag($("state-hsm"), good ? "badge usable" : "badge failed");
    put(
        $("hsm-about"),
        [hsm.state, hsm.place, hsm.model, hsm.label && `token ${hsm.label}`].filter(Boolean).join(" · "),
    );
    put($("hsm-switch"), removed ? "Put the HSM back" : "Remove the HSM");
}

export const refresh = serial(async () => {
    const { faults } = await get("hsm/faults");

    removed = faults.some(({ kind }) => kind === REMOVED);
    sync($("hsm-rows"), faults, ({ id }) => id, make, update);
    show(await get("hsm"));
});

async function switchToken() {
    if (removed) {
        await call("DELETE", `hsm/faults?kind=${REMOVED}`);
        return "The HSM is back.";
    }
    await post("hsm/faults", { kind: REMOVED });
    return "The HSM is removed.";
}

const preset = () => presets[Number($("hsm-preset").value)];

function compose() {
    const { fault, ofKey } = preset();

    return ofKey ? { ...fault, vault: $("vault").value, key: $("hsm-key").value } : fault;
}

function showKey() {
    $("hsm-key-label").hidden = !preset().ofKey;
    $("hsm-key").required = Boolean(preset().ofKey);
}

export function start() {
    choices($("hsm-preset"), presets.map(({ text }, number) => [String(number), text]));
    showKey();
    $("hsm-preset").addEventListener("change", showKey);
    $("hsm-switch").addEventListener("click", () => act($("hsm-switch"), switchToken, refresh));
    $("hsm-form").addEventListener("submit", (event) => {
        event.preventDefault();
        act($("hsm-form"), async () => {
            const { id } = await post("hsm/faults", compose());
            return `${id} acts from now on.`;
        }, refresh);
    });
}
