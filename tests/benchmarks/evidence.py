"""The audit trail: events appended by one and by several, the chain verified, and closed."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from multiprocessing import get_context
from threading import Event, Thread
from typing import Any
from unittest import mock

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from drsorch.audit import chain, retention, triggers
from drsorch.audit.actor import Actor
from drsorch.audit.models import HEAD, AuditEvent, AuditHead
from drsorch.audit.record import record
from drsorch.audit.verify import verify
from tests.benchmarks.estate import Estate
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row, milliseconds
from tests.torture.installation import Installation

APPENDED, WRITERS, READY_WITHIN = 2000, 8, 60.0  # seconds
APPEND_GOAL = 500  # a second, on PostgreSQL
VERIFIED = 100_000
VERIFY_GOAL = 5.0  # seconds
AT_A_TIME = 1000
PAUSE = 0.01  # seconds between two appends while others leave


def measure(estate: Estate, _installation: Installation, _options: Options) -> Iterator[Row]:
    """Append with durable commits, fill the chain up to 100,000 events, verify all of it, and let all of it leave."""
    before = os.times()
    times = append(estate.olga, APPENDED)
    after = os.times()
    yield _rate("one writer", APPENDED, sum(times))
    yield Row("… of which one append with its commit", milliseconds(times, digits=2))
    ours = (after.user + after.system - before.user - before.system) / APPENDED * 1000
    yield Row("… of which CPU of the writing process", f"{ours:.2f} ms")
    yield append_at_once(estate.olga)
    fill(VERIFIED)
    report = verify()
    if not report.is_good or report.events != VERIFIED:
        raise RuntimeError(f"{report.events} events, and this is wrong: {' '.join(report.problems)}")
    yield Row(
        f"Verification of {report.events} audit events",
        f"{report.seconds:.2f} s",
        f"under {VERIFY_GOAL:g} s",
        report.seconds < VERIFY_GOAL,
    )
    yield from let_go(estate)


def append(actor: Actor, count: int) -> list[float]:
    """Append so many events, each in a transaction of its own, and return how long each took, in seconds."""
    times = []
    for number in range(count):
        start = time.perf_counter()
        with transaction.atomic():
            record(actor, "measure", actor.user, number=number, note="One of many events.")
        times.append(time.perf_counter() - start)
    return times


def append_at_once(actor: Actor) -> Row:
    """Append from several processes: each waits for the others, from when it locks the head until it has committed."""
    connection.close()  # a connection must not be shared with those that are forked
    forked = get_context("fork")
    together = forked.Barrier(WRITERS + 1, timeout=READY_WITHIN)

    def work() -> None:
        connection.ensure_connection()
        together.wait()
        append(actor, APPENDED // WRITERS)
        connection.close()

    writers = [forked.Process(target=work) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    together.wait()
    began = time.perf_counter()
    for writer in writers:
        writer.join()
    seconds = time.perf_counter() - began
    if any(writer.exitcode for writer in writers):
        raise RuntimeError("A process that appended has failed: see above.")
    return _rate(f"{WRITERS} processes", APPENDED, seconds)


def _rate(who: str, count: int, seconds: float) -> Row:
    rate = count / seconds
    goal = (f"at least {APPEND_GOAL}", rate >= APPEND_GOAL) if connection.vendor == "postgresql" else ("", None)
    return Row(f"Audit events appended per second, {who}, {count} commits", f"{rate:.0f}", *goal)


def let_go(estate: Estate) -> Iterator[Row]:
    """Close segments until all events have left, while one writer goes on appending: it must not have to wait."""
    since, times, is_over = timezone.now(), [], Event()

    def append() -> None:
        while not is_over.wait(PAUSE):
            start = time.perf_counter()
            with transaction.atomic():
                record(estate.olga, "measure", estate.olga.user, note="Meanwhile.")
            times.append(time.perf_counter() - start)
        connection.close()

    writer = Thread(target=append)
    writer.start()
    began = time.perf_counter()
    with mock.patch.object(retention, "LEAST_DAYS", 0):
        while not retention.close_segments(since=since):
            continue
    seconds = time.perf_counter() - began
    is_over.set()
    writer.join()
    report = verify()
    if not report.is_good or report.unread_count:
        raise RuntimeError(f"This is wrong: {' '.join(report.told())}")
    yield Row(f"{VERIFIED} audit events closed in {report.segments} segments", f"{seconds:.1f} s")
    yield Row(f"… of which the longest of {len(times)} appends meanwhile", f"{max(times) * 1000:.0f} ms")
    yield Row(f"Verification of {report.events} audit events, of which {VERIFIED} in files", f"{report.seconds:.2f} s")


def fill(total: int, said: Iterable[Mapping[str, Any]] = ()) -> None:
    """Lengthen the chain to `total` events by copies of its last one, with seals that fit, past the guards.

    `said` is what they say instead, one after the other, as long as it lasts.
    """
    last = AuditEvent.objects.get(sequence=AuditHead.objects.get(pk=HEAD).sequence)
    facts, mac = {name: getattr(last, name) for name in chain.FACTS}, last.hmac
    others = iter(said)
    triggers.remove(connection)
    while facts["sequence"] < total:
        rows = []
        for sequence in range(facts["sequence"] + 1, min(total, facts["sequence"] + AT_A_TIME) + 1):
            facts |= {**next(others, {}), "sequence": sequence, "previous_hash": mac}
            mac = chain.seal(facts, settings.AUDIT_KEY)
            rows.append(AuditEvent(**facts, hmac=mac))
        QuerySet(AuditEvent).bulk_create(rows)
    AuditHead.objects.filter(pk=HEAD).update(sequence=facts["sequence"], hmac=mac)
    triggers.install(connection)
    if connection.vendor == "postgresql":  # as autovacuum does in time
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
