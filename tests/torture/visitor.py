"""Somebody at the console, over HTTP: looks at pages, clicks what they offer, and clicks again when the server dies."""

import http.client
import random
import re
import threading
import traceback
from collections import Counter
from http import HTTPStatus

from tests.torture.browser import Browser, Form, Page

LOOK_EVERY = 0.5
PATIENCE = 30.0
SIGN_IN = "/account/sign-in"
EXECUTION = r"/executions/[0-9a-f-]{36}/"
PLAN = r"/plans/\d+/"
VERSION = re.compile(r"live\?v=(\d+)")
GONE = (OSError, http.client.HTTPException)
# How often a form is sent when the page offers it, by the end of its address.
CLICKS = {"pause": 0.1, "resume": 0.4, "cancel": 0.01, "terminate": 0.1, "start": 0.2}
DECIDES = 0.2  # any other form of an execution: an answer to a question
CAME_TOO_LATE = {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}
TRIES = 20


class Visitor(threading.Thread):
    """Works until `leave()`. `counts` by what came of it, `broken` are answers that no page should give."""

    def __init__(self, port: int, dice: random.Random, name: str, password: str) -> None:
        super().__init__(name="visitor")
        self.browser = Browser(port, PATIENCE)
        self.dice, self.user, self.password = dice, name, password
        self.counts: Counter[str] = Counter()
        self.broken: list[str] = []
        self.problem = ""
        self.is_finishing = False
        self._leaves = threading.Event()

    def leave(self) -> None:
        """Stop, and wait until the thread has."""
        self._leaves.set()
        self.join()

    def run(self) -> None:
        """Visit one page after the other."""
        try:
            while not self._leaves.wait(LOOK_EVERY * self.dice.uniform(0.2, 1.8)):
                try:
                    self._visit()
                except GONE:
                    self.counts["server away"] += 1
        except Exception:  # noqa: BLE001 - a thread has nobody to raise to: the rig reads this and fails
            self.problem = traceback.format_exc()

    def _visit(self) -> None:
        listed = self._open(self.dice.choice(("/executions/", "/executions/?show=history", "/plans/")))
        execution, plan = listed.links(EXECUTION), listed.links(PLAN)
        if plan:
            page = self._open(self.dice.choice(plan))
            self._click(self._open(page.address + "start"))
        elif execution:
            page = self._open(self.dice.choice(execution))
            self._click(page)
            version = VERSION.search(page.text)
            self._open(f"{page.address}live?v={version[1] if version else 0}")

    def _open(self, address: str) -> Page:
        page = self.browser.get(address)
        self._note(page, "pages")
        if any("password" in form.fields for form in page.forms):
            self._sign_in(page)
            page = self.browser.get(address)
        return page

    def _sign_in(self, page: Page) -> None:
        form = next(form for form in page.forms if "password" in form.fields)
        form.action = SIGN_IN
        form.fields |= {"username": self.user, "password": self.password}
        self._note(self.browser.post(form), "signed in")

    def _click(self, page: Page) -> None:
        """Send one of the forms that the page offers. A form whose answer is lost is sent again, as people do."""
        offered = [form for form in page.forms if form.is_post and form.has_open_button and self._is_ours(form)]
        self.dice.shuffle(offered)
        for form in offered:
            verb = form.action.rstrip("/").rpartition("/")[2]
            if self.is_finishing or self.dice.random() > CLICKS.get(verb, DECIDES):
                continue
            if form.choices:
                form.fields |= dict([self.dice.choice(form.choices)])
            form.fields |= {name: "Because the dice say so" for name in ("note", "reason") if name in form.fields}
            self._send(form, verb)
            return

    def _send(self, form: Form, verb: str) -> None:
        for again in range(TRIES):
            try:
                answer = self.browser.post(form)
            except GONE:
                self.counts["clicked again, no answer"] += 1
                if self._leaves.wait(1):
                    return
                continue
            word = "came too late" if answer.status in CAME_TOO_LATE else f"clicked {verb}"
            self._note(answer, f"{word}, again" if again else word)
            return

    @staticmethod
    def _is_ours(form: Form) -> bool:
        return bool(re.match(rf"({EXECUTION}|{PLAN})", form.action))

    def _note(self, page: Page, word: str) -> None:
        self.counts[word] += 1
        if page.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.counts[f"status {page.status}"] += 1
            self.broken.append(f"{page.address} answered {page.status}.")
