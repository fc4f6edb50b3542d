"""A saved plan as somebody would write it: what is copied, changed in part, and shown to programs."""

from plans.definition import WaveDefinition
from plans.models import Impact, RecoveryPlan, Wave


def definitions_of(plan: RecoveryPlan) -> list[WaveDefinition]:
    """Return the waves of `plan`, their dependencies always named. Reads the plan as `for_detail` fetches it."""
    return [definition_of(wave) for wave in plan.waves.all()]


def definition_of(wave: Wave) -> WaveDefinition:
    """Return one wave."""
    groups = list(wave.wave_groups.all())
    rows = [(group.is_whole, row) for group in groups for row in group.wave_servers.all()]
    rows.sort(key=lambda pair: (pair[1].order or 0, pair[1].pk))
    is_whole = all(group.is_whole for group in groups)
    return WaveDefinition(
        name=wave.name,
        group_ids=tuple(group.group_id for group in groups),
        server_ids=None if is_whole else tuple(row.server.source_server_id for whole, row in rows if not whole),
        depends_on=tuple(sorted(other.number for other in wave.depends_on.all())),
        description=wave.description,
        optional_ids=tuple(row.server.source_server_id for _, row in rows if row.impact == Impact.OPTIONAL),
        pause_before=wave.pause_before,
        pause_after=wave.pause_after,
        launch_order=wave.launch_order,
        max_parallel=wave.max_parallel,
        wait_seconds=wave.wait_seconds,
        timeout_minutes=wave.timeout_minutes,
        on_failure=wave.on_failure,
        checks=wave.checks,
    )
