# SPDX-License-Identifier: Apache-2.0
"""What somebody does with the page, and what his service meets then."""

from support import PageTest
from webdriver import until


class Keys(PageTest):
    def setUp(self):
        super().setUp()
        self.server.make_key("cmk")
        self.open()

    def test_a_disabled_key_is_refused_and_the_refusal_is_shown(self):
        self.control("cmk enabled").click()
        self.expect_row("cmk", "disabled")
        self.assertEqual(self.sign(), 403)
        self.expect_row("403 KeyDisabled", "sign", "#journal-rows tr")
        self.control("cmk enabled").click()
        self.expect_row("cmk", "usable")
        self.assertEqual(self.sign(), 200)

    def test_one_version_is_disabled_and_the_others_are_not(self):
        first = self.server.ask_vault("/keys/cmk")[1]["key"]["kid"].rsplit("/", 1)[1]
        self.server.make_key("cmk")
        self.browser.button("cmk").click()
        self.control(f"Version {first[:8]} of cmk enabled").click()
        self.expect_row(first, "disabled")
        self.assertEqual(self.sign(f"cmk/{first}"), 403)
        self.assertEqual(self.sign(), 200)
        self.browser.button("cmk").click()
        until(lambda: not self.row(first), "the versions put away")

    def test_a_deleted_key_comes_back(self):
        self.browser.button("Delete cmk").click()
        self.expect_row("cmk", "deleted")
        self.assertEqual(self.read(), 404)
        self.browser.button("Recover cmk").click()
        self.expect_row("cmk", "usable")
        self.assertEqual(self.read(), 200)

    def test_a_refused_switch_says_why_and_goes_back(self):
        self.control("cmk enabled")
        self.server.ask_control("/control/v1/vaults/dev/keys/cmk", method="DELETE")
        self.browser.run("document.querySelector('#key-rows input').click()")
        self.expect_said("cmk was not found")
        self.expect_row("cmk", "deleted")

    def test_a_deleted_vault_comes_back(self):
        self.browser.button("Delete vault").click()
        self.browser.expect("#vault-about", "Deleted")
        self.assertEqual(self.row("cmk"), "")
        self.browser.button("Recover vault").click()
        self.expect_row("cmk", "usable")

    def test_another_vault_has_other_keys(self):
        self.server.make_key("other", vault="std")
        self.control("Vault", "#vault").choose("std")
        self.expect_row("other", "EC P-256")
        self.assertEqual(self.row("cmk"), "")


class Failures(PageTest):
    def setUp(self):
        super().setUp()
        self.server.make_key("cmk")
        self.open()

    def add(self, failure, times=""):
        self.browser.find("#fault-preset").choose(failure)
        self.browser.find("#fault-vault").choose("dev")
        self.browser.find("#fault-key").clear()
        self.browser.find("#fault-key").type("cmk")
        self.browser.find("#fault-times").clear()
        self.browser.find("#fault-times").type(times)
        self.browser.button("Add rule").click()

    def test_a_rule_acts_as_often_as_it_says(self):
        self.add("429, come back after 5 s", "2")
        self.expect_said("acts from now on")
        self.assertEqual([self.read() for _ in range(3)], [429, 429, 200])
        self.expect_row("dev/cmk", "429, Retry-After 5 s", "#fault-rows li")
        self.expect_row("dev/cmk", "2 of", "#fault-rows li")
        self.expect_row("429", "after 5 s", "#journal-rows tr")
        self.browser.expect("#timeline-summary", "2 throttled")

    def test_a_rule_is_suspended_and_removed(self):
        self.add("500 Internal Server Error")
        rule = until(lambda: self.browser.text("#fault-rows code"), "a rule")
        self.control(f"Rule {rule} acts").click()
        self.expect_said("is suspended")
        self.assertEqual(self.read(), 200)
        self.control(f"Rule {rule} acts").click()
        self.expect_said(f"Rule {rule} acts.")
        self.assertEqual(self.read(), 500)
        self.browser.button(f"Remove rule {rule}").click()
        self.browser.expect("#faults", "No rule")
        self.assertEqual(self.read(), 200)

    def test_every_preset_is_a_rule(self):
        names = [option.text for option in self.browser.all("#fault-preset option")]
        for name in names:
            self.add(name)
            until(lambda: len(self.browser.all("#fault-rows li")) == 1, f"a rule: {name}")
            self.assertEqual(self.browser.text("#alert"), "")
            self.browser.button("Remove all").click()
            self.browser.expect("#faults", "No rule")

    def test_a_rule_as_json_is_refused_with_the_reason(self):
        self.browser.button("Add a rule as JSON").click()
        for text, reason in (('{"match":{"vualt":"dev"},"effect":{"status":429}}',
                              "'vualt' is not a member of match"),
                             ("{", "This is not JSON")):
            self.browser.find("#fault-json").clear()
            self.browser.find("#fault-json").type(text)
            self.browser.button("Add rule from JSON").click()
            self.expect_said(reason)
        self.browser.expect("#faults", "No rule")

    def test_the_hsm_is_removed_and_put_back(self):
        self.browser.button("Remove the HSM").click()
        self.browser.expect("#state-hsm", "removed")
        self.assertEqual(self.sign(), 503)
        self.assertEqual(self.read(), 200)
        self.expect_row("503", "sign", "#journal-rows tr")
        self.browser.button("Put the HSM back").click()
        self.browser.expect("#state-hsm", "available")
        self.assertEqual(self.sign(), 200)

    def test_every_failure_of_the_hsm_begins_and_ends(self):
        names = [option.text for option in self.browser.all("#hsm-preset option")]
        for name in names:
            self.browser.find("#hsm-preset").choose(name)
            if self.browser.find("#hsm-key").is_shown:
                self.browser.find("#hsm-key").type("cmk")
            self.browser.button("Make it fail").click()
            rows = until(lambda: self.browser.all("#hsm-rows li"), f"a failure: {name}")
            self.assertEqual(self.browser.text("#alert"), "")
            ident = self.browser.text("#hsm-rows code")
            self.assertEqual(len(rows), 1)
            self.browser.button(f"End {ident}").click()
            until(lambda: not self.browser.all("#hsm-rows li"), f"over: {name}")
        self.browser.expect("#state-hsm", "available")
        self.assertEqual(self.sign(), 200)


