"""The execution page and its live poll: queries and time, by number of servers."""

import time
from collections.abc import Iterator

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from executions.models import Execution
from tests.benchmarks.estate import VIRTUAL_STEP, Estate
from tests.benchmarks.places import BIG, TARGET
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row, milliseconds
from tests.executions.driving import step
from tests.torture.installation import Installation

SIZES = (2, 50, 300)
FEWEST, MOST, SECONDS = 10, 40, 5.0  # requests for one page: a large page on a busy machine takes a second
MOST_QUERIES_OF_A_POLL = 4
ROUNDS = 100


def measure(estate: Estate, _installation: Installation, _options: Options) -> Iterator[Row]:
    """Measure with drills of all sizes, each in the middle of its second wave."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(estate.olga.user)
    pages, fragments, polls = set(), set(), set()
    for size, execution in _drills(estate).items():
        address = execution.get_absolute_url()
        execution.refresh_from_db()
        page, fragment = f"{address}", f"{address}live?v=0"
        poll = f"{address}live?v={execution.version}"
        pages.add(_queries(client, page, 200))
        fragments.add(_queries(client, fragment, 200))
        polls.add(_queries(client, poll, 204))
        yield Row(f"Execution page, {size} servers", milliseconds(_times(client, page)))
        yield Row(f"Live fragment, {size} servers", milliseconds(_times(client, fragment)))
        yield Row(f"Live poll with nothing new, {size} servers", milliseconds(_times(client, poll)))
    yield _fixed("Queries of the execution page", pages)
    yield _fixed("Queries of the live fragment", fragments)
    goal = f"at most {MOST_QUERIES_OF_A_POLL}"
    yield Row("Queries of a live poll with nothing new", _list(polls), goal, max(polls) <= MOST_QUERIES_OF_A_POLL)


def _drills(estate: Estate) -> dict[int, Execution]:
    """Drive the engine by hand until every drill launches the second half of its servers."""
    found, first = {}, 0
    for size in SIZES:
        half = slice(first, first + size // 2), slice(first + size // 2, first + size)
        found[size] = estate.start(estate.plan(f"{size} servers", TARGET, BIG, list(half)))
        first += size
    for _ in range(ROUNDS):
        step()
        if all(each.waves.get(number=2).status == "LAUNCHING" for each in found.values()):
            return found
        estate.control.advance(VIRTUAL_STEP)
    raise RuntimeError("The drills for the pages did not reach their second wave.")


def _queries(client: Client, address: str, status: int) -> int:
    client.get(address)  # what is only read once in the life of a process does not count
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    if answer.status_code != status:
        raise RuntimeError(f"{address} answered {answer.status_code} instead of {status}.")
    return len(captured)


def _times(client: Client, address: str) -> list[float]:
    times: list[float] = []
    while len(times) < FEWEST or (len(times) < MOST and sum(times) < SECONDS):
        began = time.perf_counter()
        client.get(address)
        times.append(time.perf_counter() - began)
    return times


def _fixed(what: str, numbers: set[int]) -> Row:
    return Row(what, _list(numbers), f"the same for {', '.join(map(str, SIZES))} servers", len(numbers) == 1)


def _list(numbers: set[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))
