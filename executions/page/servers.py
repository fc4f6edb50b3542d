"""Servers of a wave as the execution page shows them: launch, checks, snapshot, and earlier attempts."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from drsorch.console.times import clock_text, duration_text
from executions.models import ServerAttempt, ServerRun, WaveRun
from executions.states import OPEN_SERVER, CheckResult, LaunchStatus, Step
from plans.models import Impact

STEP_COUNT = len(Step)
UNFIT = frozenset({CheckResult.FAILED, CheckResult.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence under a wave or a server: why it waits, or what went wrong; `until`: when that ends by itself."""

    tone: str
    text: str
    until: datetime | None = None


class ServerRow:
    """One server of a wave. `point_in_time` is the state of the servers that the execution wants, or None."""

    def __init__(self, run: ServerRun, wave: WaveRun, point_in_time: datetime | None = None) -> None:
        self.run = run
        self.wave = wave
        self.status = LaunchStatus(run.launch_status)
        step = Step(run.step) if run.step else None
        is_working = step is not None and self.status in OPEN_SERVER
        # The step while DRS works on it, the status otherwise.
        self.label = step.label if step and is_working else self.status.label
        self.tone = "loading" if is_working else self.status.tone
        self.step_number = step.number if step else 0
        self.steps = _steps(self.step_number, self.status) if step else ()
        self.is_optional = run.impact == Impact.OPTIONAL
        self.check = CheckResult(run.check_result)
        self.snapshot = _snapshot(run, point_in_time)
        self.attempts = [AttemptRow(attempt) for attempt in run.attempts.all()]

    @property
    def shows_check(self) -> bool:
        """True when there is something to say about its checks."""
        return self.check != CheckResult.NONE

    @property
    def notes(self) -> list[Note]:
        """What DRS, AWS or EC2 said about a server that is not well. Why a wave was skipped, it says once for all."""
        notes = []
        if self.run.error and self._has_own_error:
            notes.append(Note("error" if self.status == LaunchStatus.FAILED else "warn", self.run.error))
        if self.check in UNFIT and self.run.check_reason:
            notes.append(Note(self.check.tone, self.run.check_reason))
        return notes

    @property
    def _has_own_error(self) -> bool:
        is_left_out = self.status == LaunchStatus.SKIPPED and self.wave.started_at is not None
        return is_left_out or self.status in OPEN_SERVER | {LaunchStatus.FAILED, LaunchStatus.TERMINATED}


class AttemptRow:
    """How an earlier attempt to launch a server ended."""

    def __init__(self, attempt: ServerAttempt) -> None:
        self.attempt = attempt
        self.status = LaunchStatus(attempt.launch_status)
        self.check = CheckResult(attempt.check_result)
        self.shows_check = self.check != CheckResult.NONE


def _steps(reached: int, status: LaunchStatus) -> tuple[str, ...]:
    """Return what each of the five steps is: done, current, failed, or still to come."""
    last = "done" if reached == STEP_COUNT else "failed" if status == LaunchStatus.FAILED else "current"
    return ("done",) * (reached - 1) + (last,) + ("",) * (STEP_COUNT - reached)


def _snapshot(run: ServerRun, point_in_time: datetime | None) -> str:
    """Say which state of the server is launched, and how old that was at its launch; nothing when nobody can tell."""
    if not (run.snapshot_id or run.snapshot_at or point_in_time):
        return ""
    name = f"Snapshot {run.snapshot_id}" if run.snapshot_id else "Latest snapshot"
    if run.snapshot_at is None:
        return name
    if run.started_at and run.snapshot_at > run.started_at:
        return f"{name}, taken at {clock_text(run.snapshot_at)} UTC by DRS's clock, which is ahead of ours"
    age = duration_text((run.started_at or timezone.now()) - run.snapshot_at)
    return f"{name}, {age} old{' at its launch' if run.started_at else ''}"
