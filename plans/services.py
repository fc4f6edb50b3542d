"""Create, change and delete recovery plans."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from drsorch.access import policy
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor
from drsorch.audit.facts import difference
from drsorch.audit.record import account_of, record
from drsorch.errors import Conflict, Invalid, NotFound
from drsorch.saving import own_name, validate
from plans.definition import WaveDefinition, dependencies, size_warnings
from plans.evidence import EDITABLE, OF_A_WAVE, facts_of_plan
from plans.models import Impact, RecoveryPlan, Wave, WaveGroup, WaveServer
from plans.written import definitions_of
from protection.models import AccountRegion, ProtectionGroup, SourceServer
from protection.quotas import quotas_at


def create_plan(*, actor: Actor, waves: Sequence[WaveDefinition], **fields: Any) -> RecoveryPlan:
    """Create a plan. `fields`: name, description, owner, runbook, rto_minutes, parallel_waves.

    No AWS.

    Raises Denied, Invalid (a cycle, an empty wave, a server twice …), Conflict (NAME_TAKEN).
    """
    policy.require(actor, Permission.CREATE_RECOVERY_PLAN)
    plan = RecoveryPlan(created_by=actor.user, changed_by=actor.user)
    with transaction.atomic():
        _save(plan, actor, waves, fields)
        record(actor, "create_plan", plan, after=facts_of_plan(plan), waves=len(waves))
    return plan


def update_plan(
    *, plan: RecoveryPlan, actor: Actor, version: int | None, waves: Sequence[WaveDefinition], **fields: Any
) -> RecoveryPlan:
    """Replace a plan's waves and fields; executions keep the plan they ran.

    Raises as `create_plan`, and Conflict (ACTIVE_EXECUTION), VersionMismatch.
    """
    policy.require(actor, Permission.UPDATE_RECOVERY_PLAN, plan, policy.Level.MANAGE)
    with transaction.atomic():
        plan.claim_version(version, actor)
        _refuse_while_active(plan)
        before = facts_of_plan(plan)
        plan.waves.all().delete()
        _save(plan, actor, waves, fields)
        record(actor, "update_plan", plan, **difference(before, facts_of_plan(plan)), waves=len(waves))
    return plan


def delete_plan(*, plan: RecoveryPlan, actor: Actor, version: int | None = None) -> None:
    """Delete a plan; its executions stay, with the plan they ran. Raises Denied, Conflict, VersionMismatch."""
    policy.require(actor, Permission.DELETE_RECOVERY_PLAN, plan, policy.Level.MANAGE)
    with transaction.atomic():
        plan.claim_version(version, actor)
        _refuse_while_active(plan)
        before, account = facts_of_plan(plan), account_of(plan)
        RecoveryPlan.objects.filter(pk=plan.pk).delete()  # the row at hand keeps its key for the evidence
        record(actor, "delete_plan", plan, before=before, account=account)


def copy_plan(*, plan: RecoveryPlan, actor: Actor, name: str) -> RecoveryPlan:
    """Create a plan like `plan` under another name, with the waves as they are written. Raises as `create_plan`."""
    fields = {field: getattr(plan, field) for field in EDITABLE} | {"name": name}
    return create_plan(actor=actor, waves=definitions_of(plan), **fields)


def plan_named(actor: Actor, name: str) -> RecoveryPlan:
    """Return the plan of that name, without regard to case. Raises NotFound."""
    plan = policy.scope(actor, RecoveryPlan.objects.filter(name__iexact=name)).first()
    if plan is None:
        raise NotFound(f"There is no recovery plan named {name}, or you may not see it.")
    return plan


def warnings(plan: RecoveryPlan) -> list[str]:
    """Return sentences about waves that are large for DRS's quotas; they do not stop a plan from being saved."""
    sizes = {
        wave.number: Counter((str(member.server.account), member.server.region) for member in wave.members())
        for wave in plan.waves.prefetch_related(
            "wave_groups__group__servers__account", "wave_groups__wave_servers__server__account"
        )
    }
    accounts = {account for places in sizes.values() for account, _ in places}
    known = AccountRegion.objects.select_related("account") if accounts else ()
    quotas = {(str(row.account), row.region): quotas_at(row) for row in known if str(row.account) in accounts}
    return size_warnings(sizes, quotas)


