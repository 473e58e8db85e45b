"""The web page of `omnibus up` in a headless Chromium."""

import json
import os
import unittest

from browser import CTRL, Browser
from gateway import Gateway

HERE = os.path.dirname(os.path.abspath(__file__))
PHONE = 360  # CSS pixels
LONG = "a-flow-with-a-long-name-that-no-phone-has-room-for-in-one-line-" + "x" * 40


def rows(table):
    """An expression: the cells' texts of each row of a table."""
    return f"[...document.querySelectorAll('#{table} tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"


def row_of(table, name):
    return f"{rows(table)}.find((row) => row[0] === {json.dumps(name)})"


class PageTest(unittest.TestCase):
    TOKEN = ""

    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(Browser())
        cls.gateway = cls.enterClassContext(Gateway(cls.TOKEN))

    def open(self, **more):
        page = self.browser.open(self.gateway.url, **more)
        self.addCleanup(self.check, page)
        return page

    def check(self, page):
        """Nothing went wrong unseen, and nothing was asked of anybody else."""
        page.close()
        self.assertEqual(page.complaints, [])
        place = self.gateway.url.split("://")[1]
        for address in page.requests:
            self.assertTrue(address.startswith("data:") or address.split("://")[1].startswith(place), address)
        self.assertIn(f"{self.gateway.url}page/main.js", page.requests)

    def write_request(self, page, flow, service, request):
        """By keyboard: chooses flow and service and writes the request."""
        page.tab_to("flow")
        page.choose(flow)
        page.tab_to("service")
        page.choose(service)
        page.tab_to("body")
        page.press("a", CTRL)
        page.type(request)


class Status(PageTest):
    def test_a_flow_appears_with_its_services_and_queues(self):
        page = self.open()
        page.wait_for_text("#connection", "Live")
        self.gateway.start_flow("f1", "the first")
        page.wait(f"({row_of('flows', 'f1')} ?? [])[3] === 'running'", "flow f1 to run")
        self.assertEqual(page.value(row_of("flows", "f1")), ["f1", "the first", "all", "running"])
        service = page.value(f"{rows('services')}.find((row) => row[0] === 'text-completion' && row[1] === 'f1')")
        self.assertEqual(service[2:], ["q0/tg/request/text-completion:f1", "1", "0"])
        self.gateway.load("f1", "some words")
        loaded = row_of("queues", "q1/tg/flow/text-document-load:f1")
        page.wait(f"{loaded}[2] !== '?' && {loaded}[3] !== '?'", "the rates of the queue of documents")
        page.wait(f"Number({row_of('queues', 'q1/tg/flow/chunk:f1')}[4]) > 0", "a chunk in its queue")
        self.assertEqual(page.value(loaded)[5:], ["0", "0", "0"])

    def test_a_failed_request_is_listed(self):
        page = self.open()
        self.gateway.ask("flow/nowhere/service/text-completion", system="", prompt="")
        failed = f"{rows('errors')}.find((row) => row[3] === 'nowhere')"
        page.wait(failed, "the failed request")
        request, _, service, _, text = page.value(failed)
        self.assertNotEqual(request, "?")
        self.assertEqual((service, text), ("text-completion", "Invalid flow"))

    def test_updates_can_be_paused(self):
        page = self.open()
        page.wait_for_text("#connection", "Live")
        page.tab_to("pause")
        page.press("Enter")
        page.wait_for_text("#connection", "Paused")
        asked = len(page.requests)
        page.press("Enter")
        page.wait_for_text("#connection", "Live")
        self.assertGreater(len(page.requests), asked)


