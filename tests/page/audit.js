/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a page for whoever does not see it well, or at all: a list of texts. Runs in the page,
 * as the body of a function. Rules of WCAG 2.2 that a program can decide.
 */
const found = [];
const isShown = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length > 0;
const name = (node) => `${node.localName}${node.id ? `#${node.id}` : ""} "${node.textContent.trim().slice(0, 30)}"`;
const all = (selector) => [...document.querySelectorAll(selector)];

/* --- structure --- */

if (!document.documentElement.lang) {
    found.push("the page says no language");
}
if (document.title.trim() === "") {
    found.push("the page has no title");
}
for (const landmark of ["header", "main"]) {
    if (all(`body > ${landmark}`).length !== 1) {
        found.push(`there is not one ${landmark}`);
    }
}
const ids = all("[id]").map((node) => node.id);

for (const id of ids.filter((one, at) => ids.indexOf(one) !== at)) {
    found.push(`several have the id ${id}`);
}
let level = 0;

for (const heading of all("h1, h2, h3, h4").filter(isShown)) {
    const own = Number(heading.localName[1]);

    if (own > level + 1) {
        found.push(`${name(heading)} skips a level`);
    }
    level = own;
}
for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "for", "list"]) {
    for (const node of all(`[${attribute}]`)) {
        for (const id of node.getAttribute(attribute).split(/\s+/)) {
            if (!document.getElementById(id)) {
                found.push(`${name(node)}: ${attribute} names ${id}, which is not there`);
            }
        }
    }
}
for (const cell of all("thead th")) {
    if (cell.scope !== "col" || cell.textContent.trim() === "") {
        found.push(`a column without a head: ${name(cell)}`);
    }
}
for (const section of all("main section")) {
    if (!section.hasAttribute("aria-labelledby") && !section.hasAttribute("aria-label")) {
        found.push(`${name(section)} has no name`);
    }
}

/* --- size of what is aimed at, 24 by 24 or with room around it (2.5.8) --- */

const targets = all("button, input, select, textarea, summary, a[href]").filter(isShown);
const middle = ({ left, top, width, height }) => [left + width / 2, top + height / 2];

for (const node of targets.filter((one) => !one.classList.contains("skip"))) {
    const box = node.getBoundingClientRect();

    if (box.width >= 24 && box.height >= 24) {
        continue;
    }
    const [x, y] = middle(box);
    const near = targets.find((other) => {
        const [otherX, otherY] = middle(other.getBoundingClientRect());

        return other !== node && Math.hypot(x - otherX, y - otherY) < 24;
    });

    if (near) {
        found.push(`${name(node)} is small and close to ${name(near)}`);
    }
}

/* --- contrast (1.4.3) --- */

function colour(text) {
    const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);

    return { red, green, blue, alpha };
}

function over(top, below) {
    const mix = (part) => top[part] * top.alpha + below[part] * (1 - top.alpha);

    return { red: mix("red"), green: mix("green"), blue: mix("blue"), alpha: 1 };
}

function behind(node) {
    const layers = [];

    for (let at = node; at; at = at.parentElement) {
        layers.push(colour(getComputedStyle(at).backgroundColor));
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), colour("rgb(255, 255, 255)"));
}

function light({ red, green, blue }) {
    const [r, g, b] = [red, green, blue].map((value) => {
        const part = value / 255;

        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });

    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);

    return (bright + 0.05) / (dark + 0.05);
}

for (const node of all("body *").filter(isShown)) {
    const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());

    if (hasText && !node.disabled && node.localName !== "option" && !node.closest("title")) {
        const style = getComputedStyle(node);
        const ground = behind(node);
        const ink = over(colour(node.closest("svg") ? style.fill : style.color), ground);

        if (contrast(ink, ground) < 4.5) {
            found.push(`${name(node)} has a contrast of ${contrast(ink, ground).toFixed(2)}`);
        }
    }
}
for (const mark of all("svg rect.mark").filter(isShown)) {
    const ground = behind(mark.closest("svg"));

    if (contrast(colour(getComputedStyle(mark).fill), ground) < 3) {
        found.push(`a mark of ${mark.getAttribute("class")} is hard to see`);
    }
}
return found;
