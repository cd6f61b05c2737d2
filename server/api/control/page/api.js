/* SPDX-License-Identifier: Apache-2.0 */
/* The control API, and the token that it may want: docs/security.md. */

const STORED = "coffer-control-token";
const PATIENCE = 30000; /* milliseconds */

let token = sessionStorage.getItem(STORED) ?? "";

/* What the server answered instead of doing it. */
export class Refusal extends Error {
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

/* There was no answer at all. */
export class Silence extends Error {}

export function useToken(text) {
    token = text;
    sessionStorage.setItem(STORED, text);
}

function head(body) {
    const headers = {};

    if (token !== "") {
        headers.Authorization = `Bearer ${token}`;
    }
    if (body !== undefined) {
        headers["Content-Type"] = "application/json";
    }
    return headers;
}

async function send(method, path, body) {
    try {
        return await fetch(`control/v1/${path}`, {
            method,
            headers: head(body),
            body: body === undefined ? undefined : JSON.stringify(body),
            cache: "no-store",
            redirect: "error",
            signal: AbortSignal.timeout(PATIENCE),
        });
    } catch {
        throw new Silence("coffer does not answer.");
    }
}

async function read(response) {
    const text = await response.text();

    try {
        return text === "" ? null : JSON.parse(text);
    } catch {
        return null;
    }
}

async function refuse(response) {
    const answer = await read(response);

    if (response.status === 401) {
        document.dispatchEvent(new CustomEvent("token-wanted", { detail: token !== "" }));
    }
    throw new Refusal(
        response.status,
        answer?.error?.message ?? `coffer answered ${response.status}.`,
    );
}

/* What is at a path below /control/v1/, or what doing something there answers. */
export async function call(method, path, body) {
    const response = await send(method, path, body);

    return response.ok ? read(response) : refuse(response);
}

/* A picture that is there, as a URL of this page's own; whoever gets it revokes it. */
export async function picture(path) {
    const response = await send("GET", path);

    return response.ok ? URL.createObjectURL(await response.blob()) : refuse(response);
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);

/* A part of a path. */
export const part = encodeURIComponent;

/* One at a time: whoever asks while it runs has it run once more, so that he sees what he changed. */
export function serial(work) {
    let running = null;
    let again = false;

    async function run() {
        try {
            do {
                again = false;
                await work();
            } while (again);
        } finally {
            running = null;
        }
    }

    return () => {
        again = running !== null;
        running ??= run();
        return running;
    };
}
