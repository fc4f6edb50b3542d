"""What may be done with an execution now, by whom, and why not: shown on buttons and enforced by the services."""

from django.db.models import QuerySet

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.api.offers import Offer
from drsorch.audit.actor import Actor
from drsorch.errors import Conflict
from executions.models import Execution, ServerRun
from executions.services import second_person
from executions.states import UNSTARTED_WAVE, ExecutionStatus, GateKind, LaunchStatus

PERMISSIONS = {
    "pause": Permission.MANAGE_EXECUTION,
    "resume": Permission.MANAGE_EXECUTION,
    "decide": Permission.MANAGE_EXECUTION,
    "cancel": Permission.MANAGE_EXECUTION,
    "terminate": Permission.TERMINATE_INSTANCES,
    "withdraw": Permission.TERMINATE_INSTANCES,
}
# Stopping is easy: who started an execution may always do it.
INITIATOR_MAY = {"pause", "cancel"}
# What launches again needs the right to launch.
GOES_ON = {"resume", "decide"}
# Questions that "resume" answers; the others need a decision.
PAUSES = frozenset({GateKind.PAUSE_BEFORE, GateKind.PAUSE_AFTER, GateKind.PAUSE_REQUESTED, GateKind.TWO_JOBS})


def with_rights(actor: Actor, executions: "QuerySet[Execution]") -> "QuerySet[Execution]":
    """Let each execution know what `offers` asks of the policy, so that it costs no query of its own."""
    needed = dict.fromkeys((*PERMISSIONS.values(), Permission.EXECUTE_RECOVERY))
    return policy.with_rights(actor, executions, *((each, policy.Level.OPERATE) for each in needed))


def offers(execution: Execution, actor: Actor) -> list[Offer]:
    """Return what `actor` may do with `execution` now. Reads the execution with its waves and servers."""
    return [
        Offer(action, _not_permitted(execution, actor, action) or _not_now(execution, action)) for action in PERMISSIONS
    ]


def require(execution: Execution, actor: Actor, action: str) -> None:
    """Return when `actor` may do `action` now. Raises NotFound, Denied, Conflict (with the current status)."""
    permit(execution, actor, action)
    reason = _not_now(execution, action)
    if reason:
        raise Conflict(reason, details={"status": execution.status})


def permit(execution: Execution, actor: Actor, action: str) -> None:
    """Return when `actor` may do `action` at all, with the execution read anew and locked until the transaction ends.

    So that of two people one wins and the other hears how it stands. Raises NotFound, Denied (SECOND_PERSON_REQUIRED
    for whoever may in general, but not alone).
    """
    execution.refresh_from_db(from_queryset=Execution.objects.select_for_update())
    if action in INITIATOR_MAY and is_initiator(execution, actor):
        policy.require(actor, Permission.VIEW_RESOURCES, execution, policy.Level.VIEW)
    else:
        policy.require(actor, PERMISSIONS[action], execution)
    if action in GOES_ON:
        policy.require(actor, Permission.EXECUTE_RECOVERY, execution)
    second_person.refuse(_not_alone(execution, actor, action), execution)


def _not_permitted(execution: Execution, actor: Actor, action: str) -> str:
    if action in INITIATOR_MAY and is_initiator(execution, actor):
        return ""
    missing = policy.why_not(actor, PERMISSIONS[action], execution)
    if not missing and action in GOES_ON:
        missing = policy.why_not(actor, Permission.EXECUTE_RECOVERY, execution)
    return missing or _not_alone(execution, actor, action)


def _not_alone(execution: Execution, actor: Actor, action: str) -> str:
    """Return why it takes somebody else; nothing when it does not."""
    if action in GOES_ON:
        return second_person.why_not_answer(execution, actor)
    return second_person.why_not_terminate(execution, actor) if action == "terminate" else ""


def is_initiator(execution: Execution, actor: Actor) -> bool:
    """Say whether the actor started `execution`. A token counts as its owner where it may start one itself."""
    is_them = actor.user is not None and actor.user.pk == execution.initiated_by_id
    needed = Permission.VIEW_RESOURCES if actor.right is None else Permission.EXECUTE_RECOVERY
    return is_them and policy.has(actor, needed)


def _not_now(execution: Execution, action: str) -> str:
    return NOT_NOW[action](execution)


def _no_pause(execution: Execution) -> str:
    if not execution.is_active:
        return f"The execution has ended: {execution.get_status_display().lower()}."
    if execution.cancel_requested_at:
        return "The execution is being cancelled."
    if execution.status == ExecutionStatus.PAUSED:
        return "The execution is paused already."
    if execution.pause_requested_at:
        return f"{execution.pause_requested_by} has asked for a pause already: it takes effect before the next wave."
    if not any(wave.status in UNSTARTED_WAVE for wave in execution.waves.all()):
        return "The last wave is running: there is no wave left to pause before."
    return ""


def _no_resume(execution: Execution) -> str:
    if not execution.is_active:
        return f"The execution has ended: {execution.get_status_display().lower()}."
    if execution.cancel_requested_at:
        return "The execution is being cancelled."
    kinds = _open_questions(execution)
    if not kinds:
        return "Resume is available while the execution waits for a person."
    return "" if kinds & PAUSES else "The open question needs a decision: answer it on the execution's page."


def _no_decision(execution: Execution) -> str:
    if not execution.is_active:
        return f"The execution has ended: {execution.get_status_display().lower()}."
    return "" if _open_questions(execution) else "No question is open."


def _open_questions(execution: Execution) -> set[str]:
    gates = (gate for wave in execution.waves.all() for gate in wave.gates.all())
    return {gate.kind for gate in gates if gate.answered_at is None}


def _no_cancel(execution: Execution) -> str:
    if not execution.is_active:
        return f"The execution has ended: {execution.get_status_display().lower()}."
    return f"{execution.cancelled_by} has cancelled the execution already." if execution.cancel_requested_at else ""


def _no_terminate(execution: Execution) -> str:
    if execution.is_active:
        return "Terminate is available when the execution has ended."
    termination = getattr(execution, "termination", None)
    if termination is not None and termination.gave_up_at is None and not termination.is_waiting:
        done = "are terminated" if termination.done_at else "are being terminated"
        confirmed = f", and {termination.confirmed_by} confirmed it" if termination.confirmed_by else ""
        return f"The instances of this execution {done}: {termination.requested_by} asked for it{confirmed}."
    if not _has_instances(execution):
        return "This execution has no recovery instances."
    return ""


def _no_withdrawal(execution: Execution) -> str:
    termination = getattr(execution, "termination", None)
    if termination is None or not termination.is_waiting:
        return "No termination of its instances waits for a second person: there is none to withdraw."
    return ""


def _has_instances(execution: Execution) -> bool:
    """Read what a list has fetched with its executions, else ask."""
    known: int | None = getattr(execution, "instance_count", None)
    if known is not None:
        return known > 0
    return ServerRun.objects.filter(wave__execution=execution, launch_status=LaunchStatus.LAUNCHED).exists()


NOT_NOW = {
    "pause": _no_pause,
    "resume": _no_resume,
    "decide": _no_decision,
    "cancel": _no_cancel,
    "terminate": _no_terminate,
    "withdraw": _no_withdrawal,
}
