"""What a person has to say expressly before a start goes on in spite of something, and the refusals without it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from drsorch.access import policy
from drsorch.access.roles import OVERRIDING
from drsorch.audit.actor import Actor
from drsorch.errors import Conflict, Invalid, NotReady
from executions.decisions.readiness import Code, Finding
from executions.models import Execution
from executions.readiness import Look
from executions.states import Mode
from plans.models import RecoveryPlan
from protection.models import ServerHold

WAIT = "Wait until it has ended, or cancel it."
UNSEEN = "an execution that you may not see"
PREEMPT = "It is a drill: choose to pre-empt it, and the recovery cancels it and takes its servers."


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person has said about a start, beyond wanting it. Nothing of it is ever assumed."""

    confirm_plan_name: str = ""
    override_reason: str = ""
    preempt: bool = False


NO_CONSENT = Consent()


def refuse_unless_confirmed(plan: RecoveryPlan, mode: str, consent: Consent) -> None:
    """Raise Invalid for a mode that there is not, and for a recovery whose plan was not named."""
    if mode not in Mode.values:
        raise Invalid(f"There is no mode {mode or 'without a name'}. Choose DRILL or RECOVERY.")
    if mode == Mode.RECOVERY and consent.confirm_plan_name.strip() != plan.name.strip():
        raise Invalid(
            f"Nothing was started. A recovery has to be confirmed: type the name of the plan, {plan.name}.",
            code="CONFIRMATION_REQUIRED",
        )


def refuse_unless_free(look: Look, mode: str, consent: Consent, actor: Actor) -> None:
    """Raise Conflict while the plan runs, or another execution has its servers, and is not to be pre-empted."""
    preempted = drills_to_preempt(look, mode, consent)
    if look.running and look.running.pk not in preempted:
        raise running_already(look.plan, look.running, mode)
    refuse_held([hold for hold in look.holds if hold.holder not in preempted], mode, actor)


def drills_to_preempt(look: Look, mode: str, consent: Consent) -> set[UUID]:
    """Return the drills that are to make way: those in the way of a recovery, when that was asked for."""
    return look.drills_in_the_way if mode == Mode.RECOVERY and consent.preempt else set()


def running_already(plan: RecoveryPlan, running: Execution, mode: str) -> Conflict:
    """Return the refusal that names what runs, who started it, where it stands, and what may be done."""
    can_preempt = mode == Mode.RECOVERY and running.is_drill
    return Conflict(
        f"{plan} is already running: {running} ({running.short_id}), started by {running.initiator}, is "
        f"{running.get_status_display().lower()}. {PREEMPT if can_preempt else WAIT}",
        code="ACTIVE_EXECUTION",
        details={
            "executionId": str(running.pk),
            "status": running.status,
            "initiator": running.initiator,
            "canPreempt": can_preempt,
        },
    )


def refuse_held(holds: Iterable[ServerHold], mode: str, actor: Actor) -> None:
    """Raise Conflict (SERVER_CONFLICT) naming the execution that holds each of these servers, when there is one.

    Of executions out of the actor's sight it says only that there is one.
    """
    holds = list(holds)
    if not holds:
        return
    can_preempt = mode == Mode.RECOVERY and all(hold.mode == Mode.DRILL for hold in holds)
    holders = holders_in_sight(holds, actor)
    said = [f"{hold.server} is in use by {_holder(hold, holders)}." for hold in holds]
    raise Conflict(
        f"{' '.join(said)} {PREEMPT if can_preempt else WAIT}",
        code="SERVER_CONFLICT",
        details={
            "servers": {hold.server.source_server_id: str(hold.holder) for hold in holds if hold.holder in holders},
            "statuses": {str(pk): row.status for pk, row in holders.items()},
            "canPreempt": can_preempt,
        },
    )


def holders_in_sight(holds: Iterable[ServerHold], actor: Actor) -> dict[UUID, Execution]:
    """Return the executions that hold these servers, as far as the actor may see them."""
    holding = Execution.objects.filter(pk__in={hold.holder for hold in holds})
    return {row.pk: row for row in policy.scope(actor, holding)}


def _holder(hold: ServerHold, holders: dict[UUID, Execution]) -> str:
    holder = holders.get(hold.holder)
    return f"{hold.label}, started by {holder.initiator}" if holder else UNSEEN


def refuse_unless_ready(look: Look, mode: str, consent: Consent, actor: Actor) -> list[Finding]:
    """Return the findings that the actor lets pass; empty when nothing speaks against the start.

    Raises NotReady with every problem, in a recovery only those that no reason was given for or that no reason lets
    pass; Denied for a reason given by somebody who may not override.
    """
    blocking = look.blocking
    consented = [each for each in look.findings if _is_consented(each, look)]
    stopping = blocking if mode == Mode.DRILL else [each for each in blocking if not each.is_overridable]
    if stopping:
        raise _not_ready(look, stopping, "")
    let_pass = [*blocking, *consented]
    if not let_pass:
        return []
    if not consent.override_reason.strip():
        raise _not_ready(look, let_pass, "Who may override has to give the reason for going on in spite of this.")
    policy.require(actor, OVERRIDING, look.plan)
    if len(look.missing) == len(look.servers):
        raise _not_ready(look, blocking, "There is nothing left to launch.")
    return let_pass


def _is_consented(finding: Finding, look: Look) -> bool:
    is_named = finding.source_server_id in look.launch_over
    return finding.code == Code.LIVE_INSTANCE and not finding.is_blocking and is_named


def _not_ready(look: Look, found: list[Finding], way: str) -> NotReady:
    sentences = [finding.sentence for finding in found]
    details: dict[str, Any] = {
        "problems": sentences,
        "findings": [finding.to_json() for finding in found],
        "canOverride": bool(way),
    }
    return NotReady(f"{look.plan} is not ready: {' '.join([*sentences, way]).strip()}", details=details)
