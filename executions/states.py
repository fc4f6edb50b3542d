"""Which status may follow which, what each is called and how it looks. Nothing else decides by status names."""

from django.db import models

from drsorch.errors import Conflict


class Mode(models.TextChoices):
    """What an execution is for."""

    DRILL = "DRILL", "Drill"
    RECOVERY = "RECOVERY", "Recovery"

    @property
    def tone(self) -> str:
        """How it looks: a drill cannot be mistaken for a recovery."""
        return {"DRILL": "blue", "RECOVERY": "red"}[self.value]


class ExecutionStatus(models.TextChoices):
    """Where an execution stands."""

    PENDING = "PENDING", "Pending"
    INITIATED = "INITIATED", "Initiated"
    POLLING = "POLLING", "In progress"
    LAUNCHING = "LAUNCHING", "Launching"
    PAUSED = "PAUSED", "Paused"
    CANCELLING = "CANCELLING", "Cancelling"
    COMPLETED = "COMPLETED", "Completed"
    PARTIAL = "PARTIAL", "Partial"
    FAILED = "FAILED", "Failed"
    CANCELLED = "CANCELLED", "Cancelled"

    @property
    def tone(self) -> str:
        """How it looks."""
        return EXECUTION_TONES[self]


class WaveStatus(models.TextChoices):
    """Where a wave run stands."""

    PENDING = "PENDING", "Pending"
    WAITING = "WAITING", "Waiting for a decision"
    INITIATED = "INITIATED", "Starting"
    POLLING = "POLLING", "In progress"
    LAUNCHING = "LAUNCHING", "Launching"
    CHECKING = "CHECKING", "Checking"
    COMPLETED = "COMPLETED", "Completed"
    PARTIAL = "PARTIAL", "Partial"
    FAILED = "FAILED", "Failed"
    SKIPPED = "SKIPPED", "Skipped"
    CANCELLED = "CANCELLED", "Cancelled"

    @property
    def tone(self) -> str:
        """How it looks."""
        return WAVE_TONES[self]


class LaunchStatus(models.TextChoices):
    """Where a server run stands: DRS's five launch statuses, and ours for a server that was never launched."""

    PENDING = "PENDING", "Pending"
    IN_PROGRESS = "IN_PROGRESS", "In progress"
    LAUNCHED = "LAUNCHED", "Launched"
    FAILED = "FAILED", "Failed"
    TERMINATED = "TERMINATED", "Terminated"
    SKIPPED = "SKIPPED", "Skipped"

    @property
    def tone(self) -> str:
        """How it looks."""
        return LAUNCH_TONES[self]


class Step(models.TextChoices):
    """How far DRS has come with a server, from the job's log."""

    PREPARING = "PREPARING", "Preparing"
    SNAPSHOT = "SNAPSHOT", "Taking the snapshot"
    CONVERSION = "CONVERSION", "Converting"
    LAUNCH = "LAUNCH", "Launching"
    READY = "READY", "Ready"

    @property
    def number(self) -> int:
        """Its place among the five."""
        return list(Step).index(self) + 1


class CheckResult(models.TextChoices):
    """What the checks after a launch have found."""

    NONE = "NONE", "Not checked"
    PENDING = "PENDING", "Being checked"
    PASSED = "PASSED", "Passed"
    FAILED = "FAILED", "Failed"
    UNKNOWN = "UNKNOWN", "Unknown"
    NOT_APPLICABLE = "NOT_APPLICABLE", "Launched stopped: nothing to check"

    @property
    def phrase(self) -> str:
        """Its name where nothing beside it says that it is about checks."""
        return CHECK_PHRASES.get(self, str(self.label))

    @property
    def tone(self) -> str:
        """How it looks."""
        return CHECK_TONES[self]


