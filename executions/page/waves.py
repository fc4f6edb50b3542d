"""Waves, servers and calls as the execution page shows them, and what each of them waits for."""

from collections.abc import Sequence
from dataclasses import dataclass

from executions.models import Gate, Launch, ServerRun, WaveRun
from executions.states import (
    IN_FLIGHT_WAVE,
    OPEN_SERVER,
    UNSTARTED_WAVE,
    CallStatus,
    LaunchStatus,
    Step,
    WaveStatus,
)

STEP_COUNT = len(Step)
ENOUGH = frozenset({WaveStatus.COMPLETED, WaveStatus.PARTIAL})  # what a wave needs of those it runs after


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence under a wave: why it waits, or what went wrong."""

    tone: str
    text: str


class ServerRow:
    """One server of a wave."""

    def __init__(self, run: ServerRun) -> None:
        self.run = run
        self.status = LaunchStatus(run.launch_status)
        step = Step(run.step) if run.step else None
        is_working = step is not None and self.status in OPEN_SERVER
        # The step while DRS works on it, the status otherwise.
        self.label = step.label if step and is_working else self.status.label
        self.tone = "loading" if is_working else self.status.tone
        self.step_number = step.number if step else 0
        self.steps = _steps(self.step_number, self.status) if step else ()

    @property
    def error(self) -> str:
        """What DRS or AWS said about a server that failed. Why a server was skipped, its wave says once for all."""
        return self.run.error if self.status == LaunchStatus.FAILED else ""


def _steps(reached: int, status: LaunchStatus) -> tuple[str, ...]:
    """Return what each of the five steps is: done, current, failed, or still to come."""
    last = "done" if reached == STEP_COUNT else "failed" if status == LaunchStatus.FAILED else "current"
    return ("done",) * (reached - 1) + (last,) + ("",) * (STEP_COUNT - reached)


class WaveRow:
    """One wave with its servers and its calls to DRS."""

    def __init__(self, wave: WaveRun) -> None:
        self.wave = wave
        self.status = WaveStatus(wave.status)
        self.servers = [ServerRow(run) for run in wave.servers.all()]
        self.caption = f"Servers of wave {wave.number}"
        self.total = len(self.servers)
        self.launched = sum(1 for row in self.servers if row.run.launched_at)
        self.failed = sum(1 for row in self.servers if row.status == LaunchStatus.FAILED)
        self.calls: list[Launch] = list(wave.launches.all())
        self.gate: Gate | None = next((gate for gate in wave.gates.all() if gate.answered_at is None), None)
        self.notes: list[Note] = []

    @property
    def is_unstarted(self) -> bool:
        """True before it starts."""
        return self.status in UNSTARTED_WAVE

    @property
    def is_in_flight(self) -> bool:
        """True while its jobs run, or are about to."""
        return self.status in IN_FLIGHT_WAVE

    @property
    def is_open(self) -> bool:
        """True for a wave whose servers should be in view: it runs, or something in it went wrong."""
        return self.is_in_flight or self.status in {WaveStatus.FAILED, WaveStatus.PARTIAL}

    @property
    def stops_before(self) -> bool:
        """True when the execution will stop before this wave, or has."""
        return self.is_unstarted and (self.wave.pause_before or self.gate is not None)

    @property
    def started_calls(self) -> list[Launch]:
        """Its calls that have become DRS jobs."""
        return [call for call in self.calls if call.job]


def explain(row: WaveRow, rows: Sequence[WaveRow]) -> list[Note]:
    """Return why `row`, one of the waves `rows`, waits, and what went wrong in it."""
    if row.gate:
        return []  # the question says it
    if row.is_unstarted:
        return [Note("pending", _turn_comes(row, rows))]
    held_up = [Note("warn", call.reason) for call in row.calls if call.reason] if row.is_in_flight else []
    return held_up + _unheard(row) + _verdict(row)


def _verdict(row: WaveRow) -> list[Note]:
    """Say how the wave ended, beyond what its heading counts."""
    notes = []
    if row.wave.reason and not row.wave.reason.startswith(f"{row.launched} of "):
        tone = "error" if row.wave.outcome == WaveStatus.FAILED else row.status.tone
        notes.append(Note(tone, row.wave.reason))
    if row.failed:
        notes.append(Note("error", f"{row.failed} {'server was' if row.failed == 1 else 'servers were'} not launched."))
    return notes


def _turn_comes(row: WaveRow, rows: Sequence[WaveRow]) -> str:
    """Say what comes first: the waves it depends on, else the wave in flight, because waves run one at a time."""
    status = {other.wave.number: other.status for other in rows}
    awaited = {number for number in row.wave.depends_on if status.get(number) not in ENOUGH}
    running = {other.wave.number for other in rows if other.is_in_flight}
    if awaited:
        return f"Runs after {in_words(awaited)}."
    return f"Runs after {in_words(running)}: waves run one at a time." if running else "Runs next."


def in_words(numbers: set[int]) -> str:
    """Return wave numbers as "wave 1" or "waves 1, 2 and 5"."""
    *first, last = map(str, sorted(numbers))
    return f"waves {', '.join(first)} and {last}" if first else f"wave {last}"


def _unheard(row: WaveRow) -> list[Note]:
    """Say of which calls neither an answer nor a reason is known yet."""
    waiting = (call for call in row.calls if call.status == CallStatus.INTENT and not call.reason)
    return [Note("loading", f"Waiting for DRS in {at.region} of {at.account} to answer the start.") for at in waiting]
