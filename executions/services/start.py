"""Start an execution: look (may ask AWS), then create (one short transaction, no AWS)."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.record import record
from drsorch.errors import Conflict
from executions import readiness
from executions.models import Execution, ServerRun, WaveRun
from executions.readiness import Look
from executions.states import Mode
from executions.turn import wake
from plans.models import Impact, RecoveryPlan
from plans.services import OF_A_WAVE
from protection.models import ServerHold, SourceServer


def start_execution(
    *, plan: RecoveryPlan, actor: Actor, mode: str = Mode.DRILL, reason: str = "", idempotency_key: str | None = None
) -> Execution:
    """Start `plan` and return its execution. The same `idempotency_key` returns the execution it made before.

    Asks AWS. Raises Denied, Invalid, NotReady (problems listed), Conflict (ACTIVE_EXECUTION, SERVER_CONFLICT: the
    holder named; IDEMPOTENCY_KEY_USED: the key has started something else).
    """
    policy.require(actor, Permission.EXECUTE_RECOVERY, plan)
    before = _made_with(idempotency_key, plan, mode)
    if before:
        return before
    try:
        look = readiness.look(plan)
        look.refuse_unless_ready(mode)
        return create_execution(look=look, actor=actor, mode=mode, reason=reason, idempotency_key=idempotency_key)
    except Conflict:
        # The same form, sent twice at once: what stands in the way is what the other one has just made.
        made = _made_with(idempotency_key, plan, mode)
        if made:
            return made
        raise


def _made_with(key: str | None, plan: RecoveryPlan, mode: str) -> Execution | None:
    before = Execution.objects.filter(idempotency_key=key).first() if key else None
    if before and (before.plan_id != plan.pk or before.mode != mode):
        raise Conflict(f"This key has already started {before}. Use a new one.", code="IDEMPOTENCY_KEY_USED")
    return before


@transaction.atomic
def create_execution(
    *, look: Look, actor: Actor, mode: str, reason: str = "", idempotency_key: str | None = None
) -> Execution:
    """Write the execution with all its waves, servers and holds, and ring the engine. No AWS.

    The constraints of the database decide between two who start at once. Raises Conflict.
    """
    execution = _create_row(look.plan, actor, mode, reason, idempotency_key)
    _create_runs(execution, look)
    _hold(execution, look.servers)
    changed = RecoveryPlan.objects.filter(pk=look.plan.pk, version=look.plan.version).update(
        active_execution=execution.pk,
        last_execution=execution.pk,
        last_execution_at=execution.created_at,
        last_status=execution.status,
        last_label="Running",
        last_tone="loading",
    )
    if not changed:
        raise Conflict(f"{look.plan} was changed meanwhile. Look at it again, then start it.")
    execution.say(f"{execution.get_mode_display()} started by {actor.name}.", by=actor.name, what="started")
    wake([execution.pk])
    record(actor, "start_execution", execution, mode=mode, reason=reason, servers=len(look.servers))
    return execution


def _create_row(plan: RecoveryPlan, actor: Actor, mode: str, reason: str, key: str | None) -> Execution:
    try:
        with transaction.atomic():
            return Execution.objects.create(
                plan=plan,
                plan_name=plan.name,
                plan_version=plan.version,
                snapshot=_snapshot(plan),
                mode=mode,
                reason=reason,
                parallel_waves=plan.parallel_waves,
                idempotency_key=key,
                initiated_by=actor.user,
                initiator=actor.name,
                source=actor.source,
            )
    except IntegrityError as error:
        raise Conflict(f"{plan} is already running. Open its execution instead.", code="ACTIVE_EXECUTION") from error


def _snapshot(plan: RecoveryPlan) -> dict[str, Any]:
    """Return the plan as it is now, frozen for the evidence."""
    return {
        "name": plan.name,
        "description": plan.description,
        "owner": plan.owner,
        "rtoMinutes": plan.rto_minutes,
        "parallelWaves": plan.parallel_waves,
        "version": plan.version,
        "waves": [
            {
                "waveNumber": wave.number,
                "name": wave.name,
                "dependsOnWaves": sorted(other.number for other in wave.depends_on.all()),
                "pauseBeforeWave": wave.pause_before,
                "pauseAfterWave": wave.pause_after,
                "launchOrder": wave.launch_order,
                "maxParallel": wave.max_parallel,
                "waitSeconds": wave.wait_seconds,
                "timeoutMinutes": wave.timeout_minutes,
                "onFailure": wave.on_failure,
                "checks": wave.checks,
                "protectionGroups": [row.group.name for row in wave.wave_groups.all()],
                "serverIds": [member.server.source_server_id for member in wave.members()],
                "optionalServerIds": [
                    member.server.source_server_id for member in wave.members() if member.impact == Impact.OPTIONAL
                ],
            }
            for wave in plan.waves.all()
        ],
    }


def _create_runs(execution: Execution, look: Look) -> None:
    """Create every wave run and server run at once: nobody may take a part for the whole."""
    for wave, members in look.waves:
        run = WaveRun.objects.create(
            execution=execution,
            depends_on=sorted(other.number for other in wave.depends_on.all()),
            **{field: getattr(wave, field) for field in ("number", *OF_A_WAVE)},
        )
        ServerRun.objects.bulk_create(
            ServerRun(
                wave=run,
                server=member.server,
                account_id=member.server.account_id,
                region=member.server.region,
                source_server_id=member.server.source_server_id,
                name=member.server.name,
                order=order,
                impact=member.impact,
            )
            for order, member in enumerate(members)
        )


def _hold(execution: Execution, servers: list[SourceServer]) -> None:
    """Hold the servers; the unique constraint decides, and the holder is named."""
    label, link = f"{execution} ({execution.short_id})", execution.get_absolute_url()
    try:
        with transaction.atomic():
            ServerHold.objects.bulk_create(
                ServerHold(
                    server=server,
                    holder=execution.pk,
                    label=label,
                    link=link,
                    mode=execution.mode,
                    since=timezone.now(),
                )
                for server in servers
            )
    except IntegrityError as error:
        readiness.refuse_held(servers)
        raise Conflict("A server of the plan was held and freed meanwhile. Start again.") from error