def _save(plan: RecoveryPlan, actor: Actor, waves: Sequence[WaveDefinition], fields: dict[str, Any]) -> None:
    unknown = fields.keys() - set(EDITABLE)
    if unknown:
        raise TypeError(f"A recovery plan has no {', '.join(sorted(unknown))}.")
    for name, value in fields.items():
        setattr(plan, name, value)
    validate(plan)
    if not waves:
        raise Invalid("A recovery plan needs at least one wave.")
    needs = dependencies(waves)
    with own_name(plan, actor):
        plan.save()
    rows = _save_waves(plan, actor, waves)
    for row, numbers in zip(rows, needs, strict=True):
        row.depends_on.set([rows[number - 1] for number in numbers])
    _refuse_twice(rows)


def _save_waves(plan: RecoveryPlan, actor: Actor, waves: Sequence[WaveDefinition]) -> list[Wave]:
    rows = []
    for number, definition in enumerate(waves, start=1):
        row = Wave(plan=plan, number=number, **{field: getattr(definition, field) for field in OF_A_WAVE})
        validate(row, what=f"Wave {number}")
        row.save()
        _save_groups(row, actor, definition)
        rows.append(row)
    return rows


def _save_groups(wave: Wave, actor: Actor, definition: WaveDefinition) -> None:
    groups = list(policy.scope(actor, ProtectionGroup.objects.filter(pk__in=definition.group_ids)))
    missing = set(definition.group_ids) - {group.pk for group in groups}
    if missing:
        raise Invalid(f"{wave} names a protection group that does not exist. Choose the groups again.")
    servers = {server.source_server_id: server for server in SourceServer.objects.filter(group__in=groups)}
    chosen = definition.server_ids
    strangers = sorted({*(chosen or ()), *definition.optional_ids} - servers.keys())
    if strangers:
        raise Invalid(f"{wave} names {', '.join(strangers)}, which none of its protection groups has. Check the ids.")
    unchosen = sorted(set(definition.optional_ids) - set(chosen)) if chosen is not None else []
    if unchosen:
        raise Invalid(
            f"{wave} calls {', '.join(unchosen)} optional, but has not chosen it. Choose it, or leave it out."
        )
    by_group: dict[int | None, list[str]] = defaultdict(list)
    for server_id in chosen if chosen is not None else servers:
        by_group[servers[server_id].group_id].append(server_id)
    for group in groups:
        if not by_group[group.pk]:
            raise Invalid(f"{wave} has no server of {group}. Choose servers of it, or remove the group.")
        row = WaveGroup.objects.create(wave=wave, group=group, is_whole=chosen is None)
        named = by_group[group.pk] if chosen is not None else definition.optional_ids
        WaveServer.objects.bulk_create(
            WaveServer(
                wave_group=row,
                server=servers[server_id],
                order=chosen.index(server_id) if chosen is not None else None,
                impact=Impact.OPTIONAL if server_id in definition.optional_ids else Impact.CRITICAL,
            )
            for server_id in dict.fromkeys(named)
            if servers[server_id].group_id == group.pk
        )
    if not servers:
        raise Invalid(f"{wave} has no server. Give it a protection group with servers.")


def _refuse_twice(waves: Sequence[Wave]) -> None:
    first: dict[int, Wave] = {}
    for wave in waves:
        for member in wave.members():
            other = first.setdefault(member.server.pk, wave)
            if other.pk != wave.pk:
                raise Invalid(
                    f"{member.server} is in wave {other.number} and in wave {wave.number}: a server is recovered in "
                    "one wave of a plan only. Remove it from one of them."
                )


def running_sentence(plan: RecoveryPlan) -> str:
    """Say why a plan that runs cannot be changed or started."""
    return f"{plan} is running now: execution {str(plan.active_execution)[:8]}. Wait until it has ended, or cancel it."


def _refuse_while_active(plan: RecoveryPlan) -> None:
    if plan.active_execution:
        raise Conflict(
            running_sentence(plan),
            code="ACTIVE_EXECUTION",
            details={"executionId": str(plan.active_execution)},
        )
