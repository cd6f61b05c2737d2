/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual clock. Between two answers the page has it run on by itself, at the rate it has. */
import { get, post, call, serial } from "./api.js";
import { $, act, date, put } from "./dom.js";

const TICK = 250; /* milliseconds */

let shown = null;
let since = 0; /* of performance.now() */

function tick() {
    if (!shown) {
        return;
    }
    const passed = shown.frozen ? 0 : (performance.now() - since) * shown.rate;
    const iso = new Date(Date.parse(shown.now) + passed).toISOString();

    put($("clock-now"), `${date(iso)} UTC`);
    $("clock-now").dateTime = iso;
}

function mode({ mode, rate, offset }) {
    if (mode === "scaled") {
        return `${rate} times as fast`;
    }
    if (mode !== "offset") {
        return mode;
    }
    const days = Math.round(Math.abs(offset) / 864) / 100;
    const text = days >= 1 ? `${days} d` : `${Math.round(Math.abs(offset) / 36) / 100} h`;

    return `${text} ${offset > 0 ? "ahead" : "behind"}`;
}

export const refresh = serial(async () => {
    shown = await get("clock");
    since = performance.now();
    tick();
    put($("clock-mode"), mode(shown));
    put($("clock-freeze"), shown.frozen ? "Let it run" : "Freeze");
    put(
        $("clock-due"),
        shown.next ? `Next: ${shown.next.what}, ${date(shown.next.at)}` : "Nothing is due.",
    );
});

function event({ what, at, ...about }) {
    return [what, ...Object.values(about)].join(" ");
}

/* What fell due on the way, a few of many. */
function told(answer) {
    const ran = answer.ran ?? [];
    const names = ran.slice(0, 3).map(event).join("; ");
    const rest = ran.length > 3 ? ` and ${ran.length - 3} more` : "";

    return `It is ${date(answer.now)}. ${ran.length > 0 ? `On the way: ${names}${rest}.` : ""}`;
}

function button(id, work) {
    $(id).addEventListener("click", () => act($(id), work, refresh));
}

export function start() {
    button("clock-hour", async () => told(await post("clock/advance", { by: "PT1H" })));
    button("clock-day", async () => told(await post("clock/advance", { by: "P1D" })));
    button("clock-next", async () => told(await post("clock/run-to-next-event")));
    button("clock-reset", async () => told(await call("PUT", "clock", { mode: "system" })));
    button("clock-freeze", async () => {
        await post("clock", { frozen: !shown?.frozen });
        return shown?.frozen ? "The clock runs on." : "The clock stands still.";
    });
    setInterval(tick, TICK);
}