class GateKind(models.TextChoices):
    """Why the engine asks people."""

    PAUSE_BEFORE = "PAUSE_BEFORE", "Pause before the wave"
    PAUSE_AFTER = "PAUSE_AFTER", "Pause after the wave"
    PAUSE_REQUESTED = "PAUSE_REQUESTED", "Pause on request"
    PROBLEM = "PROBLEM", "A problem before the wave"
    FAILURE = "FAILURE", "Servers have failed"
    TWO_JOBS = "TWO_JOBS", "Two DRS jobs for one launch"
    UNHEARD = "UNHEARD", "DRS cannot be asked"
    ENDLESS = "ENDLESS", "A DRS job does not end"
    FOUR_EYES = "FOUR_EYES", "A second person confirms"


class Answer(models.TextChoices):
    """What people answer at a gate."""

    RESUME = "RESUME", "Resume"
    LOOK_AGAIN = "LOOK_AGAIN", "Look again"
    ACCEPT = "ACCEPT", "Launch in spite of it"
    RETRY = "RETRY", "Retry the failed servers"
    CONTINUE = "CONTINUE", "Continue with the next waves"
    SKIP = "SKIP", "Skip"
    GIVE_UP = "GIVE_UP", "Count the servers as failed"
    CONFIRM = "CONFIRM", "Confirm the recovery"
    CANCEL = "CANCEL", "Cancel the execution"


# What may be answered to each question. SKIP before a wave skips it; after a failure, the waves that run after it.
OPTIONS: dict[str, tuple[Answer, ...]] = {
    GateKind.PAUSE_BEFORE: (Answer.RESUME, Answer.SKIP, Answer.CANCEL),
    GateKind.PAUSE_AFTER: (Answer.RESUME, Answer.CANCEL),
    GateKind.PAUSE_REQUESTED: (Answer.RESUME, Answer.SKIP, Answer.CANCEL),
    GateKind.PROBLEM: (Answer.LOOK_AGAIN, Answer.ACCEPT, Answer.SKIP, Answer.CANCEL),
    GateKind.FAILURE: (Answer.RETRY, Answer.CONTINUE, Answer.SKIP, Answer.CANCEL),
    GateKind.TWO_JOBS: (Answer.RESUME, Answer.CANCEL),
    GateKind.UNHEARD: (Answer.LOOK_AGAIN, Answer.GIVE_UP, Answer.CANCEL),
    GateKind.ENDLESS: (Answer.LOOK_AGAIN, Answer.GIVE_UP, Answer.CANCEL),
    GateKind.FOUR_EYES: (Answer.CONFIRM, Answer.CANCEL),
}

SILENCE = frozenset({GateKind.UNHEARD, GateKind.ENDLESS})
BEFORE_A_WAVE = frozenset({GateKind.PAUSE_BEFORE, GateKind.PAUSE_REQUESTED, GateKind.PROBLEM, GateKind.FOUR_EYES})
# Questions that hold every wave, also of a plan whose waves run at the same time.
HOLDING_ALL = frozenset({GateKind.PAUSE_REQUESTED, GateKind.FOUR_EYES})


class CallStatus(models.TextChoices):
    """Where a call to AWS that cannot be repeated stands."""

    PLANNED = "PLANNED", "Planned: certainly not sent"
    INTENT = "INTENT", "Intended: may or may not have been sent"
    SENT = "SENT", "Sent: the job is known"
    DONE = "DONE", "Done: the job has ended"
    ABANDONED = "ABANDONED", "Abandoned: certainly not sent, and never will be"
    LOST = "LOST", "Lost: DRS could not be asked, and a person gave up on it"


S, W = ExecutionStatus, WaveStatus

ACTIVE = frozenset({S.PENDING, S.INITIATED, S.POLLING, S.LAUNCHING, S.PAUSED, S.CANCELLING})
TERMINAL = frozenset(S) - ACTIVE
IN_FLIGHT_WAVE = frozenset({W.INITIATED, W.POLLING, W.LAUNCHING, W.CHECKING})
UNSTARTED_WAVE = frozenset({W.PENDING, W.WAITING})
TERMINAL_WAVE = frozenset(W) - IN_FLIGHT_WAVE - UNSTARTED_WAVE
OPEN_SERVER = frozenset({LaunchStatus.PENDING, LaunchStatus.IN_PROGRESS})
OPEN_CALL = frozenset({CallStatus.PLANNED, CallStatus.INTENT, CallStatus.SENT})
MAY_HAVE_A_JOB = frozenset({CallStatus.INTENT, CallStatus.SENT})

