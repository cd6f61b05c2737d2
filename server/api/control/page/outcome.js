/* SPDX-License-Identifier: Apache-2.0 */
/* How a request of the journal ended: its lane of the timeline, its colour, its word. */

export const outcomes = [
    { name: "ok", text: "Answered", fits: (entry) => entry.status < 400 },
    { name: "challenge", text: "Challenged", fits: (entry) => entry.kind === "challenge" },
    { name: "throttled", text: "Throttled", fits: (entry) => entry.status === 429 },
    { name: "refused", text: "Refused", fits: (entry) => entry.status < 500 },
    { name: "failed", text: "Failed", fits: () => true },
    { name: "cut", text: "Cut off", fits: (entry) => entry.status === 0 || Boolean(entry.cut) },
];

const cut = outcomes.at(-1);

export function outcomeOf(entry) {
    return cut.fits(entry) ? cut : outcomes.find((outcome) => outcome.fits(entry));
}
