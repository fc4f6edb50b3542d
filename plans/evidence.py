"""A plan as the audit trail tells it: what it said before a change, and after."""

from typing import Any

from drsorch.audit.facts import facts_of
from plans.models import RecoveryPlan, Wave

# Which fields of a plan and of a wave people write.
EDITABLE = ("name", "description", "owner", "runbook", "rto_minutes", "parallel_waves")
OF_A_WAVE = (
    "name",
    "description",
    "pause_before",
    "pause_after",
    "launch_order",
    "max_parallel",
    "wait_seconds",
    "timeout_minutes",
    "on_failure",
    "checks",
)


def facts_of_plan(plan: RecoveryPlan) -> dict[str, Any]:
    """Return everything that people write in a plan, read anew; the number of queries does not depend on its waves."""
    waves = plan.waves.order_by("number").prefetch_related(
        "depends_on", "wave_groups__group", "wave_groups__wave_servers__server"
    )
    return facts_of(plan, EDITABLE) | {"waves": [_facts_of_wave(wave) for wave in waves]}


def _facts_of_wave(wave: Wave) -> dict[str, Any]:
    chosen = [row for wave_group in wave.wave_groups.all() for row in wave_group.wave_servers.all()]
    return facts_of(wave, OF_A_WAVE) | {
        "runs_after": sorted(other.number for other in wave.depends_on.all()),
        "groups": [row.group.name for row in wave.wave_groups.all()],
        "whole_groups": [row.group.name for row in wave.wave_groups.all() if row.is_whole],
        "servers": [[row.server.source_server_id, row.order, row.impact] for row in chosen],
    }
