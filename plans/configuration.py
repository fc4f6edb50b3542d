"""Recovery plans in a configuration document: as they are written, and as they are taken from one."""

from typing import Any

from drsorch.audit.actor import Actor
from drsorch.config.changes import Change, change_of
from drsorch.config.shapes import Member, Shape, all_fitted, fitted, flag, line, one_of, or_null, prose, several, whole
from drsorch.errors import Invalid
from plans.definition import WaveDefinition
from plans.models import Checks, LaunchOrder, OnFailure, RecoveryPlan, Wave
from plans.services import create_plan, update_plan
from plans.written import definition_of
from protection.configuration import SERVER_ID, Entry, by_name
from protection.models import ProtectionGroup

WAVE: Shape = {
    "name": Member(line(100)),
    "description": Member(prose, ""),
    "protectionGroups": Member(several(line(100))),
    "serverIds": Member(or_null(several(SERVER_ID, in_order=True)), None),
    "optionalServerIds": Member(several(SERVER_ID), []),
    "dependsOnWaves": Member(or_null(several(whole)), None),
    "pauseBeforeWave": Member(flag, False),
    "pauseAfterWave": Member(flag, False),
    "launchOrder": Member(one_of(LaunchOrder.values), str(LaunchOrder.PARALLEL)),
    "maxParallel": Member(or_null(whole), None),
    "waitSeconds": Member(whole, 0),
    "timeoutMinutes": Member(whole, 60),
    "onFailure": Member(one_of(OnFailure.values), str(OnFailure.STOP)),
    "checks": Member(one_of(Checks.values), str(Checks.EC2_STATUS)),
}


def _waves(data: Any, where: str) -> list[Entry]:
    if not isinstance(data, list):
        raise Invalid(f"{where} must be a list.")
    waves = [fitted(WAVE, wave, f"{where}[{number}]") for number, wave in enumerate(data)]
    for number, wave in enumerate(waves):
        if wave["dependsOnWaves"] is None:  # not said: the previous wave
            wave["dependsOnWaves"] = [number] if number else []
    return waves


PLAN: Shape = {
    "name": Member(line(100)),
    "description": Member(prose, ""),
    "owner": Member(line(200, may_be_empty=True), ""),
    "runbook": Member(prose, ""),
    "rtoMinutes": Member(or_null(whole), None),
    "parallelWaves": Member(flag, False),
    "waves": Member(_waves),
}


def plans_in(data: Any) -> list[Entry]:
    """Return the document's recovery plans, complete and in the order of an export. Raises Invalid."""
    return sorted(all_fitted(PLAN, data, "recoveryPlans", key="name"), key=by_name)


def written_plans() -> list[Entry]:
    """Return the recovery plans as a document has them."""
    return sorted((_written(plan) for plan in RecoveryPlan.objects.for_detail()), key=by_name)


def write_plans(entries: list[Entry], actor: Actor) -> list[Change]:
    """Create or change the plans as the document says. Raises as the services do, Invalid for an unknown group."""
    groups = {group.name.lower(): group for group in ProtectionGroup.objects.all()}
    rows = {plan.name.lower(): plan for plan in RecoveryPlan.objects.for_detail()}
    return [_write(entry, rows.get(entry["name"].lower()), groups, actor) for entry in entries]


def _write(entry: Entry, row: RecoveryPlan | None, groups: dict[str, ProtectionGroup], actor: Actor) -> Change:
    for wave in entry["waves"]:
        for name in wave["protectionGroups"]:
            if name.lower() not in groups:
                raise Invalid(f"{entry['name']} names the protection group {name}, which does not exist. Add it.")
        wave["protectionGroups"] = sorted(groups[name.lower()].name for name in wave["protectionGroups"])
    change = change_of("recoveryPlan", entry["name"], _written(row) if row else None, entry)
    fields = {name: entry[name] for name in ("name", "description", "owner", "runbook")}
    fields |= {"rto_minutes": entry["rtoMinutes"], "parallel_waves": entry["parallelWaves"]}
    waves = [_definition(wave, groups) for wave in entry["waves"]]
    if row is None:
        create_plan(actor=actor, waves=waves, **fields)
    elif change.members:
        update_plan(plan=row, actor=actor, version=row.version, waves=waves, **fields)
    return change


def _definition(wave: Entry, groups: dict[str, ProtectionGroup]) -> WaveDefinition:
    return WaveDefinition(
        name=wave["name"],
        group_ids=tuple(groups[name.lower()].pk for name in wave["protectionGroups"]),
        server_ids=None if wave["serverIds"] is None else tuple(wave["serverIds"]),
        depends_on=tuple(wave["dependsOnWaves"]),
        description=wave["description"],
        optional_ids=tuple(wave["optionalServerIds"]),
        pause_before=wave["pauseBeforeWave"],
        pause_after=wave["pauseAfterWave"],
        launch_order=wave["launchOrder"],
        max_parallel=wave["maxParallel"],
        wait_seconds=wave["waitSeconds"],
        timeout_minutes=wave["timeoutMinutes"],
        on_failure=wave["onFailure"],
        checks=wave["checks"],
    )


def _written(plan: RecoveryPlan) -> Entry:
    return {
        "name": plan.name,
        "description": plan.description,
        "owner": plan.owner,
        "runbook": plan.runbook,
        "rtoMinutes": plan.rto_minutes,
        "parallelWaves": plan.parallel_waves,
        "waves": [_written_wave(wave) for wave in plan.waves.all()],
    }


def _written_wave(wave: Wave) -> Entry:
    """Return a wave; of the servers it names, those that its groups still have: the others run no more."""
    definition = definition_of(wave)
    groups = [row.group for row in wave.wave_groups.all()]
    present = {server.source_server_id for group in groups for server in group.servers.all()}
    chosen = definition.server_ids
    return {
        "name": definition.name,
        "description": definition.description,
        "protectionGroups": sorted(group.name for group in groups),
        "serverIds": None if chosen is None else [each for each in chosen if each in present],
        "optionalServerIds": sorted(set(definition.optional_ids) & present),
        "dependsOnWaves": list(definition.depends_on or ()),
        "pauseBeforeWave": definition.pause_before,
        "pauseAfterWave": definition.pause_after,
        "launchOrder": definition.launch_order,
        "maxParallel": definition.max_parallel,
        "waitSeconds": definition.wait_seconds,
        "timeoutMinutes": definition.timeout_minutes,
        "onFailure": definition.on_failure,
        "checks": definition.checks,
    }
