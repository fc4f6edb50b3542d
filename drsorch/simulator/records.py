"""What the simulated DRS remembers: source servers, jobs with their log, recovery instances."""

from dataclasses import dataclass, field

from moto.ec2.models.instances import Instance

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

    `broken_at` is since when it no longer replicates, for one that is described as STALLED or DISCONNECTED.
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


@dataclass
class LogItem:
    """One line of a job's log."""

    at: float
    event: str
    data: dict[str, object]


@dataclass
class Job:
    """A job; `participants` is source server id -> launch status."""

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


@dataclass
class RecoveryInstance:
    """An EC2 instance that a job launched from a source server."""

    id: str
    arn: str
    source_server_id: str
    job_id: str
    is_drill: bool
    snapshot_at: float
    launched_at: float
    visible_at: float
    tags: dict[str, str]
    machine: Instance
