"""Four eyes: who counts as a second person, what waits for one, and why somebody is none.

A person is one user, whatever the door: the console, an API token and an access token of the same user are the same
person. The installation itself is nobody's second person.
"""

from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.config.services import current_settings
from drsorch.errors import Denied
from executions.models import Execution, Termination
from executions.states import UNSTARTED_WAVE, GateKind, WaveStatus

DECIDERS = f"{Permission.MANAGE_EXECUTION} and {Permission.EXECUTE_RECOVERY}"


def ask_if_wanted(execution: Execution) -> bool:
    """Open the question that holds every wave of a recovery until a second person confirms it, where that is wanted.

    Returns whether it is. Call inside the transaction that creates the execution, so that there is no moment at which
    it could start.
    """
    if execution.is_drill or not current_settings().four_eyes:
        return False
    question = (
        f"{execution.initiator} started this recovery. Nothing is launched until a second person has confirmed it: "
        f"somebody else with {DECIDERS} on it. Confirm it, or cancel."
    )
    wave = execution.waves.filter(status__in=UNSTARTED_WAVE).order_by("number")[0]
    wave.gates.create(kind=GateKind.FOUR_EYES, question=question)
    wave.status, wave.reason = WaveStatus.WAITING, question
    wave.save(update_fields=["status", "reason"])
    execution.say(question, by=execution.initiator, what="gate", tone="pending")
    return True


def why_not_answer(execution: Execution, actor: Actor) -> str:
    """Return why the actor answers no question of `execution`, whatever their permissions; nothing for who may.

    Reads its waves with their gates. To cancel is no answer: it needs no second person.
    """
    gates = (gate for wave in execution.waves.all() for gate in wave.gates.all())
    if any(gate.kind == GateKind.FOUR_EYES and gate.answered_at is None for gate in gates):
        return "" if _is_another(actor, execution.initiated_by_id) else _to_be_confirmed(execution)
    is_theirs = actor.user is not None and actor.user.pk == execution.initiated_by_id
    if not (is_theirs and _bars_initiator(execution)):
        return ""
    return (
        f"{execution.initiator} started this execution, and in this installation whoever starts one does not answer "
        f"its questions. Somebody else with {DECIDERS} on it does. To pause and to cancel it needs nobody else."
    )


def why_not_terminate(execution: Execution, actor: Actor) -> str:
    """Return why the actor may not confirm a termination that waits for a second person; nothing when none waits."""
    asked: Termination | None = getattr(execution, "termination", None)
    if asked is None or not asked.is_waiting or _is_another(actor, asked.requester_id):
        return ""
    return (
        f"{asked.requested_by} asked for the termination, so somebody else has to confirm it, with "
        f"{Permission.TERMINATE_INSTANCES} on it. Nothing is terminated until then."
    )


def refuse(why: str, execution: Execution) -> None:
    """Raise Denied (SECOND_PERSON_REQUIRED) when there is a reason."""
    if why:
        raise Denied(why, code="SECOND_PERSON_REQUIRED", details={"initiator": execution.initiator})


def _is_another(actor: Actor, first: int | None) -> bool:
    return actor.user is not None and actor.user.pk != first


def _to_be_confirmed(execution: Execution) -> str:
    return (
        f"{execution.initiator} started this recovery, so somebody else has to confirm it, with {DECIDERS} on it. To "
        "cancel it needs nobody else."
    )


def _bars_initiator(execution: Execution) -> bool:
    """Read what was fetched with the execution (`with_rules`), else ask."""
    known: bool | None = getattr(execution, "bars_initiator", None)
    return current_settings().initiator_may_not_answer if known is None else known
