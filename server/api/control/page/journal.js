/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal, followed by its numbers: docs/journal.md. Of what was asked the last few thousand are kept
 * for the timeline, and the last few hundred that are looked for are shown.
 */
import { call, get, serial } from "./api.js";
import { $, act, choices, el, label, put, say, soon, sync, tag, took } from "./dom.js";
import { outcomeOf, outcomes } from "./outcome.js";

const KEPT = 5000;
const SHOWN = 200;
const PAGE = 1000;
const KINDS = "request,challenge,token"; /* this page's own requests would only follow themselves */

let entries = []; /* oldest first */
let since = null; /* the number of the last one; null: not asked yet */
let paused = false;
let isMissing = false; /* --journal 0, for as long as the server runs */
let watchers = [];

/* Has `watcher` called with all entries whenever there are others. */
export function watch(watcher) {
    watchers.push(watcher);
}

/* --- rows --- */

function place({ vault, key, version }) {
    return [vault, key, version?.slice(0, 8)].filter(Boolean).join(" / ");
}

function answer({ status, code, inner_code: inner, cut, retry_after_ms: wait }) {
    const words = [status || "no answer", inner ?? code, cut,
        wait !== undefined && `after ${wait / 1000} s`];

    return words.filter(Boolean).join(" ");
}

const caller = ({ principal }) => principal?.name ?? principal?.object_id ?? "";
const deed = ({ operation, method, path }) => operation ?? [method, path].join(" ");

function cells(entry) {
    return [
        [entry.time.slice(11, 23), "date"],
        [deed(entry), ""],
        [place(entry), ""],
        [caller(entry), ""],
        [answer(entry), `answer ${outcomeOf(entry).name}`],
        [took(entry.duration_us), "number"],
        [entry.fault ?? "", ""],
        [entry.user_agent ?? "", "agent"],
    ];
}

/* An entry never changes, so its row is made once. */
function make(entry) {
    return el("tr", {}, ...cells(entry).map(([text, name]) => {
        const cell = el("td", { class: name || null });

        put(cell, text);
        return cell;
    }));
}

function isWanted(entry, outcome, text) {
    const fits = outcome === "" || outcomeOf(entry).name === outcome
        || (outcome === "bad" && !["ok", "challenge"].includes(outcomeOf(entry).name));

    return fits && cells(entry).some(([cell]) => cell.toLowerCase().includes(text));
}

function show() {
    const outcome = $("journal-outcome").value;
    const text = $("journal-find").value.trim().toLowerCase();
    const found = [];

    for (let at = entries.length - 1; at >= 0 && found.length < SHOWN; at--) {
        if (isWanted(entries[at], outcome, text)) {
            found.push(entries[at]);
        }
    }
    sync($("journal-rows"), found, ({ number, time }) => `${number} ${time}`, make, () => {});
    $("journal-none").hidden = found.length > 0;
    put($("journal-note"), paused ? "Paused: what comes in is not shown until it goes on." : "");
}

/* --- following --- */

function tellAloud(fresh) {
    const [last] = fresh.slice(-1);

    if ($("journal-aloud").checked && last) {
        const others = fresh.length > 1 ? `${fresh.length} requests, the last: ` : "";

        say(`${others}${deed(last)} ${place(last)}: ${answer(last)}`);
    }
}

function beginAt(last) {
    entries = [];
    since = Math.max(0, last - PAGE);
}

/* Asked for again, the last one we have is the first to come, unless the numbers have begun again with
 * another server, or somebody removed it: then we begin again, too. */
function hasBegunAgain(page, last) {
    const [first] = page.requests;

    return page.last < since || (last && page.first <= last.number && first?.time !== last.time);
}

/* What follows, and whether any of what was there has gone. */
async function follow() {
    const last = entries.at(-1);
    const from = last ? last.number - 1 : since;
    const page = await get(`requests?since=${from}&limit=${PAGE}&kind=${KINDS}`);

    if (hasBegunAgain(page, last)) {
        beginAt(page.last);
        return { fresh: [], gone: true, more: true };
    }
    const fresh = page.requests.filter(({ number }) => number > (last?.number ?? 0));
    const kept = entries.filter(({ number }) => number >= page.first);
    const gone = kept.length < entries.length;

    since = page.next;
    entries = [...kept, ...fresh].slice(-KEPT);
    return { fresh, gone, more: page.more };
}

async function followAll() {
    const all = { fresh: [], gone: false, more: true };

    while (all.more && all.fresh.length < KEPT) {
        const { fresh, gone, more } = await follow();

        all.fresh.push(...fresh);
        all.gone ||= gone;
        all.more = more;
    }
    return all;
}

async function catchUp() {
    const isFirst = since === null;

    if (isFirst) {
        beginAt((await get("requests?limit=1")).last);
    }
    const { fresh, gone } = await followAll();

    if (fresh.length > 0 || gone) {
        show();
        for (const watcher of watchers) {
            watcher(entries);
        }
    }
    if (!isFirst) {
        tellAloud(fresh);
    }
}

export const refresh = serial(async () => {
    if (paused || isMissing) {
        return;
    }
    try {
        await catchUp();
    } catch (error) {
        isMissing = error.status === 409;
        if (!isMissing) {
            throw error;
        }
        put($("journal-none"), error.message);
    }
});

function pause() {
    const button = $("journal-pause");

    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    tag(button, paused ? "pressed" : "");
    show();
    soon(refresh);
}

export function start() {
    choices($("journal-outcome"), [["", "all"], ["bad", "not as it should be"],
        ...outcomes.map(({ name, text }) => [name, text.toLowerCase()])]);
    label($("journal-find"), "Find in the requests");
    $("journal-outcome").addEventListener("change", show);
    $("journal-find").addEventListener("input", show);
    $("journal-pause").addEventListener("click", pause);
    $("journal-clear").addEventListener("click", () => act($("journal-clear"), async () => {
        await call("DELETE", "requests");
        return "The journal is empty.";
    }, refresh));
}
