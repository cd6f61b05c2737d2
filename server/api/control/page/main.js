/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the panels and keeps them up to date: each asks again and again, as long as somebody looks. */
import { get, Silence, useToken } from "./api.js";
import * as clock from "./clock.js";
import * as consumers from "./consumers.js";
import { $, put, tag } from "./dom.js";
import * as faults from "./faults.js";
import * as hsm from "./hsm.js";
import * as journal from "./journal.js";
import * as keys from "./keys.js";
import * as scenarios from "./scenarios.js";
import * as timeline from "./timeline.js";

const SLOWER = 4; /* times, while there is no answer */

const jobs = [
    { every: 1000, work: journal.refresh },
    { every: 2000, work: clock.refresh },
    { every: 2000, work: keys.refresh },
    { every: 2000, work: faults.refresh },
    { every: 2000, work: hsm.refresh },
    { every: 2000, work: consumers.refresh },
    { every: 5000, work: keys.refreshVaults },
    { every: 5000, work: scenarios.refresh },
];

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

function showServer(text, good) {
    put($("state-server"), text);
    tag($("state-server"), good ? "badge usable" : "badge failed");
}

/* Whether there was an answer; a refusal is one, which the next attempt may not get. */
async function attempt(work) {
    try {
        await work();
        showServer("connected", true);
        return true;
    } catch (error) {
        const isSilent = error instanceof Silence;

        showServer(isSilent ? "no answer" : error.status === 401 ? "token wanted" : "refusing", false);
        if (!isSilent && error.status === undefined) {
            console.error(error);
        }
        return !isSilent;
    }
}

async function keepUp({ every, work }) {
    for (;;) {
        const answered = document.hidden || $("token-dialog").open || (await attempt(work));

        await pause(answered ? every : every * SLOWER);
    }
}

/* --- the token --- */

function askForToken(event) {
    if (!$("token-dialog").open) {
        put(
            $("token-note"),
            event.detail
                ? "That is not the right control token."
                : "This coffer wants a control token. It is kept in this tab alone, until the tab is closed.",
        );
        $("token-dialog").showModal();
    }
}

async function takeToken(event) {
    event.preventDefault();
    useToken($("token").value.trim());
    $("token").value = "";
    $("token-dialog").close();
    await fillAll();
}

async function fillAll() {
    if (await attempt(async () => put($("version"), (await get("info")).version))) {
        await attempt(keys.refreshVaults);
        await Promise.all(jobs.map(({ work }) => attempt(work)));
    }
}

async function main() {
    document.addEventListener("token-wanted", askForToken);
    $("token-form").addEventListener("submit", takeToken);
    for (const panel of [clock, keys, faults, hsm, scenarios, journal, timeline]) {
        panel.start();
    }
    journal.watch(timeline.show);
    await fillAll();
    jobs.forEach(keepUp);
}

main();
