"""Open questions as the execution page asks them: what they are about, who may decide, and a button for each answer."""

from collections.abc import Sequence

from drsorch.access.roles import PERMISSIONS, Permission, Role
from drsorch.audit.actor import Actor
from executions.models import Execution, Gate
from executions.page.waves import WaveRow
from executions.services import Choice, choices_of
from executions.states import BEFORE_A_WAVE, OPEN_SERVER, Answer, GateKind

ANSWERING = frozenset({Permission.MANAGE_EXECUTION, Permission.EXECUTE_RECOVERY})
TERMINATING = frozenset({Permission.TERMINATE_INSTANCES})
# Questions that most people answer with one click: go on.
PAUSES = frozenset({GateKind.PAUSE_BEFORE, GateKind.PAUSE_AFTER, GateKind.PAUSE_REQUESTED})
# Answers whose consequence is said, and confirmed, before they are given.
DANGEROUS = frozenset({Answer.ACCEPT, Answer.GIVE_UP, Answer.CONFIRM})
ICONS = {Answer.RESUME: "play", Answer.CONFIRM: "play", Answer.RETRY: "refresh", Answer.LOOK_AGAIN: "refresh"}
CANCEL_DIALOG = "cancel"  # the one that every execution has

HEADINGS = {
    GateKind.PAUSE_BEFORE: "Paused before wave {}",
    GateKind.PAUSE_AFTER: "Paused after wave {}",
    GateKind.PAUSE_REQUESTED: "Paused before wave {}, on request",
    GateKind.PROBLEM: "A problem before wave {}",
    GateKind.FAILURE: "Wave {} has failed",
    GateKind.TWO_JOBS: "Two DRS jobs for one launch of wave {}",
    GateKind.UNHEARD: "DRS does not answer about wave {}",
    GateKind.ENDLESS: "DRS does not end a job of wave {}",
    GateKind.FOUR_EYES: "A second person confirms the recovery before wave {}",
}
# Instead of the whole question when its details stand below it, one by one.
SUMMARIES = {
    GateKind.PROBLEM: "Before {wave} its servers were looked at again. {count} problems were found:",
    GateKind.FAILURE: "In {wave} {count} servers have failed:",
    GateKind.UNHEARD: "DRS has not answered about {wave} for long. {count} jobs may have launched servers:",
    GateKind.ENDLESS: "DRS has not ended {count} jobs of {wave} long after its time-out:",
}


class Option:
    """One answer as a button; a dangerous one opens a dialog of its own."""

    def __init__(self, gate: Gate, choice: Choice, *, is_primary: bool) -> None:
        number = gate.wave.number
        self.answer = choice.answer
        self.reason = choice.reason
        self.needs_note = choice.needs_note
        self.id = f"gate-{gate.pk}-{choice.answer.lower().replace('_', '-')}"
        self.label = str(choice.answer.label)
        if choice.answer == Answer.SKIP:
            self.label = f"Skip wave {number}" if gate.kind in BEFORE_A_WAVE else "Skip the waves after it"
        self.is_dangerous = choice.answer in DANGEROUS
        is_cancel = choice.answer == Answer.CANCEL
        self.dialog = f"{self.id}-dialog" if self.is_dangerous else CANCEL_DIALOG if is_cancel else ""
        self.kind = "primary" if is_primary else "danger" if self.is_dangerous or is_cancel else "normal"
        self.icon = ICONS.get(choice.answer, "")


class Question:
    """One open question, for one person. `is_first`: its first answer is the one primary button of the page."""

    def __init__(self, row: WaveRow, gate: Gate, execution: Execution, actor: Actor, *, is_first: bool) -> None:
        self.row = row
        self.gate = gate
        self.wave = row.wave
        self.id = f"question-{gate.pk}"
        self.is_simple = gate.kind in PAUSES
        self.heading = HEADINGS[GateKind(gate.kind)].format(row.wave.number)
        self.details = [detail["sentence"] for detail in gate.details]
        self.options = [
            Option(gate, choice, is_primary=is_first and number == 0)
            for number, choice in enumerate(choices_of(gate, execution, actor))
        ]

    @property
    def text(self) -> str:
        """The question; only what it is about when its details stand below it."""
        summary = SUMMARIES.get(GateKind(self.gate.kind))
        if summary is None or not self.is_listed:
            return self.gate.question
        return summary.format(wave=f"wave {self.wave.number}, {self.wave.name},", count=len(self.details))

    @property
    def is_listed(self) -> bool:
        """True when it is about several things."""
        return len(self.details) > 1

    @property
    def at_once(self) -> list[Option]:
        """The answers that are one click; of a pause, those that need no reason."""
        return [option for option in self.options if not (self.is_simple and option.needs_note)]

    @property
    def with_reason(self) -> list[Option]:
        """The other answers of a pause, which unfold with the field for their reason."""
        return [option for option in self.options if self.is_simple and option.needs_note]

    @property
    def takes_note(self) -> bool:
        """True when the field for the reason is in view: not where the first answer of a pause is one click."""
        return not self.is_simple and any(not option.dialog for option in self.options)

    @property
    def note_hint(self) -> str:
        """Which answers need the reason."""
        needing = [f"“{option.label}”" for option in self.options if option.needs_note and not option.dialog]
        return f"Kept with the decision. Needed for {' and '.join(needing)}." if needing else "Kept with the decision."

    @property
    def shared_reason(self) -> str:
        """Why no answer can be given, when that is the same for all."""
        reasons = {option.reason for option in self.options}
        return reasons.pop() if len(reasons) == 1 else ""

    @property
    def why_id(self) -> str:
        """Where that stands; empty when each answer has its own reason."""
        return f"{self.id}-why" if self.shared_reason else ""

    @property
    def dangerous(self) -> list[Option]:
        """The answers that need a dialog and can be given."""
        return [option for option in self.options if option.is_dangerous and not option.reason]

    # ---- What the dialogs say

    @property
    def unsent(self) -> int:
        """How many servers of the wave would be launched."""
        return sum(1 for server in self.row.servers if server.status in OPEN_SERVER)


def questions(rows: Sequence[WaveRow], execution: Execution, actor: Actor) -> list[Question]:
    """Return the open questions in the order of their waves."""
    asked = [(row, row.gate) for row in rows if row.gate]
    return [Question(row, gate, execution, actor, is_first=at == 0) for at, (row, gate) in enumerate(asked)]


def decision_to_come(rows: Sequence[WaveRow], execution: Execution) -> str:
    """Return what people will be asked next as the plan says; empty when nothing is planned."""
    if execution.pause_requested_at:
        return f"Before the next wave: {execution.pause_requested_by} asked to pause."
    for row in rows:
        name = f"wave {row.wave.number}, {row.wave.name}"
        if row.stops_before:
            return f"Before {name}: go on, skip it, or cancel."
        if row.stops_after and any(other.is_unstarted for other in rows if other is not row):
            return f"After {name}: go on, or cancel."
    return ""


def roles_with(needed: frozenset[Permission]) -> str:
    """Return the roles that give all of `needed`, in words."""
    return " or ".join(Role(name).label.lower() for name, given in PERMISSIONS.items() if needed <= given)