class Time(PageTest):
    def ahead(self):
        return self.server.ask_control("/control/v1/clock")[1]["offset"]

    def test_the_clock_is_advanced(self):
        self.open()
        self.browser.button("Advance by 1 hour").click()
        self.browser.expect("#clock-mode", "1 h ahead")
        self.browser.button("Advance by 1 day").click()
        self.browser.expect("#clock-mode", "ahead")
        until(lambda: self.ahead() == 25 * 3600, "25 hours ahead")
        self.browser.button("System time").click()
        self.browser.expect("#clock-mode", "system")
        self.assertEqual(self.ahead(), 0)

    def test_the_next_event_happens_and_is_told(self):
        self.server.make_key("leaving")
        self.server.ask_vault("/keys/leaving", method="DELETE")
        self.open()
        self.browser.expect("#clock-due", "Next: purge")
        self.browser.button("Next event").click()
        self.expect_said("On the way: purge dev leaving")
        self.browser.expect("#clock-due", "Nothing is due.")
        self.browser.button("Next event").click()
        self.expect_said("due")

    def test_the_clock_is_frozen_and_runs_on(self):
        self.open()
        self.browser.button("Freeze").click()
        self.browser.expect("#clock-mode", "frozen")
        shown = self.browser.text("#clock-now")
        self.browser.button("Let it run").click()
        until(lambda: self.browser.text("#clock-now") != shown, "a clock that runs")


class Journal(PageTest):
    def setUp(self):
        super().setUp()
        self.server.make_key("cmk")
        self.open()

    def marks(self, name):
        return len(self.browser.all(f"#timeline-plot rect.{name}")) - 1  # that of the legend

    def test_outcomes_have_their_lanes(self):
        self.read()
        self.read("none")
        self.read(identity=None)
        self.browser.expect("#timeline-summary", "1 challenged, 1 refused")
        self.assertEqual([self.marks(name) for name in ("challenge", "refused", "failed", "cut")],
                         [1, 1, 0, 0])
        self.assertGreaterEqual(self.marks("ok"), 1)
        plot = self.browser.find("#timeline-plot")
        self.assertIn("1 refused", plot.label)

    def test_requests_are_looked_for(self):
        self.read()
        self.read("none")
        self.expect_row("dev / none", "404", "#journal-rows tr")
        self.browser.find("#journal-outcome").choose("not as it should be")
        until(lambda: "createKey" not in self.browser.text("#journal-rows"), "others left out")
        self.assertIn("KeyNotFound", self.browser.text("#journal-rows"))
        self.browser.find("#journal-find").type("no such text")
        self.browser.expect("#journal", "No requests.")

    def test_a_pause_holds_the_list_and_an_end_of_it_catches_up(self):
        self.browser.button("Pause").click()
        self.read("none")
        self.browser.expect("#journal-note", "Paused")
        self.assertNotIn("none", self.browser.text("#journal-rows"))
        self.browser.button("Pause").click()
        self.expect_row("dev / none", "404", "#journal-rows tr")

    def test_requests_are_announced_to_whoever_wants_it(self):
        self.browser.find("#journal-aloud").click()
        self.read("none")
        self.expect_said("getKey dev / none: 404 KeyNotFound")
        self.assertEqual(self.browser.find("#status").attribute("aria-live"), "polite")

    def test_the_journal_is_cleared(self):
        self.browser.expect("#journal-rows", "createKey")
        self.browser.button("Clear").click()
        self.browser.expect("#journal", "No requests.")
        self.assertEqual(self.server.ask_control("/control/v1/requests")[1]["requests"], [])


class Scenarios(PageTest):
    def setUp(self):
        super().setUp()
        if self.server.ask_control("/control/v1/scenarios")[0] == 404:
            self.skipTest("this coffer has no scenarios")
        self.server.make_key("cmk")
        self.open()
        self.browser.find("#scenario-vault").choose("dev")
        self.browser.find("#scenario-key").type("cmk")

    def test_one_is_applied_and_reverted(self):
        self.browser.button("Apply key-disabled").click()
        self.expect_said("key-disabled is applied.")
        self.assertEqual(self.sign(), 403)
        self.expect_row("cmk", "disabled")
        self.browser.button("Revert key-disabled").click()
        self.expect_said("key-disabled is reverted.")
        self.assertEqual(self.sign(), 200)

    def test_one_that_cannot_be_applied_says_why(self):
        self.browser.find("#scenario-key").clear()
        self.browser.find("#scenario-key").type("none")
        self.browser.button("Apply key-disabled").click()
        self.expect_said("none")
        self.browser.button("Apply key-disabled")


class Restart(PageTest):
    def test_the_page_comes_through_a_restart(self):
        port = self.server.control.rsplit(":", 1)[1]
        self.server.make_key("cmk")
        self.open()
        self.browser.expect("#journal-rows", "createKey")
        self.server.stop()
        self.browser.expect("#state-server", "no answer")
        type(self).server = self.start_server("--control-port", port)
        self.browser.expect("#state-server", "connected")
        self.read("none")
        self.expect_row("dev / none", "404", "#journal-rows tr")
        self.expect_row("cmk", "usable")
