# SPDX-License-Identifier: Apache-2.0
"""The page of a coffer that wants a control token."""

from support import PageTest
from webdriver import ENTER, until

TOKEN = "a-token-of-the-tests-0123456789"


class Token(PageTest):
    options = ("--vault", "dev", "--control-token", TOKEN)

    def setUp(self):
        pass  # nothing to undo, and no token to do it with

    def show(self, token):
        field = until(lambda: [it for it in self.browser.all("#token") if it.is_shown], "a question")[0]
        self.assertEqual((field.label, field.value_of("type")), ("Token", "password"))
        self.assertEqual(self.browser.focused.label, "Token")
        field.type(token + ENTER)

    def test_it_is_asked_for_and_kept_in_the_tab_alone(self):
        self.browser.go(f"{self.server.control}/")
        self.show("another-token-of-the-tests")
        self.browser.expect("#token-note", "not the right control token")
        self.assertNotIn("dev", self.browser.text("#vault"))
        self.show(TOKEN)
        self.browser.expect("#vault", "dev")
        self.browser.expect("#state-server", "connected")

        self.browser.go(f"{self.server.control}/")
        self.browser.expect("#vault", "dev")
        self.assertFalse(self.browser.find("#token-dialog").is_shown)
        kept = self.browser.run(
            "return [location.href, document.cookie, JSON.stringify({ ...localStorage }),"
            " document.documentElement.outerHTML].join(' ')")
        self.assertNotIn(TOKEN, kept)
        self.server.log.seek(0)
        log = self.server.log.read()
        self.assertNotIn(TOKEN, log)

    def test_another_tab_is_asked_again(self):
        tab = self.browser.ask("window/new", "POST", {"type": "tab"})["handle"]
        first = self.browser.ask("window")
        self.browser.ask("window", "POST", {"handle": tab})
        try:
            self.browser.go(f"{self.server.control}/")
            self.browser.expect("#token-note", "wants a control token")
        finally:
            self.browser.ask("window", "DELETE")
            self.browser.ask("window", "POST", {"handle": first})

    def test_once_it_is_there_a_timeline_is_asked_for_with_it(self):
        status, answer = self.server.ask_control(
            "/control/v1/consumers/ws-fhir", {"rules": "none", "key": ""}, "PUT",
            {"Authorization": f"Bearer {TOKEN}"})
        self.assertEqual(status, 200, answer)
        self.browser.go(f"{self.server.control}/")
        until(lambda: self.browser.text("#state-server") in ("connected", "token wanted"), "an answer")
        if self.browser.find("#token-dialog").is_shown:
            self.show(TOKEN)
        self.browser.button("ws-fhir").click()
        width = "return document.querySelector('#consumer-rows img').naturalWidth"
        self.assertEqual(until(lambda: self.browser.run(width), "a picture"), 940)
