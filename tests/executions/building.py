"""Build facts for decisions: one wave in flight with one call, unless told otherwise."""

from datetime import UTC, datetime, timedelta

from executions.decisions.facts import CallFacts, Facts, Limits, ServerFacts, WaveFacts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = Limits(grace=120, recheck=30)


def after(seconds):
    """A moment `seconds` after NOW."""
    return NOW + timedelta(seconds=seconds)


def servers(*statuses, first=1):
    """Server runs with these statuses, numbered from `first`."""
    return tuple(ServerFacts(number, status) for number, status in enumerate(statuses, start=first))


def call(pk=1, status="SENT", members=(1,), **more):
    """One call for the servers `members`."""
    return CallFacts(pk=pk, status=status, servers=tuple(members), **more)


def wave(number=1, status="INITIATED", *, members=("PENDING",), **more):
    """A wave whose pk is its number."""
    return WaveFacts(pk=number, number=number, status=status, servers=servers(*members, first=number), **more)


def facts(*waves, status="INITIATED", **more):
    """An execution as it is NOW."""
    return Facts(now=NOW, status=status, limits=LIMITS, waves=waves, **more)
