# SPDX-License-Identifier: Apache-2.0
"""A browser that does what a user does: the part of W3C WebDriver that the tests of the page need."""

import base64
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
TAB, ENTER, SPACE, SHIFT = "\ue004", "\ue007", " ", "\ue008"
PATIENCE = 20  # seconds
DARK = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]
OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class Refused(Exception):
    """What the driver answered instead."""


class Gone(Refused):
    """Because the page has drawn that part anew since the element was found."""


def ask(url, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with OPEN(request, timeout=120) as response:
            return json.load(response)["value"]
    except urllib.error.HTTPError as error:
        value = json.load(error)["value"]
        refusal = Gone if value["error"] == "stale element reference" else Refused
        raise refusal(f"{value['error']}: {value['message']}") from None


def until(condition, what, patience=PATIENCE):
    """What the condition yields as soon as that is true of it, and of elements that are there."""
    end = time.monotonic() + patience
    while True:
        try:
            found = condition()
        except Gone:
            found = None
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"after {patience} s: not {what}")
        time.sleep(0.1)


class Element:
    def __init__(self, browser, ident):
        self.browser, self.ident = browser, ident

    def _ask(self, path, method="GET", body=None):
        return self.browser.ask(f"element/{self.ident}/{path}", method, body)

    def click(self):
        self._ask("click", "POST", {})

    def type(self, text):
        self._ask("value", "POST", {"text": text})

    def clear(self):
        self._ask("clear", "POST", {})

    def attribute(self, name):
        return self._ask(f"attribute/{name}")

    def value_of(self, name):
        return self._ask(f"property/{name}")

    @property
    def text(self):
        return self._ask("text")

    @property
    def label(self):
        """As assistive technology has it."""
        return self._ask("computedlabel")

    @property
    def role(self):
        return self._ask("computedrole")

    @property
    def is_shown(self):
        return self._ask("displayed")

    def choose(self, text):
        """The option of a select, as soon as there is one."""
        def look():
            return [it for it in self.browser.all("option", self) if it.text == text]

        until(look, f"{text!r} to choose")[0].click()


class Browser:
    """A headless Chromium in a profile of its own; close() ends it."""

    def __init__(self, folder, *, size=(1280, 1000), dark=False, arguments=()):
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "HOME": str(folder)},
        )
        self.session = None
        try:
            self.base = f"http://127.0.0.1:{self._find_port()}"
            self.session = self._begin(folder, size, [*arguments, *(DARK if dark else [])])
        except BaseException:
            self.close()
            raise

    def _find_port(self):
        for line in self.process.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return found[1]
        raise AssertionError("the driver did not start")

    def _begin(self, folder, size, more):
        arguments = [
            "--headless=new",
            "--no-proxy-server",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/profile",
            f"--window-size={size[0]},{size[1]}",
            *(["--no-sandbox"] if os.getuid() == 0 else []),
            *more,
        ]
        wanted = {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = ask(f"{self.base}/session", "POST", {"capabilities": {"alwaysMatch": wanted}})
        return answer["sessionId"]

    def ask(self, path, method="GET", body=None):
        return ask(f"{self.base}/session/{self.session}/{path}", method, body)

    def close(self):
        if self.session:
            ask(f"{self.base}/session/{self.session}", "DELETE")
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    # --- looking ---

    def go(self, url):
        self.ask("url", "POST", {"url": url})

    def all(self, css, within=None):
        path = f"element/{within.ident}/elements" if within else "elements"
        found = self.ask(path, "POST", {"using": "css selector", "value": css})
        return [Element(self, item[ELEMENT]) for item in found]

    def find(self, css):
        """The first, as soon as it is there."""
        return until(lambda: self.all(css), f"there: {css}")[0]

    def button(self, name):
        """Of several with that name, the first that can be seen."""
        def look():
            return [it for it in self.all("button, summary") if it.is_shown and it.label == name]

        return until(look, f"a button {name!r}")[0]

    def run(self, script, *arguments):
        return self.ask("execute/sync", "POST", {"script": script, "args": list(arguments)})

    def text(self, css):
        """What a user reads there, in one go: elements may come and go meanwhile."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", css)

    def expect(self, css, text):
        until(lambda: text in self.text(css), f"{text!r} in {css}")

    # --- the keyboard ---

    def press(self, *keys):
        """One after the other; a key in a tuple is held while those after it are pressed."""
        actions = []
        for key in keys:
            held = key if isinstance(key, tuple) else (key,)
            actions += [{"type": "keyDown", "value": one} for one in held]
            actions += [{"type": "keyUp", "value": one} for one in reversed(held)]
        self.ask("actions", "POST", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    @property
    def focused(self):
        return Element(self, self.ask("element/active")[ELEMENT])

    @property
    def focus(self):
        """The name of what has it; nothing while that is being replaced."""
        try:
            return self.focused.label
        except Refused:
            return ""

    # --- what it leaves ---

    def complaints(self):
        """Of its console: errors, among them whatever the Content-Security-Policy forbade."""
        entries = self.ask("se/log", "POST", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def picture(self):
        return base64.b64decode(self.ask("screenshot"))
