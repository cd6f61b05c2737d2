/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the panels make the page of. Whatever a server or a client said gets into it as text, by
 * textContent or as the value of a harmless attribute, and never as markup.
 */

export const $ = (id) => document.getElementById(id);

/* An element: el("button", { type: "button", onclick: work }, "Add"). */
export function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);

    for (const [name, value] of Object.entries(attributes)) {
        if (typeof value === "function") {
            node.addEventListener(name.slice("on".length), value);
        } else if (value !== false && value !== null && value !== undefined) {
            node.setAttribute(name, value === true ? "" : value);
        }
    }
    node.append(...children);
    return node;
}

/* Sets what changed alone: a screen reader would read on from the start. */
export function put(node, text) {
    const wanted = text ?? "";

    if (node.textContent !== wanted) {
        node.textContent = wanted;
    }
}

export function label(node, name) {
    if (node.getAttribute("aria-label") !== name) {
        node.setAttribute("aria-label", name);
    }
}

export function tag(node, className) {
    if (node.className !== className) {
        node.className = className;
    }
}

/* Where the focus goes when what has it is about to vanish: to the neighbour, or the panel. */
function rescueFocus(row) {
    if (!row.contains(document.activeElement)) {
        return;
    }
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    const next = neighbour?.querySelector("button, input, select");
    const panel = row.closest("section");

    if (next) {
        next.focus();
    } else if (panel) {
        panel.tabIndex = -1;
        panel.focus();
    }
}

/*
 * Makes the children of `parent` those of `items`, in their order: each keeps its element as long as its
 * key is there, and with it the focus. make(item) creates one, update(element, item) brings it up to date.
 */
export function sync(parent, items, keyOf, make, update) {
    const keys = new Set(items.map((item) => String(keyOf(item))));
    const kept = new Map();

    for (const row of [...parent.children]) {
        if (keys.has(row.dataset.key)) {
            kept.set(row.dataset.key, row);
        } else {
            rescueFocus(row);
            row.remove();
        }
    }
    let at = parent.firstElementChild;

    for (const item of items) {
        const key = String(keyOf(item));
        const row = kept.get(key) ?? make(item);

        row.dataset.key = key;
        update(row, item);
        if (row === at) {
            at = at.nextElementSibling;
        } else {
            parent.insertBefore(row, at);
        }
    }
}

/* Options of a select, [value, text] each; what is chosen stays so if it is still there. */
export function choices(select, rows) {
    sync(
        select,
        rows,
        ([value]) => value,
        ([value]) => el("option", { value }),
        (option, [, text]) => put(option, text),
    );
}

/* --- what happened --- */

const SHOWN = 8000; /* milliseconds */

function announce(node, other, text) {
    put(other, "");
    node.textContent = "";
    node.textContent = text;
    clearTimeout(announce.timer);
    announce.timer = setTimeout(() => put(node, ""), SHOWN);
}

export const say = (text) => announce($("status"), $("alert"), text);
export const complain = (text) => announce($("alert"), $("status"), text);

/* Carries out what a control is for, once at a time, and says how it went. */
export async function act(control, work, after) {
    if (control.getAttribute("aria-busy") === "true") {
        return;
    }
    control.setAttribute("aria-busy", "true");
    try {
        const said = await work();

        if (said) {
            say(said);
        }
    } catch (error) {
        complain(error.message);
    } finally {
        control.removeAttribute("aria-busy");
        soon(after);
    }
}

/* Looks again, now and not when it is due; what goes wrong with that, the next look shows. */
export function soon(refresh) {
    refresh().catch(() => {});
}

/* --- time --- */

/* "29 Nov 2026" of an ISO date; UTC, as everything here. */
export function day(iso) {
    const at = new Date(iso);

    if (Number.isNaN(at.getTime())) {
        return "";
    }
    const month = at.toLocaleString("en-GB", { month: "short", timeZone: "UTC" });

    return `${at.getUTCDate()} ${month} ${at.getUTCFullYear()}`;
}

export const minute = (iso) => `${day(iso)} ${iso.slice(11, 16)}`;
export const date = (iso) => `${day(iso)} ${iso.slice(11, 19)}`;

export function took(micros) {
    if (micros < 1000) {
        return `${micros} µs`;
    }
    return micros < 1e6 ? `${(micros / 1000).toFixed(1)} ms` : `${(micros / 1e6).toFixed(2)} s`;
}
