# SPDX-License-Identifier: Apache-2.0
"""That everybody can use the page, however he sees it."""

from pathlib import Path

from support import PageTest
from webdriver import Refused, until

AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")
CONTROLS = "button, input, select, textarea, summary, a[href], [tabindex='0']"
ROLES = {
    "button", "link", "textbox", "searchbox", "combobox", "switch", "checkbox", "spinbutton",
    "region", "list", "DisclosureTriangle", "ComboBoxSelect", "listbox",
}


def furnish(server):
    """A row of every kind."""
    for _ in range(2):
        version = server.make_key("cmk")
    server.make_key("retired")
    server.make_key("old", attributes={"exp": 1000000000})
    server.make_key("young", attributes={"nbf": 4000000000})
    server.ask_control("/control/v1/vaults/dev/keys/retired", method="DELETE")
    server.ask_control(f"/control/v1/vaults/dev/keys/cmk/versions/{version}", {"enabled": False},
                       "PATCH")
    for effect in ({"status": 429}, {"status": 500}, {"cut": "reset"}):
        server.ask_control("/control/v1/faults", {"match": {"key": "cmk"}, "when": {"times": 1},
                                                  "effect": effect})
    server.ask_control("/control/v1/hsm/faults", {"kind": "slow", "delay": 1})
    version = server.make_key("data", kty="RSA", key_size=2048)
    for name in ("ws-fhir", "ws-labs"):
        key = f"https://dev.vault.localhost/keys/data/{version}"
        server.ask_control(f"/control/v1/consumers/{name}", {"rules": "none", "key": key}, "PUT")
    server.ask_control("/control/v1/vaults/dev/keys/data", {"enabled": False}, "PATCH")
    server.ask_control("/control/v1/clock/advance", {"by": "PT1M"})
    for identity in ("dev", "dev", "dev", "dev", None):
        try:
            server.ask_vault("/keys/none" if identity is None else "/keys/cmk", identity=identity)
        except OSError:
            pass  # the third rule
    server.ask_vault("/keys/none")


class Light(PageTest):
    def setUp(self):
        super().setUp()
        furnish(self.server)
        self.open()
        self.browser.button("cmk").click()
        until(lambda: len(self.browser.all("#consumer-rows li")) == 2, "services")
        self.browser.button("ws-fhir").click()
        until(lambda: self.browser.run("return document.querySelector('#consumer-rows img').naturalWidth"),
              "a timeline")
        until(lambda: len(self.browser.all("#key-rows tr")) == 7, "keys and versions")
        until(lambda: len(self.browser.all("#fault-rows li")) == 3, "rules")
        self.browser.expect("#timeline-summary", "cut off")

    def test_nothing_is_hard_to_read_or_out_of_order(self):
        self.assertEqual(self.browser.run(AUDIT), [])

    def test_every_control_has_a_name_and_a_role_and_no_two_rows_the_same(self):
        names = []
        for control in self.browser.all(CONTROLS):
            try:
                if control.is_shown:
                    names.append((control.role, control.label))
            except Refused:
                pass  # a row that went meanwhile
        self.assertGreater(len(names), 40)
        self.assertEqual([pair for pair in names if not pair[1].strip()], [])
        self.assertEqual({role for role, _ in names} - ROLES, set())
        deeds = [label for role, label in names if role == "switch"]
        deeds += [label for _, label in names if label.split()[0] in ("Delete", "Recover", "Redeploy", "Remove", "End")]
        self.assertEqual(sorted(deeds), sorted(set(deeds)))

    def test_all_of_it_is_there_in_a_narrow_window(self):
        self.browser.ask("window/rect", "POST", {"width": 500, "height": 900})
        until(lambda: self.browser.run("return innerWidth < 520"), "a narrow window")
        try:
            self.assertEqual(self.browser.run(
                "return document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0)
            self.assertEqual(self.browser.run(AUDIT), [])
        finally:
            self.browser.ask("window/rect", "POST", {"width": 1280, "height": 1000})


class Dark(Light):
    dark = True

    def test_it_is_dark(self):
        self.assertTrue(self.browser.run("return matchMedia('(prefers-color-scheme: dark)').matches"))
        self.assertIn("rgb(16, 22, 28)",
                      self.browser.run("return getComputedStyle(document.body).backgroundColor"))


class Calm(PageTest):
    arguments = ("--force-prefers-reduced-motion",)

    def test_nothing_moves_for_whoever_does_not_want_it(self):
        self.server.make_key("cmk")
        self.open()
        self.control("cmk enabled")
        moving = self.browser.run(
            "return [...document.querySelectorAll('*')].filter((node) => ['', '::after'].some("
            "(part) => getComputedStyle(node, part || null).transitionDuration !== '0s')).length")
        self.assertEqual(moving, 0)
