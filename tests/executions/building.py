"""Build facts for decisions: one wave in flight with one call, unless told otherwise."""

from datetime import UTC, datetime, timedelta

from executions.decisions.facts import CallFacts, Facts, Limits, ServerFacts, WaveFacts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = Limits(grace=120, recheck=30, look_age=60, unheard=1800)
LATER = NOW + timedelta(days=1)
PASSING = {"COMPLETED", "PARTIAL"}


def after(seconds):
    """A moment `seconds` after NOW."""
    return NOW + timedelta(seconds=seconds)


def servers(*statuses, first=1, optional=(), checks=()):
    """Server runs with these statuses, numbered from `first`; `optional` are numbers, `checks` results in order."""
    results = [*checks, *["NONE"] * (len(statuses) - len(checks))]
    return tuple(
        ServerFacts(number, status, is_critical=number not in optional, check=result)
        for number, (status, result) in enumerate(zip(statuses, results, strict=True), start=first)
    )


def call(pk=1, status="SENT", members=(1,), **more):
    """One call for the servers `members`, heard of just now."""
    return CallFacts(pk=pk, status=status, servers=tuple(members), **({"heard_at": NOW} | more))


def wave(number=1, status="INITIATED", *, members=("PENDING",), optional=(), checks=(), **more):
    """A wave whose pk is its number, with its servers looked at just now; one that has ended well lets others pass.

    `answers` by kind of question. One that is INITIATED has a planned call that is not due, unless told otherwise.
    """
    if status in PASSING:
        more.setdefault("is_passed", True)
        more.setdefault("outcome", status)
    if status == "INITIATED":
        more.setdefault(
            "calls", (call(status="PLANNED", members=range(number, number + len(members)), not_before=LATER),)
        )
    answers = tuple(more.pop("answers", {}).items())
    return WaveFacts(
        pk=number,
        number=number,
        status=status,
        answers=answers,
        looked_at=more.pop("looked_at", NOW),
        servers=servers(*members, first=number, optional=optional, checks=checks),
        **more,
    )


def facts(*waves, status="INITIATED", **more):
    """An execution as it is NOW."""
    return Facts(now=NOW, status=status, limits=LIMITS, waves=waves, **more)
