"""What the provider publishes is read by one thread; the others do not stand still."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from drsorch.access.oidc import kept
from drsorch.access.oidc.asking import ProviderFailed
from drsorch.access.oidc.kept import Kept

SECONDS = 30


class SlowProvider:
    """Answers at once the first time, and then only when it is let."""

    def __init__(self):
        self.asked, self.let, self.answers = Event(), Event(), []

    def read(self, address):
        if self.answers:
            self.asked.set()
            assert self.let.wait(SECONDS)
        self.answers.append(f"answer {len(self.answers) + 1}")
        return self.answers[-1]


def test_while_one_thread_asks_for_an_unknown_key_the_others_go_on_with_what_is_known(monkeypatch):
    monkeypatch.setattr(kept, "READ_EVERY_SECONDS", 0)
    slow = SlowProvider()
    values = Kept(slow.read)
    assert values.get("address") == "answer 1"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(values.newer, "address")
        try:
            assert slow.asked.wait(SECONDS)
            assert pool.submit(values.newer, "address").result(timeout=SECONDS / 3) == "answer 1"
        finally:
            slow.let.set()
        assert first.result(SECONDS) == "answer 2"


def test_what_is_too_old_is_no_longer_used_while_it_cannot_be_read(monkeypatch):
    said = iter(["once"])

    def read(address):
        try:
            return next(said)
        except StopIteration:
            raise ProviderFailed("is down", address) from None

    values = Kept(read)
    assert values.get("address") == "once"
    monkeypatch.setattr(kept, "READ_EVERY_SECONDS", 0)
    assert values.newer("address") == "once"

    monkeypatch.setattr(kept, "LONGEST_SECONDS", 0)
    with pytest.raises(ProviderFailed) as failure:
        values.newer("address")
    assert failure.value.what == "is down"
