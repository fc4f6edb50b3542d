"""What the engine knows about one execution at one moment, gathered in a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A server run: its status, and whether it has come to its end."""

    pk: int
    status: str


@dataclass(frozen=True, slots=True)
class CallFacts:
    """A call that cannot be repeated. `job_ended_at` is when we saw its job completed."""

    pk: int
    status: str
    servers: tuple[int, ...]
    not_before: datetime | None = None
    job_ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WaveFacts:
    """A wave run. `gate` is "", "OPEN" or "ANSWERED"; `deadline` is None before the wave starts."""

    pk: int
    number: int
    status: str
    outcome: str = ""
    depends_on: tuple[int, ...] = ()
    pause_before: bool = False
    gate: str = ""
    deadline: datetime | None = None
    servers: tuple[ServerFacts, ...] = ()
    calls: tuple[CallFacts, ...] = ()


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
    blind_resend: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """One execution."""

    now: datetime
    status: str
    limits: Limits
    waves: tuple[WaveFacts, ...] = ()
    pause_requested: bool = False
    cancelled_by: str = ""
    termination: TerminationFacts | None = None
