"""What happens in a job and when: pure lists of steps, in the order in which real DRS writes its log."""

from dataclasses import dataclass, field

JOB_START_AFTER = 3.0
JOB_END_AFTER = 2.0
STAGGER = 0.5
CLEANUP_STARTS_AT = 5.0

STALE_SNAPSHOT_STATES = {"STALLED", "DISCONNECTED", "STOPPED", "PAUSED"}

RAW_ERRORS = {
    "SNAPSHOT": "Failed to create a snapshot: the replication server did not answer within 60 seconds.",
    "CONVERSION": "Conversion failed: no supported bootloader was found on the boot volume.",
    "LAUNCH": (
        "An error occurred (InsufficientInstanceCapacity) when calling the RunInstances operation: "
        "We currently do not have sufficient capacity in the Availability Zone you requested."
    ),
}


@dataclass(frozen=True)
class Step:
    """One thing that happens `offset` virtual seconds after the job was created.

    LAUNCHED, FAILED and TERMINATED change a server and leave no line in the log: DRS has no LAUNCH_END.
    """

    offset: float
    event: str
    source_server_id: str | None = None
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class LaunchPlan:
    """What decides how the launch of one server goes."""

    source_server_id: str
    replication: str
    has_earlier_instance: bool
    seed: int
    has_snapshot: bool = True
    is_chosen_snapshot: bool = False
    is_converted_here: bool = True
    snapshot_at: float = 0.0
    fails_at: str | None = None
    raw_error: str | None = None


def launch_steps(plans: list[LaunchPlan]) -> list[Step]:
    """All the steps of a launch job; the last server to finish ends it."""
    steps = [Step(JOB_START_AFTER, "JOB_START")]
    for position, plan in enumerate(plans):
        late = position * STAGGER + plan.seed % 20
        steps += [
            Step(offset + (late if offset > CLEANUP_STARTS_AT else 0), event, plan.source_server_id, data)
            for offset, event, data in _server_steps(plan)
        ]
    return _ended(steps)


def termination_steps(source_server_ids: list[str]) -> list[Step]:
    """All the steps of a termination job."""
    steps = [Step(JOB_START_AFTER, "JOB_START")]
    for position, server_id in enumerate(source_server_ids):
        late = position * STAGGER
        steps.append(Step(CLEANUP_STARTS_AT + late, "CLEANUP_START", server_id))
        steps.append(Step(30 + late, "TERMINATED", server_id))
        steps.append(Step(30 + late, "CLEANUP_END", server_id))
    return _ended(steps)


def conversion_steps(source_server_id: str, seed: int) -> list[Step]:
    """All the steps of the job by which a staging account converts the snapshot of one extended server."""
    conversion: dict[str, object] = {"conversionServerID": f"i-{seed:017x}"}
    return _ended(
        [
            Step(JOB_START_AFTER, "JOB_START"),
            Step(25.0, "SNAPSHOT_START", source_server_id),
            Step(90.0, "SNAPSHOT_END", source_server_id),
            Step(95.0, "CONVERSION_START", source_server_id, conversion),
            Step(300.0, "CONVERSION_END", source_server_id, conversion),
            Step(300.0, "CONVERTED", source_server_id),
        ]
    )


def failback_steps(instances: list[tuple[str, str]]) -> list[Step]:
    """All the steps of a failback launch of (source server id, recovery instance id)."""
    steps = [Step(JOB_START_AFTER, "JOB_START")]
    for position, (server_id, instance_id) in enumerate(instances):
        late = position * STAGGER
        steps += [
            Step(20.0 + late, "CONVERSION_START", server_id),
            Step(150.0 + late, "CONVERSION_END", server_id),
            Step(155.0 + late, "LAUNCH_START", server_id),
            Step(240.0 + late, "FAILED_BACK", server_id, {"recoveryInstanceID": instance_id}),
        ]
    return _ended(steps)


def network_steps(network_ids: list[str], *, is_first: bool) -> list[Step]:
    """All the steps of a recovery of source networks."""
    what = "DEPLOY" if is_first else "UPDATE"
    steps = [Step(JOB_START_AFTER, "JOB_START"), Step(10.0, f"{what}_NETWORK_CONFIGURATION_START")]
    for network_id in network_ids:
        steps.append(Step(120.0, "NETWORK_LAUNCHED", None, {"sourceNetworkID": network_id}))
    steps += [
        Step(120.0, f"{what}_NETWORK_CONFIGURATION_END"),
        Step(125.0, "UPDATE_LAUNCH_TEMPLATE_START"),
        Step(140.0, "UPDATE_LAUNCH_TEMPLATE_END"),
    ]
    return _ended(steps)


def _ended(steps: list[Step]) -> list[Step]:
    steps.sort(key=lambda step: step.offset)
    return [*steps, Step(steps[-1].offset + JOB_END_AFTER, "JOB_END")]


def _server_steps(plan: LaunchPlan) -> list[tuple[float, str, dict[str, object]]]:
    steps: list[tuple[float, str, dict[str, object]]] = []
    if plan.has_earlier_instance:
        steps += [(CLEANUP_STARTS_AT, "CLEANUP_START", {}), (20.0, "CLEANUP_END", {})]
    if not plan.is_chosen_snapshot:
        steps += _snapshot_steps(plan)
    if steps and steps[-1][1] == "FAILED":
        return steps
    if plan.is_converted_here:
        steps += _conversion_steps(plan)
    if steps and steps[-1][1] == "FAILED":
        return steps
    steps.append((335.0, "LAUNCH_START", {}))
    if plan.fails_at == "LAUNCH":
        return [*steps, (350.0, "LAUNCH_FAILED", {"rawError": _raw_error(plan)}), (350.0, "FAILED", {})]
    return [*steps, (420.0, "LAUNCHED", {})]


def _conversion_steps(plan: LaunchPlan) -> list[tuple[float, str, dict[str, object]]]:
    conversion: dict[str, object] = {"conversionServerID": f"i-{plan.seed:017x}"}
    start = (95.0, "CONVERSION_START", conversion)
    if plan.fails_at == "CONVERSION":
        failure = {**conversion, "rawError": _raw_error(plan), "attemptCount": 3, "maxAttemptsCount": 3}
        return [start, (240.0, "CONVERSION_FAIL", failure), (240.0, "FAILED", {})]
    return [start, (330.0, "CONVERSION_END", conversion)]


def _snapshot_steps(plan: LaunchPlan) -> list[tuple[float, str, dict[str, object]]]:
    """A server that no longer replicates is launched from its last snapshot, if it has one."""
    start: tuple[float, str, dict[str, object]] = (25.0, "SNAPSHOT_START", {})
    if plan.fails_at == "SNAPSHOT" or not plan.has_snapshot:
        failure: dict[str, object] = {"rawError": _raw_error(plan)}
        return [
            start,
            (60.0, "SNAPSHOT_FAIL", failure),
            (65.0, "USING_PREVIOUS_SNAPSHOT_FAILED", failure),
            (65.0, "FAILED", {}),
        ]
    if plan.replication in STALE_SNAPSHOT_STATES:
        stale: dict[str, object] = {"rawError": RAW_ERRORS["SNAPSHOT"]}
        return [start, (60.0, "SNAPSHOT_FAIL", stale), (65.0, "USING_PREVIOUS_SNAPSHOT", {})]
    return [start, (90.0, "SNAPSHOT_END", {})]


def _raw_error(plan: LaunchPlan) -> str:
    return plan.raw_error or RAW_ERRORS.get(plan.fails_at or "SNAPSHOT", "")
