"""What the simulated DRS remembers: source servers, jobs with their log, recovery instances. Plain data throughout."""

from dataclasses import dataclass, field
from typing import Any

from drsorch.simulator.worlds.description import ServerDescription


@dataclass
class LastLaunch:
    """The latest attempt to launch a source server."""

    job_id: str
    called_at: float
    is_drill: bool
    status: str = "PENDING"


@dataclass
class SourceServer:
    """A replicating server. `seed` makes everything invented about it the same at every start.

    `broken_at` is since when it no longer replicates, for one that is described as STALLED or DISCONNECTED, and
    `restarted_at` when it last began from nothing. No snapshot is older than `protected_since`; None means unprotected.
    The settings are what was changed of the defaults, in the words of the wire.
    """

    id: str
    arn: str
    description: ServerDescription
    seed: int
    added_at: float
    broken_at: float
    tags: dict[str, str]
    last_launch: LastLaunch | None = None
    last_launch_result: str = "NOT_STARTED"
    recovery_instance_id: str | None = None
    protected_since: float | None = 0.0
    restarted_at: float | None = None
    is_disconnected: bool = False
    direction: str = "FAILOVER"
    opposite_arn: str | None = None
    staging_arn: str | None = None
    network_id: str | None = None
    launch_template_id: str | None = None
    launch_settings: dict[str, Any] = field(default_factory=dict)
    replication_settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class LogItem:
    """One line of a job's log."""

    at: float
    event: str
    data: dict[str, object]


@dataclass
class Job:
    """A job; `participants` is source server id -> launch status, `networks` source network id -> launch status."""

    id: str
    arn: str
    type: str
    initiated_by: str
    created_at: float
    visible_at: float
    tags: dict[str, str]
    participants: dict[str, str]
    status: str = "PENDING"
    ended_at: float | None = None
    log: list[LogItem] = field(default_factory=list)
    launched: list[str] = field(default_factory=list)
    terminating: dict[str, str] = field(default_factory=dict)
    snapshot_at: dict[str, float] = field(default_factory=dict)
    networks: dict[str, str] = field(default_factory=dict)
    action_runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    agent_seen_at: dict[str, float] = field(default_factory=dict)


@dataclass
class RecoveryInstance:
    """An EC2 instance that a job launched from a source server; `reservation_id` is where EC2 keeps it.

    `system_check` and `instance_check` are its two EC2 status checks: initializing, ok or impaired. EC2 shows what is
    written here for as long as the instance is running.
    """

    id: str
    arn: str
    source_server_id: str
    job_id: str
    is_drill: bool
    snapshot_at: float
    launched_at: float
    visible_at: float
    tags: dict[str, str]
    reservation_id: str
    system_check: str = "initializing"
    instance_check: str = "initializing"
    is_disconnected: bool = False
    reversed_at: float | None = None
    failback_job_id: str | None = None
    failback_at: float | None = None
    failback_result: str | None = None
    is_failback_stopped: bool = False


@dataclass
class SourceNetwork:
    """A VPC of the origin that is protected. `protected_at` is from when on; None means stopped."""

    id: str
    arn: str
    vpc_id: str
    cidr: str
    origin_account: str
    origin_region: str
    tags: dict[str, str]
    protected_at: float | None
    stack_name: str | None = None
    launched_vpc_id: str | None = None
    recovery_job_id: str | None = None
    recovery_called_at: float | None = None
    recovery_result: str = "NOT_STARTED"
