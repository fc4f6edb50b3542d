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
    """Ask people about a wave: it goes on when they have answered."""

    wave: int
    kind: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Pause an execution that only waits for people: for the question of this wave."""

    wave: int


@dataclass(frozen=True, slots=True)
class Look:
    """Look at a wave's servers before it starts."""

    wave: int


@dataclass(frozen=True, slots=True)
class StartWave:
    """Start a wave: plan its calls."""

    wave: int


@dataclass(frozen=True, slots=True)
class PlanLaunches:
    """Plan calls for servers of a wave in flight that are in none: their launch is retried."""

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
class LoseSight:
    """Follow a call no more, because a person gave up on asking: what became of its servers is not known."""

    call: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Show what the wave's jobs do now."""

    wave: int
    status: str


@dataclass(frozen=True, slots=True)
class TimeOut:
    """End the wait for a wave; its running jobs are followed to their end. `passes`: waves after it may start."""

    wave: int
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Judge:
    """End a wave whose servers have all come to their end. `passes`: waves that run after it may start."""

    wave: int
    status: str
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """Skip waves, because of one that failed, was skipped or cancelled; or the wave itself, because a person says so.

    `passes`: waves that run after them may start all the same.
    """

    because: int
    waves: tuple[int, ...]
    passes: bool = False


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
    | Pause
    | Look
    | StartWave
    | PlanLaunches
    | Send
    | Abandon
    | Reconcile
    | GiveUp
    | LoseSight
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
