"""The things the engine can do next, as data. `executions/actions/` does them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`; None: until somebody wakes the execution."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Begin:
    """Take a pending execution."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Stop before a wave and ask people."""

    wave: int
    kind: str


@dataclass(frozen=True, slots=True)
class StartWave:
    """Start a wave: plan its calls."""

    wave: int


@dataclass(frozen=True, slots=True)
class Send:
    """Make a planned StartRecovery call."""

    call: int


@dataclass(frozen=True, slots=True)
class Abandon:
    """Give up a planned StartRecovery call that nobody wants any more."""

    call: int


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Find out whether a StartRecovery call with an unknown end has made a job."""

    call: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Count servers that DRS left pending after their job ended as failed."""

    call: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Show what the wave's jobs do now."""

    wave: int
    status: str


@dataclass(frozen=True, slots=True)
class TimeOut:
    """End the wait for a wave; its running jobs are followed to their end."""

    wave: int


@dataclass(frozen=True, slots=True)
class Judge:
    """End a wave whose servers have all come to their end."""

    wave: int
    status: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Skip every wave that has not started, because of the one that failed."""

    because: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give up every wave and call that has not started."""


@dataclass(frozen=True, slots=True)
class Finish:
    """End the execution."""

    status: str


@dataclass(frozen=True, slots=True)
class SendTermination:
    """Make a planned TerminateRecoveryInstances call."""

    call: int


@dataclass(frozen=True, slots=True)
class ReconcileTermination:
    """Find out what became of a TerminateRecoveryInstances call with an unknown end."""

    call: int


@dataclass(frozen=True, slots=True)
class ProveGone:
    """Ask DRS and EC2 whether the instances of an ended TERMINATE job are gone."""

    call: int


@dataclass(frozen=True, slots=True)
class FinishTermination:
    """Record that every instance is proven gone."""


Action = (
    Wait
    | Begin
    | Ask
    | StartWave
    | Send
    | Abandon
    | Reconcile
    | GiveUp
    | Progress
    | TimeOut
    | Judge
    | Skip
    | Cancel
    | Finish
    | SendTermination
    | ReconcileTermination
    | ProveGone
    | FinishTermination
)
