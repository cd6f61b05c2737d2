/* SPDX-License-Identifier: Apache-2.0 */
/* The vaults, and the keys of the one that is chosen, with their versions. */
import { call, get, part, post, serial } from "./api.js";
import { $, act, choices, date, day, el, label, minute, put, soon, sync, tag } from "./dom.js";

const KEYS_MAX = 250;
const VERSIONS_MAX = 250; /* to look through */
const VERSIONS_SHOWN = 50; /* the newest of them */
const OPEN_MAX = 8; /* keys whose versions are shown at once */

const words = {
    usable: "usable",
    disabled: "disabled",
    expired: "expired",
    not_yet_valid: "not yet valid",
    deleted: "deleted",
};

let vaults = [];
let open = []; /* names */

export const vaultNames = () => vaults.map((vault) => vault.name);

function chosen() {
    return vaults.find((vault) => vault.name === $("vault").value) ?? vaults[0];
}

const keysOf = (vault) => `vaults/${part(vault.name)}/keys`;

/* --- the vault --- */

export const refreshVaults = serial(async () => {
    vaults = (await get("vaults")).vaults;
    choices(
        $("vault"),
        vaults.map(({ name, state }) => [name, state === "live" ? name : `${name} (${state})`]),
    );
    document.dispatchEvent(new CustomEvent("vaults-known"));
});

function describe(vault) {
    const kind = vault.kind === "hsm" ? "Managed HSM" : `${vault.sku} vault`;
    const purge = vault.purge_protection ? "purge protection" : "no purge protection";
    const days = `${vault.retention} days of retention`;
    const about = [kind, `access ${vault.access}`, purge, days, vault.url];

    return vault.state === "live" ? about.join(" · ") : `Deleted ${date(vault.deleted)} UTC.`;
}

function showVault(vault) {
    put($("vault-about"), vault ? describe(vault) : "There is no vault.");
    put($("vault-switch"), vault?.state === "deleted" ? "Recover vault" : "Delete vault");
    $("vault-switch").hidden = !vault;
}

async function switchVault() {
    const vault = chosen();

    if (vault.state === "deleted") {
        await post(`vaults/${part(vault.name)}/recover`);
        return `The vault ${vault.name} is recovered.`;
    }
    await call("DELETE", `vaults/${part(vault.name)}`);
    return `The vault ${vault.name} is deleted. It can be recovered.`;
}

/* --- rows --- */

function kind(key) {
    return key.curve ? `${key.type} ${key.curve}` : `${key.type} ${key.size}`;
}

function until({ state, expires, not_before, scheduled_purge }) {
    if (scheduled_purge) {
        return `purge ${day(scheduled_purge)}`;
    }
    if (state === "not_yet_valid") {
        return `from ${day(not_before)}`;
    }
    return expires ? `until ${day(expires)}` : "";
}

function makeSwitch(work) {
    const box = el("input", { type: "checkbox", role: "switch" });

    box.addEventListener("change", () => act(box, () => work(box.checked), refresh));
    return box;
}

function badge(node, { state }) {
    tag(node, `badge ${state}`);
    put(node, words[state] ?? state);
}

/* The cells of a row, whatever it is for. */
function makeRow(first, box, ...buttons) {
    const cells = {
        type: el("td", { class: "kind" }),
        state: el("span"),
        until: el("span", { class: "until" }),
        changed: el("td", { class: "date" }),
        box,
    };
    const row = el(
        "tr",
        {},
        el("th", { scope: "row" }, first),
        cells.type,
        el("td", {}, cells.state, " ", cells.until),
        cells.changed,
        el("td", {}, box),
        el("td", { class: "ends" }, ...buttons),
    );

    row.cells_ = cells;
    return row;
}

function fill(row, item, type, name) {
    const { type: typeCell, state, until: untilCell, changed, box } = row.cells_;

    put(typeCell, type);
    badge(state, item);
    put(untilCell, until(item));
    put(changed, minute(item.updated));
    box.hidden = item.state === "deleted";
    if (box.getAttribute("aria-busy") !== "true") {
        box.checked = item.enabled;
    }
    label(box, `${name} enabled`);
}

function toggle(name) {
    open = open.includes(name)
        ? open.filter((other) => other !== name)
        : [...open, name].slice(-OPEN_MAX);
    soon(refresh);
}

async function enable(vault, path, name, enabled) {
    await call("PATCH", `${keysOf(vault)}/${path}`, { enabled });
    return `${name} is ${enabled ? "enabled" : "disabled"}.`;
}

