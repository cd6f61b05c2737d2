# SPDX-License-Identifier: Apache-2.0
"""The services that use a key: what the page says of them, and what it lets one do."""

from support import PageTest
from webdriver import until

ROWS = "#consumer-rows li"
DRAWN = """
    return [...document.querySelectorAll('#consumer-rows img')]
        .filter((image) => image.checkVisibility())
        .map((image) => [image.alt, image.complete && image.naturalWidth])
"""


class Services(PageTest):
    def setUp(self):
        super().setUp()
        self.control_do("clock", {"frozen": True})
        self.version = self.server.make_key("cmk", kty="RSA", key_size=2048)

    def control_do(self, path, body, method="POST"):
        status, answer = self.server.ask_control(f"/control/v1/{path}", body, method)
        self.assertEqual(status, 200, answer)
        return answer

    def add(self, name, profile="fhir"):
        self.control_do(f"consumers/{name}", {
            "profile": profile, "rules": "none", "identity": "dev",
            "key": f"https://dev.vault.localhost/keys/cmk/{self.version}"}, "PUT")

    def enable(self, enabled):
        self.control_do("vaults/dev/keys/cmk", {"enabled": enabled}, "PATCH")

    def walk(self, span):
        self.control_do("clock/advance", {"by": span})

    def drawn(self):
        return self.browser.run(DRAWN)

    def test_without_one_the_panel_says_how_to_add_one(self):
        self.open()
        self.browser.expect("#consumers", "coffer consumer add NAME")
        self.add("ws-fhir")
        self.expect_row("ws-fhir", "encrypted", ROWS)
        self.assertNotIn("consumer add", self.browser.text("#consumers"))
        self.server.ask_control("/control/v1/consumers/ws-fhir", method="DELETE")
        self.browser.expect("#consumers", "coffer consumer add NAME")

    def test_a_service_without_its_key_says_why_and_what_to_do(self):
        self.add("ws-fhir")
        self.open()
        self.expect_row("ws-fhir", "encrypted", ROWS)
        self.enable(False)
        self.walk("PT1M")
        self.expect_row("ws-fhir", "access-lost", ROWS)
        self.expect_row("ws-fhir", "KeyDisabled", ROWS)
        self.expect_row("ws-fhir", "Restore access to the key within 30 minutes", ROWS)

    def test_a_deployment_is_refused_with_the_reason_and_helps_once_the_key_is_back(self):
        self.add("ws-fhir")
        self.enable(False)
        self.walk("PT35M")
        self.open()
        self.expect_row("ws-fhir", "needs-redeploy", ROWS)
        self.browser.button("Redeploy ws-fhir").click()
        self.expect_said("disabled")
        self.expect_row("ws-fhir", "needs-redeploy", ROWS)
        self.enable(True)
        self.browser.button("Redeploy ws-fhir").click()
        self.expect_said("ws-fhir is deployed again.")
        self.expect_row("ws-fhir", "encrypted", ROWS)

    def test_a_timeline_is_drawn_and_told_and_goes_on(self):
        self.add("ws-fhir")
        self.add("ws-dicom", "dicom")
        self.open()
        self.assertEqual(self.drawn(), [])
        self.browser.button("ws-fhir").click()
        until(lambda: [width for _, width in self.drawn()] == [940], "one picture")
        self.assertIn("Timeline of ws-fhir: encrypted since", self.drawn()[0][0])
        self.enable(False)
        self.walk("PT1M")
        until(lambda: "access-lost since" in self.drawn()[0][0], "the loss in it")
        until(lambda: self.drawn()[0][1] == 940, "another picture")
        self.assertEqual(self.browser.button("ws-fhir").attribute("aria-expanded"), "true")
        self.browser.button("ws-fhir").click()
        until(lambda: self.drawn() == [], "the picture put away")

    def test_of_many_there_is_a_summary_and_all_can_be_reached(self):
        for number in range(20):
            self.add(f"ws-svc{number:02}")
        self.open()
        self.browser.expect("#consumers-about", "20 services: 20 encrypted.")
        self.enable(False)
        self.walk("PT1M")
        self.browser.expect("#consumers-about", "20 services: 20 access-lost.")
        box = self.browser.run(
            "const { clientHeight, scrollHeight, tabIndex } = document.getElementById('consumer-rows');"
            "return [clientHeight < scrollHeight, clientHeight < 600, tabIndex]")
        self.assertEqual(box, [True, True, 0])
        self.browser.button("ws-svc19").click()
        until(lambda: [width for _, width in self.drawn()] == [940], "the picture of the last one")
