# SPDX-License-Identifier: Apache-2.0
"""What the tests of the page have in common: a coffer and a browser that looks at it."""

import shutil
import tempfile
import unittest

from server import Server
from webdriver import Browser, until

COFFER = "./coffer"
DIGEST = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
SIGN = {"alg": "ES256", "value": DIGEST}

# Of refusals that a test provokes: the browser notes each in its console.
EXPECTED = "Failed to load resource"


class PageTest(unittest.TestCase):
    """One coffer and one browser for a class; what a test did is undone before the next."""

    options = ("--vault", "dev", "--vault", "std", "--identity", "dev")
    dark = False
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.mkdtemp(prefix="coffer-page.")
        cls.addClassCleanup(shutil.rmtree, cls.scratch)
        cls.server = cls.start_server()
        cls.addClassCleanup(lambda: cls.server.stop())
        cls.browser = Browser(cls.scratch, dark=cls.dark, arguments=cls.arguments)
        cls.addClassCleanup(cls.browser.close)

    @classmethod
    def start_server(cls, *more):
        return Server(COFFER, f"{cls.scratch}/data", *cls.options, *more)

    def setUp(self):
        status, answer = self.server.ask_control("/control/v1/reset", {})
        self.assertEqual(status, 204, answer)

    def open(self):
        self.browser.go(f"{self.server.control}/")
        self.browser.expect("#state-server", "connected")

    def tearDown(self):
        """Above all nothing that the Content-Security-Policy had to forbid."""
        complaints = [text for text in self.browser.complaints() if EXPECTED not in text]
        self.assertEqual(complaints, [])

    # --- what a user sees ---

    def control(self, name, css="input, select, textarea"):
        """The one that can be seen and has that name."""
        def look():
            return [it for it in self.browser.all(css) if it.is_shown and it.label == name]

        return until(look, f"a control {name!r}")[0]

    def row(self, text, rows="#key-rows tr"):
        """What is read in the row that has this text."""
        return self.browser.run(
            "return [...document.querySelectorAll(arguments[0])].map((row) => row.innerText)"
            ".find((row) => row.includes(arguments[1])) ?? ''", rows, text)

    def expect_row(self, text, part, rows="#key-rows tr"):
        until(lambda: part in self.row(text, rows), f"{part!r} in the row of {text!r}")

    def expect_said(self, text):
        until(lambda: text in self.browser.text("#status") + self.browser.text("#alert"),
              f"{text!r} said")

    def sign(self, key="cmk"):
        return self.server.ask_vault(f"/keys/{key}/sign", SIGN)[0]

    def read(self, key="cmk", **how):
        return self.server.ask_vault(f"/keys/{key}", **how)[0]
