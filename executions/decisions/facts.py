"""What the engine knows about one execution at one moment, gathered in a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime

from executions.states import TERMINAL_WAVE, UNSTARTED_WAVE, CheckResult, LaunchStatus
from plans.models import OnFailure


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A server run: its status, what its failure means for its wave, and what its checks say."""

    pk: int
    status: str
    is_critical: bool = True
    check: str = CheckResult.NONE


@dataclass(frozen=True, slots=True)
class CallFacts:
    """A call that cannot be repeated. `job_ended_at` is when we saw its job completed.

    `heard_at` is when DRS was last heard about it: the last answer about its job, or its intent when there is no job.
    """

    pk: int
    status: str
    servers: tuple[int, ...]
    not_before: datetime | None = None
    job_ended_at: datetime | None = None
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """A wave run in one execution.

    `gate` is the kind of its open question, `answers` the last answer to each kind. `is_passed`: waves that run after
    it may start, from `free_at` on. `deadline` is None before it starts. Servers are in launch order.
    """

    pk: int
    number: int
    status: str
    outcome: str = ""
    depends_on: tuple[int, ...] = ()
    pause_before: bool = False
    pause_after: bool = False
    is_sequential: bool = False
    max_parallel: int | None = None
    on_failure: str = OnFailure.STOP
    checks_required: bool = False
    gate: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    is_passed: bool = False
    free_at: datetime | None = None
    looked_at: datetime | None = None
    look_again_at: datetime | None = None
    deadline: datetime | None = None
    reassured_at: datetime | None = None
    servers: tuple[ServerFacts, ...] = ()
    calls: tuple[CallFacts, ...] = ()

    def answer(self, kind: str) -> str:
        """Return the last answer to questions of `kind`; empty when none was given."""
        return dict(self.answers).get(kind, "")

    @property
    def is_unstarted(self) -> bool:
        """True before it starts."""
        return self.status in UNSTARTED_WAVE

    @property
    def has_ended(self) -> bool:
        """True when nothing about it changes any more."""
        return self.status in TERMINAL_WAVE

    @property
    def is_under_way(self) -> bool:
        """True while it runs and is waited for: one that has timed out is followed, but no longer waited for."""
        return not self.is_unstarted and not self.has_ended and not self.outcome

    def has_failed(self, server: ServerFacts) -> bool:
        """Say whether `server` counts as failed: not launched, or not passed by checks that the wave requires."""
        unfit = server.check in {CheckResult.FAILED, CheckResult.UNKNOWN}
        return server.status == LaunchStatus.FAILED or (self.checks_required and unfit)


@dataclass(frozen=True, slots=True)
class TerminationFacts:
    """A termination that was asked for and is not done."""

    pk: int
    calls: tuple[CallFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that decisions use, in seconds."""

    grace: float
    recheck: float
    look_age: float = 60
    unheard: float = 1800
    endless: float = 14_400
    blind_resend: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """One execution."""

    now: datetime
    status: str
    limits: Limits
    waves: tuple[WaveFacts, ...] = ()
    parallel_waves: bool = False
    pause_requested: bool = False
    cancelled_by: str = ""
    termination: TerminationFacts | None = None