async function switchKey(vault, name, state) {
    if (state === "deleted") {
        await post(`${keysOf(vault)}/${part(name)}/recover`);
        return `The key ${name} is recovered.`;
    }
    await call("DELETE", `${keysOf(vault)}/${part(name)}`);
    return `The key ${name} is deleted. It can be recovered.`;
}

function makeKey({ vault, key }) {
    const { name } = key;
    const opener = el("button", { type: "button", class: "opener", onclick: () => toggle(name) });
    const box = makeSwitch((on) => enable(vault, part(name), name, on));
    const button = el("button", { type: "button", class: "quiet" });
    const row = makeRow(opener, box, button);

    button.addEventListener("click", () =>
        act(button, () => switchKey(vault, name, row.state), refresh),
    );
    Object.assign(row.cells_, { opener, button });
    return row;
}

function updateKey(row, { key }) {
    const { opener, button } = row.cells_;
    const deed = key.state === "deleted" ? "Recover" : "Delete";

    row.state = key.state;
    fill(row, key, kind(key), key.name);
    put(opener, key.name);
    opener.disabled = key.state === "deleted";
    opener.setAttribute("aria-expanded", String(open.includes(key.name) && !opener.disabled));
    put(button, deed);
    label(button, `${deed} ${key.name}`);
}

const short = (version) => version.slice(0, 8);

function makeVersion({ vault, key, version }) {
    const path = `${part(key.name)}/versions/${part(version.version)}`;
    const name = `Version ${short(version.version)} of ${key.name}`;
    const row = makeRow(
        el("span", { class: "version", title: version.version }, version.version),
        makeSwitch((on) => enable(vault, path, name, on)),
    );

    tag(row, "nested");
    return row;
}

function updateVersion(row, { key, version }) {
    const latest = version.version === key.version ? "latest" : "";

    fill(row, version, latest, `Version ${short(version.version)} of ${key.name}`);
}

/* --- all of it --- */

/* The latest before those that were made in the same second. */
function newestFirst(key) {
    const age = ({ version, created }) => `${created} ${version === key.version ? 1 : 0}`;

    return [...(key?.versions ?? [])]
        .sort((one, other) => (age(one) < age(other) ? 1 : -1))
        .slice(0, VERSIONS_SHOWN);
}

function rowsOf(vault, keys, details) {
    return keys.flatMap((key) => [
        { vault, key },
        ...newestFirst(details.get(key.name)).map((version) => ({ vault, key, version })),
    ]);
}

/* One that has gone meanwhile has no versions. */
async function openUp(vault, name) {
    try {
        return [name, await get(`${keysOf(vault)}/${part(name)}?limit=${VERSIONS_MAX}`)];
    } catch {
        return [name, null];
    }
}

async function load(vault) {
    const live = await get(`${keysOf(vault)}?limit=${KEYS_MAX}`);
    const deleted = await get(`${keysOf(vault)}?state=deleted&limit=${KEYS_MAX}`);
    const names = live.keys.map((key) => key.name).filter((name) => open.includes(name));
    const details = new Map(await Promise.all(names.map((name) => openUp(vault, name))));

    return {
        rows: rowsOf(vault, [...live.keys, ...deleted.keys], details),
        names: live.keys.map((key) => key.name),
        more: Boolean(live.next ?? deleted.next),
    };
}

function show({ rows, names, more }) {
    sync(
        $("key-rows"),
        rows,
        ({ vault, key, version }) => `${vault.name}/${key.name}/${version?.version ?? ""}`,
        (item) => (item.version ? makeVersion(item) : makeKey(item)),
        (row, item) => (item.version ? updateVersion(row, item) : updateKey(row, item)),
    );
    choices($("key-names"), names.map((name) => [name, name]));
    $("keys-none").hidden = rows.length > 0 && !more;
    put($("keys-none"), more ? `The first ${KEYS_MAX} keys are shown.` : "No keys in this vault.");
}

export const refresh = serial(async () => {
    const vault = chosen();
    const found =
        vault?.state === "live" ? await load(vault) : { rows: [], names: [], more: false };

    if (vault?.name === chosen()?.name) {
        showVault(vault);
        show(found);
    }
});

export function start() {
    $("vault").addEventListener("change", () => {
        open = [];
        soon(refresh);
    });
    $("vault-switch").addEventListener("click", () =>
        act($("vault-switch"), switchVault, async () => {
            await refreshVaults();
            await refresh();
        }),
    );
}
