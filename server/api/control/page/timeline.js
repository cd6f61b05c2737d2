/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests over time: a lane for each outcome, from left to right as time goes. Those of a moment share a
 * mark, which is higher the more they are; so there are never more marks than there is room.
 */
import { $, put } from "./dom.js";
import { outcomeOf, outcomes } from "./outcome.js";

const LANE = 22; /* pixels */
const MARK = 4;
const LEFT = 118;
const RIGHT = 12;
const AXIS = 20;
const TICKS = 6;
const REDRAWN = 1000; /* milliseconds */

let entries = [];

function svg(tag, attributes, text) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);

    for (const [name, value] of Object.entries(attributes)) {
        node.setAttribute(name, value);
    }
    if (text !== undefined) {
        node.textContent = text;
    }
    return node;
}

const clock = (millis) => new Date(millis).toISOString().slice(11, 19);

/* By lane and place, oldest first. */
function gather(frame) {
    const marks = new Map();
    const counts = new Map(outcomes.map(({ name }) => [name, 0]));

    for (const entry of entries) {
        const at = Date.parse(entry.time);

        if (at >= frame.from && at <= frame.to) {
            const { name } = outcomeOf(entry);
            const slot = Math.floor(((at - frame.from) / (frame.to - frame.from)) * frame.slots);
            const key = `${name} ${slot}`;

            counts.set(name, counts.get(name) + 1);
            marks.set(key, { name, slot, last: entry, count: (marks.get(key)?.count ?? 0) + 1 });
        }
    }
    return { marks: [...marks.values()], counts };
}

function tell({ name, count, last }) {
    const what = [last.operation ?? last.path, last.vault, last.key].filter(Boolean).join(" ");
    const text = outcomes.find((outcome) => outcome.name === name).text;

    return count > 1
        ? `${count} requests, ${text.toLowerCase()}, until ${clock(Date.parse(last.time))}`
        : `${clock(Date.parse(last.time))} ${what}: ${last.status || "no answer"}`;
}

function drawMark(mark) {
    const lane = outcomes.findIndex(({ name }) => name === mark.name);
    const height = Math.min(LANE - 4, 8 + 2 * Math.log2(mark.count));
    const node = svg("rect", {
        class: `mark ${mark.name}`,
        x: LEFT + mark.slot * MARK,
        y: lane * LANE + (LANE - height) / 2,
        width: MARK - 1,
        height,
        rx: 1,
    });

    node.append(svg("title", {}, tell(mark)));
    return node;
}

function drawLane({ name, text }, lane, count, width) {
    const y = lane * LANE + LANE / 2;

    return [
        svg("line", { class: "lane", x1: LEFT, x2: width - RIGHT, y1: y, y2: y }),
        svg("rect", { class: `mark ${name}`, x: 0, y: y - 5, width: 10, height: 10, rx: 2 }),
        svg("text", { x: 16, y: y + 4 }, text),
        svg("text", { class: "count", x: LEFT - 10, y: y + 4, "text-anchor": "end" }, String(count)),
    ];
}

function drawAxis(frame, width) {
    const y = outcomes.length * LANE + 14;
    const room = width - LEFT - RIGHT;

    return Array.from({ length: TICKS + 1 }, (_, tick) => {
        const share = tick / TICKS;
        const anchor = tick === 0 ? "start" : tick === TICKS ? "end" : "middle";
        const text = clock(frame.from + share * (frame.to - frame.from));

        return svg("text", { class: "tick", x: LEFT + share * room, y, "text-anchor": anchor }, text);
    });
}

function summarise(counts, span) {
    const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const parts = outcomes
        .filter(({ name }) => counts.get(name) > 0)
        .map(({ name, text }) => `${counts.get(name)} ${text.toLowerCase()}`);
    const time = { 60: "minute", 300: "5 minutes", 3600: "hour" }[span];

    return all === 0
        ? `No requests in the last ${time}.`
        : `${all} request${all > 1 ? "s" : ""} in the last ${time}: ${parts.join(", ")}. Times are UTC.`;
}

function draw() {
    const plot = $("timeline-plot");
    const width = Math.max(320, plot.clientWidth);
    const span = Number($("timeline-window").value);
    const to = Date.now();
    const slots = Math.floor((width - LEFT - RIGHT) / MARK);
    const frame = { from: to - span * 1000, to, slots };
    const { marks, counts } = gather(frame);

    plot.setAttribute("viewBox", `0 0 ${width} ${outcomes.length * LANE + AXIS}`);
    plot.replaceChildren(
        ...outcomes.flatMap((outcome, lane) =>
            drawLane(outcome, lane, counts.get(outcome.name), width)),
        ...drawAxis(frame, width),
        ...marks.map(drawMark),
    );
    put($("timeline-summary"), summarise(counts, span));
}

export function show(all) {
    entries = all;
    draw();
}

export function start() {
    $("timeline-window").addEventListener("change", draw);
    new ResizeObserver(draw).observe($("timeline-plot"));
    setInterval(() => document.hidden || draw(), REDRAWN);
}
