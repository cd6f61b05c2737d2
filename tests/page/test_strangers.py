# SPDX-License-Identifier: Apache-2.0
"""What others say is shown and never done, and other pages are kept out."""

import http.server
import threading

from support import PageTest
from webdriver import until

MARKUP = '"><img src=x onerror=window.done=1><script>window.done=1</script>'


class Sayings(PageTest):
    options = ("--vault", "dev", "--identity", "dev")

    def check(self):
        self.assertIsNone(self.browser.run("return window.done ?? null"))
        self.assertEqual(self.browser.all("main img, main script, main iframe"), [])

    def test_a_client_that_is_called_markup(self):
        self.server.make_key("cmk")
        self.open()
        self.read(agent=MARKUP)
        self.read("%3Cimg%20src=x%20onerror=window.done=1%3E")
        self.expect_row("onerror", "img src=x", "#journal-rows tr")
        until(lambda: MARKUP in self.browser.text("#journal-rows"), "what the client is called")
        self.browser.find("#journal-aloud").click()
        self.read(f"none?{MARKUP[2:]}".replace(" ", "%20"), agent=MARKUP)
        self.check()

    def test_a_rule_that_is_markup(self):
        self.server.ask_control("/control/v1/faults", {
            "comment": MARKUP, "match": {"header": {"X-Any": MARKUP}, "principal": MARKUP},
            "effect": {"status": 418, "code": MARKUP, "message": MARKUP}})
        self.open()
        self.browser.expect("#fault-rows", "onerror")
        self.check()

    def test_a_refusal_that_repeats_markup(self):
        self.open()
        self.browser.button("Add a rule as JSON").click()
        self.browser.find("#fault-json").clear()
        self.browser.find("#fault-json").type('{"<img src=x onerror=window.done=1>":1}')
        self.browser.button("Add rule from JSON").click()
        self.expect_said("<img src=x")
        self.check()

    def test_markup_would_be_stopped_if_it_got_there(self):
        self.open()
        for attempt in ("document.body.innerHTML = '<b>x</b>'",
                        "document.createElement('script').src = 'data:,window.done=1'",
                        "document.createElement('script').text = 'window.done=1'",
                        "document.body.setAttribute('onclick', 'window.done=1')"):
            said = self.browser.run(
                f"try {{ {attempt}; return 'taken'; }} catch (error) {{ return error.name; }}")
            self.assertEqual(said, "TypeError", attempt)
        self.browser.run("new Image().src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='")
        until(lambda: any("Content Security Policy" in text for text in self.browser.complaints()),
              "a complaint: without one no test here would see a breach")
        self.check()

    def test_nothing_comes_from_elsewhere(self):
        self.open()
        origins = self.browser.run(
            "return [...new Set(performance.getEntriesByType('resource')"
            ".map(({ name }) => new URL(name).origin))]")
        self.assertEqual(origins, [self.server.control])


class Others(PageTest):
    """A page of another site, in the same browser."""

    arguments = ("--host-resolver-rules=MAP evil.example 127.0.0.1",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
        threading.Thread(target=cls.site.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.site.server_close)
        cls.addClassCleanup(cls.site.shutdown)

    def setUp(self):
        super().setUp()
        self.browser.go(f"http://evil.example:{self.site.server_port}/")

    def tearDown(self):
        self.browser.complaints()  # the browser says what it kept from the other page

    def fetch(self, path, **options):
        return self.browser.run(
            "return fetch(arguments[0], arguments[1]).then((answer) => `${answer.type} ${answer.status}`,"
            " (error) => error.name)", f"{self.server.control}{path}", options)

    def test_neither_reads_nor_writes(self):
        self.assertEqual(self.fetch("/control/v1/info"), "TypeError")
        self.assertEqual(self.fetch("/control/v1/faults", method="DELETE"), "TypeError")
        self.server.ask_control("/control/v1/faults", {"effect": {"delay": 1}})
        self.fetch("/control/v1/reset", method="POST", mode="no-cors", body="{}")
        self.assertEqual(len(self.server.ask_control("/control/v1/faults")[1]["rules"]), 1)

    def test_does_not_show_the_page_in_a_frame(self):
        self.browser.run(
            "const frame = document.createElement('iframe'); frame.src = arguments[0];"
            "frame.id = 'frame'; document.body.append(frame);", f"{self.server.control}/")
        until(lambda: self.browser.run(
            "try { return document.getElementById('frame').contentDocument === null; }"
            "catch { return true; }"), "a frame that has loaded")
        frame = self.browser.find("#frame")
        self.browser.ask("frame", "POST", {"id": {"element-6066-11e4-a52e-4f735466cecf": frame.ident}})
        try:
            self.assertEqual(self.browser.all("#keys"), [])
        finally:
            self.browser.ask("frame", "POST", {"id": None})

    def test_may_link_to_it_and_gets_no_hold_of_it(self):
        self.browser.run(
            "const link = document.createElement('a'); link.href = arguments[0]; link.id = 'link';"
            "link.textContent = 'coffer'; document.body.append(link);", f"{self.server.control}/")
        self.browser.find("#link").click()
        self.browser.expect("#state-server", "connected")
        self.assertEqual(self.browser.run("return [window.opener, document.referrer]"), [None, ""])


class Nothing(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = b"<!doctype html><title>evil</title><p>A page of somebody else."
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass
