"""Start an execution: look (may ask AWS), then create (one short transaction, no AWS)."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.facts import facts_of
from drsorch.audit.record import record
from drsorch.errors import Conflict
from executions import readiness
from executions.decisions.readiness import Finding
from executions.models import AccountSet, Event, Execution, ExecutionTag, ServerRun, WaveRun
from executions.readiness import Look
from executions.services import holding, second_person
from executions.services.consent import (
    NO_CONSENT,
    Consent,
    drills_to_preempt,
    refuse_unless_confirmed,
    refuse_unless_free,
    refuse_unless_ready,
    running_already,
)
from executions.services.preempt import make_way
from executions.snapshots import PointInTime
from executions.states import LaunchStatus, Mode
from executions.turn import wake
from plans.evidence import OF_A_WAVE
from plans.models import Impact, RecoveryPlan
from protection.models import SourceServer


@dataclass(frozen=True, slots=True)
class CallerContext:
    """What whoever starts an execution says of itself: its own run, and tags by which it finds this one again."""

    parent_execution_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)


NO_CONTEXT = CallerContext()


def start_execution(
    *,
    plan: RecoveryPlan,
    actor: Actor,
    mode: str = Mode.DRILL,
    reason: str = "",
    idempotency_key: str | None = None,
    confirm_plan_name: str = "",
    override_reason: str = "",
    preempt: bool = False,
    launch_over: Collection[str] = (),
    point_in_time: PointInTime = None,
    context: CallerContext = NO_CONTEXT,
) -> Execution:
    """Start `plan` and return its execution. The same `idempotency_key` returns the execution it made before.

    A RECOVERY needs `confirm_plan_name`. Problems, and what could not be asked, block a drill; a recovery goes on when
    `override_reason` is given by somebody who may override. `preempt` cancels drills that have its servers.
    `launch_over` names the servers (ids or names) whose live recovery instance may be replaced; it needs a reason too.
    `point_in_time`: the latest state, the last snapshot at or before a time, or by server id, as `snapshots` has it.

    Asks AWS. Raises Denied, Invalid (CONFIRMATION_REQUIRED …), NotReady (problems listed), Conflict (ACTIVE_EXECUTION,
    SERVER_CONFLICT: the holder named; IDEMPOTENCY_KEY_USED: the key has started something else).
    """
    policy.require(actor, Permission.EXECUTE_RECOVERY, plan)
    before = _made_with(idempotency_key, plan, mode)
    if before:
        return before
    consent = Consent(confirm_plan_name, override_reason, preempt)
    refuse_unless_confirmed(plan, mode, consent)
    try:
        look = readiness.look(plan, mode=mode, launch_over=launch_over, point_in_time=point_in_time)
        return create_execution(
            look=look,
            actor=actor,
            mode=mode,
            reason=reason,
            idempotency_key=idempotency_key,
            consent=consent,
            context=context,
        )
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


def create_execution(
    *,
    look: Look,
    actor: Actor,
    mode: str,
    reason: str = "",
    idempotency_key: str | None = None,
    consent: Consent = NO_CONSENT,
    context: CallerContext = NO_CONTEXT,
) -> Execution:
    """Judge the look, then write the execution with all its waves, servers and holds, and ring the engine. No AWS.

    The constraints of the database decide between two who start at once. Raises Denied, NotReady, Conflict.
    """
    refuse_unless_free(look, mode, consent, actor)
    let_pass = refuse_unless_ready(look, mode, consent, actor)
    execution = Execution(
        id=uuid.uuid4(),
        mode=mode,
        reason=reason,
        idempotency_key=idempotency_key,
        parent_execution_id=context.parent_execution_id,
        point_in_time=look.point_in_time,
        override_reason=consent.override_reason.strip() if let_pass else "",
        overridden=[finding.to_json() for finding in let_pass],
    )
    with transaction.atomic():
        drills = make_way(drills_to_preempt(look, mode, consent), execution.pk, look.plan, actor)
        execution.ran_in = AccountSet.of((server.account_id, server.region) for server in look.servers)
        _save_row(execution, look.plan, actor)
        ExecutionTag.objects.bulk_create(ExecutionTag.of(execution, key, value) for key, value in context.tags.items())
        _create_runs(execution, look)
        holding.hold(execution, look.servers, actor, taking_over=drills)
        _tell_plan(execution, look.plan)
        _tell(execution, actor, drills, let_pass)
        takes_two = second_person.ask_if_wanted(execution)
        wake([execution.pk])
        for drill in drills:
            record(actor, "preempt_execution", drill, recovery=str(execution.pk))
        after = facts_of(execution, ("status", "mode", "plan_name", "plan_version"))
        record(actor, "start_execution", execution, after=after, four_eyes=takes_two, **_asked(execution, look, drills))
    return execution


def _asked(execution: Execution, look: Look, drills: list[Execution]) -> dict[str, Any]:
    """Return what is evidence of a start beside the row: what was asked for, over what, and who made way."""
    return {
        "mode": execution.mode,
        "reason": execution.reason,
        "servers": len(look.servers),
        "override_reason": execution.override_reason,
        "overridden": [finding["sentence"] for finding in execution.overridden],
        "launch_over": sorted(look.launch_over),
        "preempted": [str(drill.pk) for drill in drills],
        "point_in_time": look.points_in_words,
    }


def _save_row(execution: Execution, plan: RecoveryPlan, actor: Actor) -> None:
    execution.plan, execution.plan_name, execution.plan_version = plan, plan.name, plan.version
    execution.snapshot, execution.parallel_waves = _snapshot(plan), plan.parallel_waves
    execution.rto_minutes = plan.rto_minutes
    execution.initiated_by, execution.initiator, execution.source = actor.user, actor.name, actor.source
    try:
        with transaction.atomic():
            execution.save(force_insert=True)
    except IntegrityError as error:
        other = plan.executions.active().filter(preempted_by=None).first()
        if other is not None:
            raise running_already(plan, other, execution.mode) from error
        raise Conflict(
            f"{plan} was started by somebody else meanwhile. Look again.", code="ACTIVE_EXECUTION"
        ) from error


def _tell_plan(execution: Execution, plan: RecoveryPlan) -> None:
    """Write the plan's summary. Raises Conflict when it is not the plan that was looked at any more."""
    changed = RecoveryPlan.objects.filter(pk=plan.pk, version=plan.version).update(
        active_execution=execution.pk,
        last_execution=execution.pk,
        last_execution_at=execution.created_at,
        last_status=execution.status,
        last_label="Running",
        last_tone="loading",
    )
    if not changed:
        raise Conflict(f"{plan} was changed meanwhile. Look at it again, then start it.")


def _tell(execution: Execution, actor: Actor, drills: list[Execution], let_pass: list[Finding]) -> None:
    """Write the first lines of the timeline: who started it, over what, and for which reason."""
    execution.say(f"{execution.get_mode_display()} started by {actor.name}.", by=actor.name, what="started")
    for drill in drills:
        # Whoever reads this timeline may not see other plans; the page names their drills to whoever does.
        is_own = drill.plan_id == execution.plan_id
        named = f"{drill} ({drill.short_id}), started by {drill.initiator}," if is_own else "A drill of another plan"
        execution.say(
            f"{named} was cancelled to make way. Its servers belong to this recovery; those in a running DRS job are "
            "waited for.",
            by=actor.name,
            what="preempt",
            tone="warn",
        )
    if let_pass:
        execution.events.bulk_create(
            Event(
                execution=execution,
                who=actor.name,
                what="override",
                tone="warn",
                sentence=f"Let pass: {finding.sentence}",
            )
            for finding in let_pass
        )
        sentence = f"{actor.name} let this pass: {execution.override_reason}"
        execution.say(sentence, by=actor.name, what="override", tone="warn")


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
    missing = look.missing
    for wave, members in look.waves:
        run = WaveRun.objects.create(
            execution=execution,
            depends_on=sorted(other.number for other in wave.depends_on.all()),
            **{field: getattr(wave, field) for field in ("number", *OF_A_WAVE)},
        )
        rows = []
        for order, member in enumerate(members):
            row = _server_run(run, member.server, order, member.impact)
            chosen = look.snapshots.get(member.server.pk)
            if chosen:
                row.snapshot_id, row.snapshot_at = chosen.snapshot_id, chosen.taken_at
            if row.source_server_id in missing:
                # One that DRS does not know would have the call for all the others refused.
                row.launch_status, row.ended_at = LaunchStatus.SKIPPED, timezone.now()
                row.error = missing[row.source_server_id]
            rows.append(row)
        ServerRun.objects.bulk_create(rows)


def _server_run(wave: WaveRun, server: SourceServer, order: int, impact: str) -> ServerRun:
    return ServerRun(
        wave=wave,
        plan_id=wave.execution.plan_id,
        ran_in_id=wave.execution.ran_in_id,
        mode=wave.execution.mode,
        server=server,
        account_id=server.account_id,
        region=server.region,
        source_server_id=server.source_server_id,
        name=server.name,
        order=order,
        impact=impact,
    )