class Request(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway.start_flow("f1")

    def setUp(self):
        self.gateway.model.gate.clear()
        self.addCleanup(self.gateway.model.release)

    def test_a_stream_by_keyboard_alone(self):
        page = self.open()
        page.wait("document.getElementById('flow').options.length > 1", "the flows to choose from")
        page.press("Tab")
        self.assertEqual(page.focused(), "skip")
        page.press("Enter")
        self.assertEqual(page.focused(), "main")
        self.write_request(page, "f1", "text-completion", '{"system": "", "prompt": "WAIT for it", "streaming": true}')
        page.tab_to("send")
        page.press("Enter")
        page.wait_for_text("#answer", "[echo|")
        page.wait_for_text("#answer-state", "Receiving")
        self.assertNotIn("for it", page.value("document.getElementById('answer').textContent"))
        self.gateway.model.release()
        page.wait_for_text("#answer-state", "Complete")
        page.wait_for_text("#answer", "WAIT for it")
        self.assertEqual(page.value("document.getElementById('answer').getAttribute('aria-live')"), "polite")
        self.assertGreater(page.value("document.querySelectorAll('#messages li').length"), 2)

    def test_every_stop_of_the_keyboard_is_seen(self):
        page = self.open()
        page.wait_for_text("#connection", "Live")
        seen = []
        while seen[-1:] != ["SUMMARY"] and len(seen) < 20:  # the last one
            page.press("Tab")
            seen.append(page.focused())
            width = page.value("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
            self.assertGreaterEqual(width, 2, f"no outline around {seen[-1]}")
            self.assertNotEqual(page.value("getComputedStyle(document.activeElement).outlineStyle"), "none")
        for each in ["skip", "pause", "flow", "service", "body", "send", "example", "answer", "SUMMARY"]:
            self.assertIn(each, seen)

    def test_what_is_no_json_is_told_beside_the_field(self):
        page = self.open()
        page.wait_for_text("#connection", "Live")
        for text, told in [('{"a": }', "This is no JSON: "), ("[1]", "no JSON object")]:
            page.value("document.getElementById('body').focus()")
            page.press("a", CTRL)
            page.type(text)
            page.press("Enter", CTRL)
            page.wait_for_text("#body-error", told)
            self.assertEqual(page.focused(), "body")
            self.assertEqual(page.value("document.activeElement.getAttribute('aria-invalid')"), "true")
        self.assertEqual(page.value("document.getElementById('answer-state').textContent"), "nothing sent yet")

    def test_an_error_of_a_service_is_shown(self):
        page = self.open()
        page.wait("document.getElementById('service').options.length > 1", "the services to choose from")
        self.write_request(page, "", "flow", '{"operation": "start-flow"}')
        page.press("Enter", CTRL)
        page.wait_for_text("#answer-state", "Error: flow-error: No blueprint name")
        page.wait(f"{rows('errors')}.some((row) => row[2] === 'flow' && row[4].includes('No blueprint'))", "its row")

    def test_a_request_can_be_cancelled(self):
        page = self.open()
        page.wait("document.getElementById('flow').options.length > 1", "the flows to choose from")
        self.write_request(page, "f1", "text-completion", '{"system": "", "prompt": "WAIT", "streaming": true}')
        page.press("Enter", CTRL)
        page.wait_for_text("#answer-state", "Receiving")
        page.tab_to("cancel")
        page.press("Enter")
        page.wait_for_text("#answer-state", "Cancelled")
        self.assertEqual(page.focused(), "send")


class Looks(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway.start_flow(LONG)
        cls.gateway.ask(f"flow/{LONG}-which-is-not-there/service/text-completion", prompt="")

    def test_a_phone_needs_no_horizontal_scrolling(self):
        for width in (PHONE, 1280):
            page = self.open(width=width)
            page.wait(row_of("flows", LONG), "the flow")
            page.wait("document.querySelector('#errors tbody tr') !== null", "the error")
            self.assertLessEqual(page.value("document.documentElement.scrollWidth"), width)
            cut = "[...document.querySelectorAll('td, p, h1, h2, button, label')].filter((each) => each.scrollWidth > each.clientWidth + 1"
            self.assertEqual(page.value(f"{cut} && getComputedStyle(each).display !== 'inline').map((each) => each.outerHTML)"), [])

    def test_contrast_and_names_in_light_and_dark(self):
        with open(os.path.join(HERE, "looks.js"), encoding="utf-8") as script:
            looks = script.read()
        for scheme in ("light", "dark"):
            page = self.open()
            page.colours(scheme)
            page.wait("document.querySelector('#errors tbody tr') !== null", "the error")
            self.assertEqual(page.value(f"matchMedia('(prefers-color-scheme: {scheme})').matches"), True)
            self.assertEqual(page.value(looks), [])


class Token(PageTest):
    TOKEN = "very+secret/%41"

    def check(self, page):
        """The browser itself complains of every refusal."""
        page.complaints = [each for each in page.complaints if "status of 401" not in each]
        super().check(page)

    def test_a_token_is_wanted_and_kept_for_the_tab(self):
        page = self.open()
        page.wait("document.getElementById('token-section').checkVisibility()", "the form for the token")
        self.assertEqual(page.value(rows("services")), [])
        page.tab_to("token")
        page.type("wrong")
        page.press("Enter")
        page.wait_for_text("#token-error", "The gateway refused this token.")
        page.press("a", CTRL)
        page.type(self.TOKEN)
        page.press("Enter")
        page.wait_for_text("#connection", "Live")
        self.assertEqual(page.focused(), "main")
        page.wait(f"{rows('services')}.length > 0", "the services")
        self.assertFalse(page.value("document.getElementById('token-section').checkVisibility()"))
        self.write_request(page, "", "config", '{"operation": "list", "type": "flow"}')
        page.press("Enter", CTRL)
        page.wait_for_text("#answer-state", "Complete")
        self.assertEqual(page.value("Object.values(sessionStorage)"), [self.TOKEN])
        self.assertEqual(page.value("localStorage.length + document.cookie.length"), 0)
        page.reload()
        page.wait_for_text("#connection", "Live")
        page.tab_to("forget")
        page.press("Enter")
        page.wait("document.getElementById('token-section').checkVisibility()", "the form for the token")
        self.assertEqual(page.value("sessionStorage.length"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
