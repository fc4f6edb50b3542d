"""What DRS said of one account and Region when somebody looked: servers, live jobs, instances, native plans."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SurveyedServer:
    """A source server: its replication state in DRS's words, its lag, and when its agent was heard last."""

    source_server_id: str
    state: str
    lag_seconds: int | None
    last_seen_at: datetime | None
    stalled_reason: str = ""


@dataclass(frozen=True, slots=True)
class SurveyedJob:
    """A job that had not ended, of any type and whoever started it."""

    job_id: str
    type: str
    initiated_by: str
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SurveyedInstance:
    """A recovery instance. `is_drill` None: DRS does not say, so it must be taken for a real one."""

    recovery_instance_id: str
    source_server_id: str
    job_id: str
    is_drill: bool | None
    state: str


@dataclass(frozen=True, slots=True)
class NativeRun:
    """A running execution of one of AWS's own recovery plans, with the source servers that its steps name."""

    arn: str
    plan_arn: str
    mode: str
    status: str
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """One look at an account and Region. What it does not list was not there at `taken_at`; gaps are named.

    `native_error` says why AWS's own recovery plans could not be asked; empty when they were.
    """

    account_id: str
    region: str
    taken_at: datetime
    servers: tuple[SurveyedServer, ...] = ()
    live_jobs: tuple[SurveyedJob, ...] = ()
    instances: tuple[SurveyedInstance, ...] = ()
    native_runs: tuple[NativeRun, ...] = ()
    native_error: str = ""

    @property
    def servers_in_jobs(self) -> int:
        """How many servers are in live jobs, as the quota counts them."""
        return sum(len(job.servers) for job in self.live_jobs)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return asdict(self, dict_factory=_plain)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Survey":
        """Read what `to_json` returned, also after it has been through JSON."""
        return cls(
            account_id=data["account_id"],
            region=data["region"],
            taken_at=datetime.fromisoformat(data["taken_at"]),
            servers=tuple(
                SurveyedServer(**{**row, "last_seen_at": _time(row["last_seen_at"])}) for row in data["servers"]
            ),
            live_jobs=tuple(SurveyedJob(**{**row, "servers": tuple(row["servers"])}) for row in data["live_jobs"]),
            instances=tuple(SurveyedInstance(**row) for row in data["instances"]),
            native_runs=tuple(NativeRun(**{**row, "servers": tuple(row["servers"])}) for row in data["native_runs"]),
            native_error=data["native_error"],
        )


def _plain(members: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in members}


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
