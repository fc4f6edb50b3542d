"""Every GET of the API, the console's lists and the admin's, with many rows against a hundredth of them."""

import gc
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from drsorch.access import sessions
from drsorch.api import throttles
from drsorch.queue.models import beat
from tests.benchmarks.addresses import Address, addresses
from tests.benchmarks.estate import Estate
from tests.benchmarks.holdings import Size
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row, percentile
from tests.benchmarks.twins import Twin
from tests.torture.installation import Installation

HUNDREDTH = 100
RATIO, SLOWEST, MOST_QUERIES = 1.3, 0.045, 8  # issue and specification
# Requests in turns, so that what else the machine does meets both; what seems to grow is asked again, and all count.
# Turns differ in length: what comes every so many requests would otherwise always meet the same twin.
ROUNDS, MORE_ROUNDS, EACH, SECONDS = 10, 30, (2, 3, 4, 5, 6), 6.0
USUAL, OK, REFUSED = 50, 200, (302, 403, 404)


@dataclass
class Measured:
    """What one caller has waited for: seconds, and queries, each by size."""

    address: Address
    caller: str
    few: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)
    queries: tuple[int, int] = (0, 0)

    @property
    def ratio(self) -> float:
        """Of the 95th percentiles, many to few."""
        return percentile(self.many, 0.95) / percentile(self.few, 0.95)

    @property
    def slowest(self) -> float:
        """The 95th percentile with many rows, in seconds."""
        return percentile(self.many, 0.95)

    def told(self) -> str:
        """Return it in words: few rows first, then many."""
        p50, p95 = ([percentile(times, part) * 1000 for times in (self.few, self.many)] for part in (0.5, 0.95))
        queries = " → ".join(map(str, dict.fromkeys(self.queries)))
        return (
            f"p95 {p95[0]:.1f} → {p95[1]:.1f} ms, {self.ratio:.2f} times; p50 {p50[0]:.1f} → {p50[1]:.1f} ms; "
            f"{queries} queries; {self.caller}"
        )


def measure(_estate: Estate, installation: Installation, options: Options) -> Iterator[Row]:
    """Make both installations and ask both the same; the worst comes first."""
    _let_all_through()
    few, many = (Twin(Size(options.history // part), installation.folder) for part in (HUNDREDTH, 1))
    began = time.perf_counter()
    for twin in (few, many):
        twin.make()
    yield Row(f"Rows made: {many.size}, and a hundredth", f"{time.perf_counter() - began:.0f} s")
    import_module("drsorch.wsgi")  # what a web server has loaded is not looked through for garbage while it answers
    wanted = [address for address in addresses() if options.only in address.pattern]
    found = []
    for address in wanted:
        for who in _callers(address, few):
            found.append(_ask(address, who, few, many))
            print(f"{address}: {found[-1].told()}", flush=True)  # noqa: T201 (a terminal: it takes long)
    with_goal = [each for each in found if each.address.has_goal]
    yield from _summary(with_goal)
    for worst in _worst(with_goal):
        yield Row(str(worst.address), worst.told(), f"p95 at most {RATIO} times", worst.ratio <= RATIO)
    for worst in _worst([each for each in found if not each.address.has_goal]):
        yield Row(str(worst.address), worst.told())


def _callers(address: Address, twin: Twin) -> list[str]:
    """Return who asks: pages are for sessions, filters for tokens, and what is refused to somebody is not asked for."""
    wanted = "session" if not address.has_goal else "token" if "?" in address.pattern else ""
    asking = [who for who in twin.clients if who.endswith(wanted)]
    with twin.used():
        return [
            who for who in asking if twin.clients[who].get(twin.address(address.pattern)).status_code not in REFUSED
        ]


def _ask(address: Address, caller: str, few: Twin, many: Twin) -> Measured:
    found, more, counts = Measured(address, caller), "", {}
    for twin in (few, many):
        with twin.used():
            client, path = twin.clients[caller], twin.address(address.pattern)
            beat(name="measurement", host="here", pid=1)  # as its worker would, so that it is ready
            if address.is_list and twin is few:
                more = _full(client, path)
            client.get(path + more)  # what is only read once in the life of a process does not count
            counts[twin] = _queries(client, path + more)
    found.queries = counts[few], counts[many]
    gc.collect()
    gc.freeze()  # Django's test client leaves something of each request, which would be looked through in the next ones
    dice = random.Random(address.pattern)  # noqa: S311 (dice, not secrets)
    for rounds, seconds in ((ROUNDS, SECONDS), (MORE_ROUNDS, 2 * SECONDS)):
        for _ in range(rounds):
            for twin, times in ((few, found.few), (many, found.many)):
                with twin.used():
                    path = twin.address(address.pattern) + more
                    _time(twin.clients[caller], path, times, dice.choice(EACH), seconds)
        if found.ratio <= RATIO:
            break
    return found


def _full(client: Client, path: str) -> str:
    """Return what makes pages as long as there are rows among few, with one more behind, so that both do the same."""
    joint = "&" if "?" in path else "?"
    there = len(client.get(f"{path}{joint}pageSize={USUAL + 1}").json().get("data", {}).get("items", ()))
    return f"{joint}pageSize={max(1, min(USUAL, there - 1))}"


def _queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    if answer.status_code != OK:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.content[:300]!r}")
    return len(captured)


def _time(client: Client, path: str, times: list[float], count: int, seconds: float) -> None:
    client.get(path)  # connects
    for _ in range(count):
        if sum(times) > seconds:
            return
        began = time.perf_counter()
        answer = client.get(path)
        if answer.streaming:
            b"".join(answer.streaming_content)
        times.append(time.perf_counter() - began)


def _summary(found: list[Measured]) -> Iterator[Row]:
    met = sum(each.ratio <= RATIO for each in found)
    what = f"GETs, with and without filters, by {len({each.caller for each in found})} callers"
    yield Row(what, f"{met} of {len(found)}", f"p95 at most {RATIO} times", met == len(found))
    slow = max(found, key=lambda each: each.slowest)
    yield Row(
        "… the slowest with many rows",
        f"p95 {slow.slowest * 1000:.1f} ms: {slow.address}",
        f"under {SLOWEST * 1000:.0f} ms",
        slow.slowest < SLOWEST,
    )
    lists = [each for each in found if each.address.is_list] or found
    dear = max(lists, key=lambda each: max(each.queries))
    most = max(dear.queries)
    yield Row(
        "… the most queries of a list", f"{most}: {dear.address}", f"at most {MOST_QUERIES}", most <= MOST_QUERIES
    )


def _worst(found: list[Measured]) -> list[Measured]:
    """Return of each address what was worst among its callers, the worst first."""
    worst: dict[Address, Measured] = {}
    for each in sorted(found, key=lambda each: -each.ratio):
        worst.setdefault(each.address, each)
    return list(worst.values())


def _let_all_through() -> None:
    for name in ("SITE_BURST", "ADDRESS_BURST", "PRINCIPAL_BURST"):
        setattr(settings, f"API_{name}", 10**9)
    throttles.forget()
    sessions.NOTED_EVERY_SECONDS = 10**9  # that somebody is there is written once in a while, into whichever request
