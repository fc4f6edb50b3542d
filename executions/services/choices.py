"""What may be answered to an open question now, and why not: shown on buttons and enforced by the service."""

from dataclasses import dataclass

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.errors import Conflict, Invalid, NotFound
from executions.decisions.readiness import NOT_OVERRIDABLE
from executions.models import Execution, Gate
from executions.services import second_person
from executions.services.offers import is_initiator
from executions.services.retrying import failed_servers
from executions.states import OPEN_SERVER, Answer

# Answers that people must be able to explain later.
NOTED = frozenset({Answer.SKIP, Answer.ACCEPT, Answer.GIVE_UP})


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: possible, or the reason why not."""

    answer: Answer
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """True when nothing speaks against it."""
        return not self.reason

    @property
    def needs_note(self) -> bool:
        """True when a reason must be given with it."""
        return self.answer in NOTED


def choices_of(gate: Gate, execution: Execution, actor: Actor) -> list[Choice]:
    """Return what `actor` may answer to the open question `gate` now. Reads the gate's wave with its servers."""
    not_alone = second_person.why_not_answer(execution, actor)
    return [
        Choice(
            answer,
            _not_permitted(execution, actor, answer)
            or ("" if answer == Answer.CANCEL else not_alone)
            or _not_now(gate, execution, answer),
        )
        for answer in gate.options
    ]


def require(gate: Gate | None, execution: Execution, actor: Actor, answer: str, note: str) -> Gate:
    """Return `gate` when `answer` may be given to it now. The caller has locked the execution and checked permissions.

    Raises NotFound, Conflict (answered already, by whom; not possible now), Invalid (no such option, no note).
    """
    if gate is None:
        raise NotFound("There is no such question in this execution. Open the execution again.")
    refuse_answered(gate, execution)
    options = {choice.answer.value: choice for choice in choices_of(gate, execution, actor)}
    allowed = [value for value, choice in options.items() if choice.allowed]
    if answer not in options:
        raise Invalid(f"{answer!r} does not answer this question. Answer one of: {', '.join(allowed)}.")
    if not options[answer].allowed:
        details = {"status": execution.status, "allowedAnswers": allowed}
        raise Conflict(options[answer].reason, details=details)
    if options[answer].needs_note and not note.strip():
        raise Invalid(f"Give a reason with “{Answer(answer).label.lower()}”: it is kept with the decision.")
    return gate


def refuse_answered(gate: Gate | None, execution: Execution) -> None:
    """Raise Conflict (ALREADY_ANSWERED) naming who has answered `gate`, when somebody has."""
    if gate is None or gate.answered_at is None:
        return
    said = Answer(gate.answer).label.lower() if gate.answer else "nothing is left to decide"
    raise Conflict(
        f"{gate.answered_name or 'Somebody else'} has answered this question already: “{said}”.",
        code="ALREADY_ANSWERED",
        details={"status": execution.status, "answer": gate.answer},
    )


def _not_permitted(execution: Execution, actor: Actor, answer: str) -> str:
    if answer == Answer.CANCEL and is_initiator(execution, actor):
        return ""
    needed = [Permission.MANAGE_EXECUTION] + ([] if answer == Answer.CANCEL else [Permission.EXECUTE_RECOVERY])
    return next((why for why in (policy.why_not(actor, permission, execution) for permission in needed) if why), "")


def _not_now(gate: Gate, execution: Execution, answer: str) -> str:
    if execution.cancel_requested_at and answer != Answer.GIVE_UP:
        return "The execution is being cancelled."
    if answer == Answer.ACCEPT and execution.is_drill:
        return "A drill is not launched in spite of problems. Repair them and look again, skip the wave, or cancel."
    own_consent = [detail["sentence"] for detail in gate.details if detail.get("code") in NOT_OVERRIDABLE]
    if answer == Answer.ACCEPT and own_consent:
        return (
            f"{' '.join(own_consent)} That needs a consent of its own, which is given when a recovery is started: skip "
            "the wave, or cancel and start again."
        )
    if answer != Answer.RETRY:
        return ""
    if any(run.launch_status in OPEN_SERVER for run in gate.wave.servers.all()):
        return "Servers of the wave are still being launched. Wait until all have come to their end."
    return "" if failed_servers(gate.wave) else "No server of the wave has failed."
