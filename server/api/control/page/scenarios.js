/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios, where this coffer has them. */
import { get, part, post, serial } from "./api.js";
import { $, act, choices, el, label, put, sync, tag } from "./dom.js";
import { vaultNames } from "./keys.js";

const path = (name) => `scenarios/${part(name)}`;
const nameOf = (parameter) => parameter?.name ?? parameter;

/* What was chosen, of what the scenario takes. */
function wishes({ parameters = [] }) {
    const given = {
        vault: $("scenario-vault").value,
        key: $("scenario-key").value.trim(),
        identity: $("scenario-identity").value.trim(),
    };
    const names = parameters.map(nameOf);

    return Object.fromEntries(
        Object.entries(given).filter(([name, value]) => value && names.includes(name)),
    );
}

async function turn(scenario) {
    if (scenario.applied) {
        await post(`${path(scenario.name)}/revert`);
        return `${scenario.name} is reverted.`;
    }
    await post(`${path(scenario.name)}/apply`, wishes(scenario));
    return `${scenario.name} is applied.`;
}

function make() {
    const name = el("code");
    const summary = el("span");
    const button = el("button", { type: "button", class: "quiet" });
    const row = el("li", {}, el("span", { class: "what" }, name, " ", summary), button);

    button.addEventListener("click", () => act(button, () => turn(row.scenario), refresh));
    row.parts = { name, summary, button };
    return row;
}

function update(row, scenario) {
    const { name, summary, button } = row.parts;
    const deed = scenario.applied ? "Revert" : "Apply";

    row.scenario = scenario;
    tag(row, scenario.applied ? "on" : "");
    put(name, scenario.name);
    put(summary, scenario.line);
    put(button, deed);
    label(button, `${deed} ${scenario.name}`);
}

let hasNone = false; /* a coffer without them, which is not asked again */

async function ask() {
    try {
        return hasNone ? [] : ((await get("scenarios")).scenarios ?? []);
    } catch (error) {
        hasNone = error.status === 404;
        if (hasNone) {
            return [];
        }
        throw error;
    }
}

export const refresh = serial(async () => {
    const scenarios = await ask();

    $("scenarios").hidden = scenarios.length === 0;
    sync($("scenario-rows"), scenarios, ({ name }) => name, make, update);
});

function offerVaults() {
    choices($("scenario-vault"), vaultNames().map((name) => [name, name]));
}

export function start() {
    document.addEventListener("vaults-known", offerVaults);
}
