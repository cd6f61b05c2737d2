# SPDX-License-Identifier: Apache-2.0
"""The page without a mouse."""

import time

from support import PageTest
from webdriver import ENTER, SHIFT, SPACE, TAB, until

STOPS_MAX = 80


class Keyboard(PageTest):
    def setUp(self):
        super().setUp()
        self.server.make_key("cmk")
        self.open()
        self.control("cmk enabled")

    def walk_to(self, name):
        """Tab until the focus is on what has that name; the names on the way."""
        way = []
        for _ in range(STOPS_MAX):
            self.browser.press(TAB)
            way.append(self.browser.focus)
            if way[-1] == name:
                return way
        raise AssertionError(f"{name!r} is not reached by Tab: {way}")

    def test_the_way_goes_down_the_page(self):
        way = self.walk_to("Clear")
        self.assertEqual(way[0], "Skip to the keys")
        wanted = ["Advance by 1 hour", "Next event", "Shows the last", "Vault", "Delete vault", "cmk",
                  "cmk enabled", "Delete cmk", "Failure", "Add rule", "Remove the HSM", "Make it fail",
                  "Outcome", "Pause"]
        places = []
        for name in wanted:
            found = [at for at, label in enumerate(way) if label.startswith(name)]
            self.assertTrue(found, f"{name}: {way}")
            places.append(next((at for at in found if not places or at > places[-1]), -1))
        self.assertEqual(places, sorted(places), way)

    def test_each_stop_can_be_seen(self):
        self.walk_to("Next event")
        for _ in range(25):
            self.browser.press(TAB)
            outline = self.browser.run(
                "const style = getComputedStyle(document.activeElement);"
                "return style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth)")
            self.assertGreaterEqual(outline, 1, self.browser.focus)
        self.browser.press((SHIFT, TAB))
        self.assertNotEqual(self.browser.focus, "")

    def test_a_link_skips_to_the_keys(self):
        self.browser.press(TAB, ENTER)
        self.walk_to("cmk enabled")
        self.browser.press(SPACE)
        self.expect_row("cmk", "disabled")
        self.assertEqual(self.sign(), 403)

    def test_the_hsm_is_removed_and_put_back(self):
        self.walk_to("Remove the HSM")
        self.browser.press(ENTER)
        self.browser.expect("#state-hsm", "removed")
        self.assertEqual(self.browser.focus, "Put the HSM back")
        self.browser.press(SPACE)
        self.browser.expect("#state-hsm", "available")

    def test_a_rule_is_added_by_enter(self):
        self.walk_to("Failure")
        self.walk_to("Key")
        for letter in "cmk":
            self.browser.press(letter)
        self.browser.press(ENTER)
        self.expect_said("acts from now on")
        self.assertEqual(self.read(), 429)

    def test_the_focus_stays_while_the_page_renews_itself(self):
        self.walk_to("cmk enabled")
        end = time.monotonic() + 5
        while time.monotonic() < end:
            self.server.make_key("another")
            self.read("none")
            self.assertEqual(self.browser.focus, "cmk enabled")
            time.sleep(0.5)

    def test_the_focus_goes_to_a_neighbour_of_what_has_gone(self):
        for ident in ("one", "two"):
            self.server.ask_control("/control/v1/faults", {"id": ident, "effect": {"delay": 1}})
        self.browser.expect("#fault-rows", "two")
        self.walk_to("Remove rule one")
        self.browser.press(ENTER)
        until(lambda: self.browser.focus == "Rule two acts", "the focus on the other rule")
        self.browser.press(TAB, ENTER)
        self.browser.expect("#faults", "No rule")
        self.assertEqual(self.browser.run("return document.activeElement.id"), "faults")
