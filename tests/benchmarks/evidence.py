"""The audit trail: events appended by one writer, each in a transaction of its own, the chain verified, and closed."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from threading import Event, Thread
from typing import Any
from unittest import mock

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from drsorch.audit import chain, retention, triggers
from drsorch.audit.models import HEAD, AuditEvent, AuditHead
from drsorch.audit.record import record
from drsorch.audit.verify import verify
from tests.benchmarks.estate import Estate
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row, milliseconds
from tests.torture.installation import Installation

APPENDED = 2000
APPEND_GOAL = 500  # a second, on PostgreSQL
VERIFIED = 100_000
VERIFY_GOAL = 5.0  # seconds
AT_A_TIME = 1000
PAUSE = 0.01  # seconds between two appends while others leave


def measure(estate: Estate, _installation: Installation, _options: Options) -> Iterator[Row]:
    """Append with durable commits, fill the chain up to 100,000 events, verify all of it, and let all of it leave."""
    times, began, cpu = [], time.perf_counter(), os.times()
    for number in range(APPENDED):
        start = time.perf_counter()
        with transaction.atomic():
            record(estate.olga, "measure", estate.olga.user, number=number, note="One of many events.")
        times.append(time.perf_counter() - start)
    rate, used = APPENDED / (time.perf_counter() - began), os.times()
    goal = (f"at least {APPEND_GOAL}", rate >= APPEND_GOAL) if connection.vendor == "postgresql" else ("", None)
    yield Row(f"Audit events appended per second, one writer, {APPENDED} commits", f"{rate:.0f}", *goal)
    yield Row("… of which one append with its commit", milliseconds(times, digits=2))
    ours = (used.user + used.system - cpu.user - cpu.system) / APPENDED * 1000
    yield Row("… of which CPU of the writing process", f"{ours:.2f} ms")
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