RUNNING = frozenset({S.INITIATED, S.POLLING, S.LAUNCHING})
MOVES: dict[str, frozenset[str]] = {
    S.PENDING: RUNNING | {S.CANCELLING} | TERMINAL,
    S.INITIATED: frozenset({S.POLLING, S.LAUNCHING, S.PAUSED, S.CANCELLING}) | TERMINAL,
    S.POLLING: frozenset({S.INITIATED, S.LAUNCHING, S.PAUSED, S.CANCELLING}) | TERMINAL,
    S.LAUNCHING: frozenset({S.INITIATED, S.POLLING, S.PAUSED, S.CANCELLING}) | TERMINAL,
    S.PAUSED: RUNNING | {S.CANCELLING} | TERMINAL,
    S.CANCELLING: TERMINAL,
} | {status: frozenset[str]() for status in TERMINAL}
# What an execution is called while its wave is so.
SHOWN_AS: dict[str, ExecutionStatus] = {
    W.INITIATED: S.INITIATED,
    W.POLLING: S.POLLING,
    W.LAUNCHING: S.LAUNCHING,
    W.CHECKING: S.LAUNCHING,
}
WAVE_ENDS = frozenset({W.COMPLETED, W.PARTIAL, W.FAILED, W.CANCELLED})
WAVE_MOVES: dict[str, frozenset[str]] = (
    {
        W.PENDING: frozenset({W.WAITING, W.INITIATED, W.SKIPPED, W.CANCELLED}),
        W.WAITING: frozenset({W.PENDING, W.INITIATED, W.SKIPPED, W.CANCELLED}),
    }
    | {status: (IN_FLIGHT_WAVE - {status}) | WAVE_ENDS for status in IN_FLIGHT_WAVE}
    | {status: frozenset[str]() for status in TERMINAL_WAVE}
)

EXECUTION_TONES = {
    S.PENDING: "pending",
    S.INITIATED: "loading",
    S.POLLING: "loading",
    S.LAUNCHING: "loading",
    S.PAUSED: "pending",
    S.CANCELLING: "loading",
    S.COMPLETED: "ok",
    S.PARTIAL: "warn",
    S.FAILED: "error",
    S.CANCELLED: "off",
}
WAVE_TONES = {
    W.PENDING: "pending",
    W.WAITING: "pending",
    W.INITIATED: "loading",
    W.POLLING: "loading",
    W.LAUNCHING: "loading",
    W.CHECKING: "loading",
    W.COMPLETED: "ok",
    W.PARTIAL: "warn",
    W.FAILED: "error",
    W.SKIPPED: "off",
    W.CANCELLED: "off",
}
CHECK_TONES = {
    CheckResult.NONE: "off",
    CheckResult.PENDING: "loading",
    CheckResult.PASSED: "ok",
    CheckResult.FAILED: "error",
    CheckResult.UNKNOWN: "warn",
    CheckResult.NOT_APPLICABLE: "off",
}
CHECK_PHRASES = {
    CheckResult.PASSED: "Checks passed",
    CheckResult.FAILED: "Checks failed",
    CheckResult.UNKNOWN: "Checks unknown",
    CheckResult.NOT_APPLICABLE: "Launched stopped",
}
LAUNCH_TONES = {
    LaunchStatus.PENDING: "pending",
    LaunchStatus.IN_PROGRESS: "loading",
    LaunchStatus.LAUNCHED: "ok",
    LaunchStatus.FAILED: "error",
    LaunchStatus.TERMINATED: "off",
    LaunchStatus.SKIPPED: "off",
}


def check_move(now: str, then: str, moves: dict[str, frozenset[str]] = MOVES) -> None:
    """Return when `then` may follow `now`; raise Conflict (INVALID_STATE) when not."""
    if then not in moves[now]:
        raise Conflict(f"{now} cannot become {then}.", details={"status": now})
