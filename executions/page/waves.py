"""Waves and calls as the execution page shows them."""

from datetime import datetime, timedelta

from drsorch.console.times import duration_text
from executions.models import Gate, Launch, WaveRun
from executions.page.servers import Note, ServerRow
from executions.states import (
    BEFORE_A_WAVE,
    IN_FLIGHT_WAVE,
    TERMINAL_WAVE,
    UNSTARTED_WAVE,
    GateKind,
    LaunchStatus,
    WaveStatus,
)
from plans.models import Checks, LaunchOrder, OnFailure

POLICIES = {
    OnFailure.STOP: "stops the plan when it fails",
    OnFailure.CONTINUE: "goes on when it fails",
    OnFailure.ASK: "asks when it fails",
}
CHECKED = {Checks.EC2_STATUS: "EC2 checks reported", Checks.EC2_STATUS_REQUIRED: "EC2 checks required"}


class WaveRow:
    """One wave with its servers and its calls to DRS."""

    def __init__(self, wave: WaveRun, point_in_time: datetime | None = None) -> None:
        self.wave = wave
        self.status = WaveStatus(wave.status)
        self.servers = [ServerRow(run, wave, point_in_time) for run in wave.servers.all()]
        self.caption = f"Servers of wave {wave.number}"
        self.total = len(self.servers)
        self.launched = sum(1 for row in self.servers if row.run.launched_at)
        self.failed = sum(1 for row in self.servers if row.status == LaunchStatus.FAILED)
        self.calls: list[Launch] = list(wave.launches.all())
        self.gates: list[Gate] = list(wave.gates.all())
        self.gate: Gate | None = next((gate for gate in self.gates if gate.answered_at is None), None)
        self.notes: list[Note] = []
        # A wave that waits for people says so, whatever its servers do meanwhile.
        self.shown = WaveStatus.WAITING if self.gate else self.status

    @property
    def progress_tone(self) -> str:
        """How its bar looks: as it will end when that is known already."""
        return WaveStatus(self.wave.outcome).tone if self.wave.outcome else self.status.tone

    @property
    def tone(self) -> str:
        """How its mark looks: what waits for people stands out."""
        return "warn" if self.gate else self.status.tone

    @property
    def is_unstarted(self) -> bool:
        """True before it starts."""
        return self.status in UNSTARTED_WAVE

    @property
    def is_in_flight(self) -> bool:
        """True while its jobs run, or are about to."""
        return self.status in IN_FLIGHT_WAVE

    @property
    def has_ended(self) -> bool:
        """True when nothing about it changes any more."""
        return self.status in TERMINAL_WAVE

    @property
    def is_under_way(self) -> bool:
        """True while others wait for it: one that has timed out is followed, but no longer waited for."""
        return self.is_in_flight and not self.wave.outcome

    @property
    def is_open(self) -> bool:
        """True for a wave whose servers should be in view: it runs, or something in it went wrong."""
        return self.is_in_flight or self.status in {WaveStatus.FAILED, WaveStatus.PARTIAL}

    @property
    def stops_before(self) -> bool:
        """True when the execution will stop before this wave, or has."""
        return self.is_unstarted and (self.wave.pause_before or self.is_asked_before)

    @property
    def is_asked_before(self) -> bool:
        """True while the open question is about its start."""
        return self.gate is not None and self.gate.kind in BEFORE_A_WAVE

    @property
    def stops_after(self) -> bool:
        """True when the execution will stop after this wave, or has."""
        is_to_come = self.wave.pause_after and not self.wave.is_passed and not self.has_ended
        return is_to_come or self.is_asked_after

    @property
    def is_asked_after(self) -> bool:
        """True while the open question is whether others may follow it."""
        return self.gate is not None and self.gate.kind == GateKind.PAUSE_AFTER

    @property
    def free_at(self) -> datetime | None:
        """From when on waves that run after it may start, once it has ended."""
        wave = self.wave
        return wave.ended_at + timedelta(seconds=wave.wait_seconds) if wave.ended_at else None

    @property
    def terms(self) -> list[str]:
        """What the plan says about how it runs, in short."""
        wave = self.wave
        after = wave.depends_on if not self.is_unstarted else ()
        order = ""
        if wave.launch_order == LaunchOrder.SEQUENTIAL:
            order = "one after the other"
        elif wave.max_parallel:
            order = f"at most {wave.max_parallel} at once"
        said = [
            f"after {in_words(set(after))}" if after else "",
            order,
            CHECKED.get(Checks(wave.checks), ""),
            POLICIES[OnFailure(wave.on_failure)],
            f"times out after {wave.timeout_minutes} min",
            f"then waits {_wait(wave.wait_seconds)}" if wave.wait_seconds else "",
        ]
        return [phrase for phrase in said if phrase]

    @property
    def started_calls(self) -> list[Launch]:
        """Its calls that have become DRS jobs."""
        return [call for call in self.calls if call.job]


def _wait(seconds: int) -> str:
    return duration_text(seconds) if seconds % 60 else f"{seconds // 60} min"


def in_words(numbers: set[int]) -> str:
    """Return wave numbers as "wave 1" or "waves 1, 2 and 5"."""
    *first, last = map(str, sorted(numbers))
    return f"waves {', '.join(first)} and {last}" if first else f"wave {last}"
