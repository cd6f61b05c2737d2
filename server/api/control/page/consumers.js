/* SPDX-License-Identifier: Apache-2.0 */
/* The services that use a key, what they make of it, and what they have been through: docs/consumer.md. */
import { get, part, picture, post, serial } from "./api.js";
import { $, act, date, el, put, sync, tag } from "./dom.js";

const SCROLLS = 6; /* rows; more of them get a place to scroll in, which then has to be reached by Tab */
const TOLD = 10; /* changes of a timeline that its picture tells whoever does not see it */

const looks = {
    starting: "badge",
    encrypted: "badge usable",
    "access-lost": "badge failed",
    healing: "badge disabled",
    "needs-redeploy": "badge failed",
};

const path = (name) => `consumers/${part(name)}`;

/* --- the timeline of one --- */

function inWords(name, entries) {
    const told = entries.slice(-TOLD).map(({ at, state }) => `${state} since ${date(at)}`);

    return `Timeline of ${name}: ${told.join(", ")}.`;
}

/* Another one when something may have changed: a check was made, or its state is another one. */
async function draw(row) {
    const { name, state, since, checks } = row.consumer;
    const edition = `${state} ${since} ${checks}`;

    if (row.drawn === edition) {
        return;
    }
    const [{ entries }, url] = await Promise.all([
        get(`${path(name)}/timeline`),
        picture(`${path(name)}/timeline.svg`),
    ]);
    const { image } = row.parts;

    URL.revokeObjectURL(image.src);
    image.src = url;
    image.alt = inWords(name, entries);
    row.drawn = edition;
}

/* One that is removed meanwhile has no timeline any more, and goes with the next look. */
async function drawIfOpen(row) {
    if (row.parts.figure.hidden) {
        return;
    }
    try {
        await draw(row);
    } catch (error) {
        if (error.status !== 404) {
            throw error;
        }
    }
}

function putAway(row) {
    const { image } = row.parts;

    URL.revokeObjectURL(image.src);
    image.removeAttribute("src");
    row.drawn = undefined;
}

async function toggle(row) {
    const { opener, figure } = row.parts;
    const opens = figure.hidden;

    if (opens) {
        await draw(row);
    } else {
        putAway(row);
    }
    figure.hidden = !opens;
    opener.setAttribute("aria-expanded", String(opens));
}

/* --- rows --- */

function make({ name }) {
    const opener = el("button", { type: "button", class: "opener", "aria-expanded": "false" }, name);
    const button = el("button", { type: "button", class: "quiet", "aria-label": `Redeploy ${name}` }, "Redeploy");
    const image = el("img", { alt: "" });
    const parts = {
        opener,
        image,
        profile: el("span", { class: "count" }),
        badge: el("span"),
        since: el("span", { class: "count" }),
        cause: el("p", { class: "cause" }),
        advice: el("p", { class: "note" }),
        figure: el("figure", { hidden: true }, image),
    };
    const { profile, badge, since, cause, advice, figure } = parts;
    const row = el(
        "li",
        { class: "service" },
        el("div", { class: "line" }, el("div", { class: "words" }, opener, profile, badge, since), button),
        cause,
        advice,
        figure,
    );

    opener.addEventListener("click", () => act(opener, () => toggle(row), refresh));
    button.addEventListener("click", () => act(button, async () => {
        await post(`${path(name)}/redeploy`);
        return `${name} is deployed again.`;
    }, refresh));
    row.parts = parts;
    return row;
}

function update(row, consumer) {
    const { profile, badge, since, cause, advice } = row.parts;

    row.consumer = consumer;
    put(profile, consumer.profile);
    put(badge, consumer.state);
    tag(badge, looks[consumer.state] ?? "badge");
    put(since, `since ${date(consumer.since)}${consumer.heals_at ? `, heals ${date(consumer.heals_at)}` : ""}`);
    put(cause, consumer.cause);
    cause.hidden = !consumer.cause;
    put(advice, consumer.advice);
    advice.hidden = !consumer.advice;
}

/* "50 services: 48 encrypted, 2 access-lost." */
function summarise(consumers) {
    const counts = Object.keys(looks)
        .map((state) => [consumers.filter((one) => one.state === state).length, state])
        .filter(([count]) => count > 0)
        .map(([count, state]) => `${count} ${state}`);

    return consumers.length > 1 ? `${consumers.length} services: ${counts.join(", ")}.` : "";
}

function showHow(count) {
    const rows = $("consumer-rows");

    tag(rows, count > SCROLLS ? "rows scroll services" : "rows services");
    rows.hidden = count === 0;
    $("consumers-none").hidden = count > 0;
    if (count > SCROLLS) {
        rows.tabIndex = 0;
    } else {
        rows.removeAttribute("tabindex");
    }
}

export const refresh = serial(async () => {
    const { consumers } = await get("consumers");

    for (const row of $("consumer-rows").children) {
        if (!consumers.some(({ name }) => name === row.consumer.name)) {
            putAway(row);
        }
    }
    sync($("consumer-rows"), consumers, ({ name }) => name, make, update);
    put($("consumers-about"), summarise(consumers));
    showHow(consumers.length);
    await Promise.all([...$("consumer-rows").children].map(drawIfOpen));
});
