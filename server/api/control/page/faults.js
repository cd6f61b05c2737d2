/* SPDX-License-Identifier: Apache-2.0 */
/* The fault rules: docs/failures.md. */
import { call, get, part, post, serial } from "./api.js";
import { $, act, choices, el, label, put, sync } from "./dom.js";
import { vaultNames } from "./keys.js";

const presets = [
    { text: "429, come back after 5 s", effect: { status: 429, retry_after: 5 } },
    { text: "503 Service Unavailable", effect: { status: 503 } },
    { text: "500 Internal Server Error", effect: { status: 500 } },
    { text: "403 The key is disabled", effect: { error: "KEY_DISABLED" } },
    { text: "403 No role allows it", effect: { error: "FORBIDDEN_BY_RBAC" } },
    { text: "404 The key is not found", effect: { error: "KEY_NOT_FOUND" } },
    { text: "503 The HSM is not reachable", effect: { error: "HSM_GONE" } },
    { text: "2 s later", effect: { delay: 2000 } },
    { text: "Never an answer", effect: { hang: true } },
    { text: "Connection reset", effect: { cut: "reset" } },
    { text: "Empty reply", effect: { cut: "empty" } },
    { text: "Truncated body", effect: { cut: "truncated", length: 20 } },
    { text: "Malformed JSON", effect: { malformed_json: true } },
    { text: "Done, but the answer is lost", effect: { carried_out: true, cut: "reset" } },
    { text: "Wrong plaintext", effect: { result: "wrong_plaintext" }, operation: "unwrapKey" },
];

const operations = [
    "getKey", "createKey", "importKey", "updateKey", "deleteKey", "getKeys", "getKeyVersions",
    "rotateKey", "encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey", "imdsToken",
    "appServiceToken", "authorityToken", "fhirRead", "fhirCreate", "fhirUpdate", "fhirSearch", "dicomStore",
    "dicomRetrieve",
];
const ofNoVault = operations.slice(operations.indexOf("imdsToken"));

/* --- a rule in words --- */

const listed = (value) => [value ?? []].flat().map(String).join(", ");

function aim({ match = {}, stage }) {
    const { vault, key, operation, ...others } = match;
    const place = [vault && listed(vault), key && listed(key)].filter(Boolean).join("/");
    const rest = Object.entries(others).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    const words = [listed(operation) || (stage === "connection" ? "connections" : "any request"),
        place && `to ${place}`, ...rest];

    return words.filter(Boolean).join(" ");
}

function consequence(effect) {
    const { status, error, retry_after, ...others } = effect;
    const rest = Object.entries(others).map(([name, value]) =>
        value === true ? name : `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    const words = [status && String(status), error,
        retry_after !== undefined && `Retry-After ${retry_after} s`, ...rest];

    return words.filter(Boolean).join(", ").replaceAll("_", " ") || "nothing";
}

function when({ when: times = {} }) {
    return Object.entries(times)
        .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)
        .join(", ");
}

/* --- the list --- */

const path = (id) => `faults/${part(id)}`;

function make({ id }) {
    const box = el("input", { type: "checkbox", role: "switch", "aria-label": `Rule ${id} acts` });
    const button = el("button", { type: "button", class: "quiet", "aria-label": `Remove rule ${id}` },
        "Remove");
    const about = { aim: el("span"), then: el("strong"), when: el("span", { class: "note" }) };
    const hits = el("span", { class: "count" });

    box.addEventListener("change", () => act(box, async () => {
        await call("PATCH", path(id), { enabled: box.checked });
        return `Rule ${id} ${box.checked ? "acts" : "is suspended"}.`;
    }, refresh));
    button.addEventListener("click", () => act(button, async () => {
        await call("DELETE", path(id));
        return `Rule ${id} is removed.`;
    }, refresh));

    const row = el("li", {}, box,
        el("span", { class: "what" }, el("code", {}, id), " ", about.aim, " → ", about.then, " ",
            about.when), hits, button);

    row.parts = { box, hits, about };
    return row;
}

function update(row, rule) {
    const { box, hits, about } = row.parts;

    if (box.getAttribute("aria-busy") !== "true") {
        box.checked = rule.enabled !== false;
    }
    put(about.aim, aim(rule));
    put(about.then, consequence(rule.effect));
    put(about.when, when(rule));
    put(hits, `${rule.hits} of ${rule.seen}`);
    label(hits, `${rule.hits} hits of ${rule.seen} requests`);
}

export const refresh = serial(async () => {
    const { rules } = await get("faults");

    sync($("fault-rows"), rules, ({ id }) => id, make, update);
    $("faults-none").hidden = rules.length > 0;
    $("faults-clear").disabled = rules.length === 0;
});

/* --- adding --- */

/* A rule has no vault where its operation has none. */
function compose() {
    const preset = presets[Number($("fault-preset").value)];
    const match = {};
    const operation = $("fault-operation").value;
    const { value: vault } = $("fault-vault");
    const { value: key } = $("fault-key");
    const { value: times } = $("fault-times");

    if (operation) {
        match.operation = operation;
    }
    if (vault && !ofNoVault.includes(operation)) {
        match.vault = vault;
    }
    if (key) {
        match.key = key;
    }
    return {
        ...(Object.keys(match).length > 0 && { match }),
        ...(times && { when: { times: Number(times) } }),
        effect: preset.effect,
    };
}

function tell(answer) {
    const ids = (answer.rules ?? [answer]).map(({ id }) => id);

    return ids.length === 1 ? `Rule ${ids[0]} acts from now on.` : `${ids.length} rules are added.`;
}

function parse(text) {
    try {
        return JSON.parse(text);
    } catch (error) {
        throw new Error(`This is not JSON: ${error.message}`);
    }
}

function form(id, read) {
    $(id).addEventListener("submit", (event) => {
        event.preventDefault();
        act($(id), async () => tell(await post("faults", read())), refresh);
    });
}

function offerVaults() {
    choices($("fault-vault"), [["", "any"], ...vaultNames().map((name) => [name, name])]);
}

export function start() {
    choices($("fault-preset"), presets.map(({ text }, number) => [String(number), text]));
    choices($("fault-operation"), [["", "any"], ...operations.map((name) => [name, name])]);
    offerVaults();
    document.addEventListener("vaults-known", offerVaults);
    $("fault-preset").addEventListener("change", () => {
        $("fault-operation").value = presets[Number($("fault-preset").value)].operation ?? "";
    });
    $("faults-clear").addEventListener("click", () => act($("faults-clear"), async () => {
        await call("DELETE", "faults");
        return "All rules are removed.";
    }, refresh));
    form("fault-form", compose);
    form("fault-json-form", () => parse($("fault-json").value));
}
