"""Which fault is tried on which call of a drill: generated from what the endpoint can do and what the engine asks."""

from dataclasses import dataclass, field
from typing import Any

from drsorch.simulator.faults.answers import KIND_OF_ANSWER
from drsorch.simulator.faults.kinds import KINDS, Stage

PHASES = ("start", "run", "terminate")
TOO_LONG = 1.0  # seconds, and our own patience is shorter while such a fault is tried
PATIENCE = 0.6
# Not tried, and why. A kind that is in no list fails the test.
LEFT_OUT = {
    "storm": "a throttle by rate: the same answer, at moments that nobody can foresee",
    "slow": "for a caller whose patience ends first, the same as a black hole",
    "page_token_expired": "a drill of one server has no second page",
    "lag_growth": "changes what the inventory shows, and no drill",
    "tags_changed": "changes what groups by tags contain, and no drill of named servers",
}
# The member of each answer whose absence, or unknown word, would matter most.
MEMBERS = {
    "drs.DescribeSourceServers": ("dataReplicationInfo", "dataReplicationState"),
    "drs.DescribeJobs": ("participatingServers", "launchStatus"),
    "drs.DescribeJobLogItems": ("eventData", "event"),
    "drs.DescribeRecoveryInstances": ("ec2InstanceID", "ec2InstanceState"),
    "drs.StartRecovery": ("participatingServers", "status"),
    "drs.TerminateRecoveryInstances": ("participatingServers", "status"),
}
LAUNCH, TERMINATE = "drs.StartRecovery", "drs.TerminateRecoveryInstances"
STARTS, ONE_START = frozenset({LAUNCH, TERMINATE}), frozenset({LAUNCH})
# The gateway makes the same of these as of error_before, and of denied: they are tried in full where it matters most.
STOOD_FOR = {
    *("cut_before", "refuse", "outage", "truncated", "garbage", "black_hole"),
    *("clock_skew", "expired_credentials", "unknown_credentials"),
}
IN_FULL = {("run", LAUNCH), ("run", "drs.DescribeJobs"), ("run", "sts.AssumeRole"), ("terminate", TERMINATE)}
ONLY_ON = {
    # Where a lost effect differs from a lost question.
    **dict.fromkeys(("error_after", "cut_after", "slow_after", "conflict", "foreign_job"), STARTS),
    **dict.fromkeys(("tags_refused", "quota", "launch_failure", "job_invisible"), ONE_START),
    **dict.fromkeys(("job_late", "job_stuck", "servers_pending", "status_checks"), ONE_START),
    "replication": {"drs.DescribeSourceServers"},
    "server_deleted": {"drs.DescribeSourceServers", LAUNCH},
    "instance_stopped": {"drs.DescribeRecoveryInstances", TERMINATE},
    "instance_terminated": {"drs.DescribeRecoveryInstances", TERMINATE},
    "member_missing": frozenset(MEMBERS),
    "enum_unknown": frozenset(MEMBERS),
}
HOUR = 3600.0
FIELDS: dict[str, dict[str, Any]] = {
    "black_hole": {"seconds": TOO_LONG},
    "slow_after": {"seconds": TOO_LONG},
    "job_invisible": {"seconds": HOUR},
    "job_late": {"seconds": HOUR},
    "stale_status": {"seconds": HOUR},
    "instance_late": {"seconds": HOUR},
    "status_checks": {"state": "impaired"},
    "replication": {"state": "STALLED"},
    "member_missing": {"member": ""},
    "enum_unknown": {"member": ""},
}


@dataclass(frozen=True)
class Cell:
    """One fault on one call of one phase, for as long as nothing more changes."""

    phase: str
    operation: str
    kind: str
    rule: dict[str, Any] = field(hash=False)

    @property
    def is_slow(self) -> bool:
        """Whether somebody's patience must end."""
        return self.kind in {"black_hole", "slow_after"}


def cells(called: dict[str, list[str]]) -> list[Cell]:
    """Return every cell for the operations (service.Operation) that were called in each phase."""
    return [
        Cell(phase, operation, kind, _rule(kind, operation))
        for phase in PHASES
        for operation in called[phase]
        for kind in sorted(KINDS.keys() - LEFT_OUT.keys())
        if _makes_sense(kind, operation) and (kind not in STOOD_FOR or (phase, operation) in IN_FULL)
    ]


def _makes_sense(kind: str, operation: str) -> bool:
    service, _, name = operation.partition(".")
    stage, is_drs = KINDS[kind].stage, service == "drs"
    if kind in ONLY_ON:
        return operation in ONLY_ON[kind]
    if kind in KIND_OF_ANSWER:
        return KIND_OF_ANSWER[kind] == name
    if kind.startswith("items_"):
        return is_drs and name.startswith("Describe")
    return stage is Stage.CALL or is_drs


def _rule(kind: str, operation: str) -> dict[str, Any]:
    service, _, name = operation.partition(".")
    fields = dict(FIELDS.get(kind, {}))
    if "member" in fields:
        missing, enum = MEMBERS[operation]
        fields["member"] = missing if kind == "member_missing" else enum
    return {"kind": kind, "service": service, "operation": name, **fields}
