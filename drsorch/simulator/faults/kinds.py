"""Every kind of fault: when it strikes, what it needs to be told, and what it may be told."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, TypedDict

Kind = Literal[
    "throttle",
    "storm",
    "error_before",
    "error_after",
    "outage",
    "cut_before",
    "cut_after",
    "refuse",
    "black_hole",
    "slow",
    "slow_after",
    "truncated",
    "garbage",
    "conflict",
    "denied",
    "expired_credentials",
    "unknown_credentials",
    "clock_skew",
    "region_disabled",
    "uninitialized",
    "quota",
    "tags_refused",
    "page_token_expired",
    "foreign_job",
    "launch_failure",
    "job_invisible",
    "job_stuck",
    "job_late",
    "servers_pending",
    "status_checks",
    "replication",
    "server_deleted",
    "tags_changed",
    "instance_stopped",
    "instance_terminated",
    "stale_status",
    "participants_empty",
    "instance_late",
    "instance_ids_in_jobs",
    "lag_growth",
    "items_duplicated",
    "items_reordered",
    "enum_unknown",
    "member_unknown",
    "member_missing",
    "timestamps",
]


class RuleFields(TypedDict, total=False):
    """What a rule may say beside its kind. Seconds are real for slow, slow_after and black_hole, virtual otherwise."""

    service: str | None
    operation: str | None
    account: str | None
    region: str | None
    times: int | None
    probability: float
    seed: int
    status: int
    seconds: float
    source_server_ids: list[str]
    at: str
    raw_error: str
    per_second: float
    burst: int
    quota_code: str
    state: str
    lag_seconds: float
    tags: dict[str, str | None]
    check: str
    member: str
    value: str
    form: str


class Stage(Enum):
    """When rules of a kind are looked at while a call is answered."""

    CALL = "before anything else, for every service"
    HAPPENING = "something happens to servers or instances just before the call, DRS and EC2"
    REQUEST = "once the request to DRS is understood"
    LAUNCH = "for each server of a new launch job"
    INVISIBILITY = "for a new job's first appearance"
    JOB = "when a new job has been scheduled"
    ANSWER = "when DRS's answer has been found to be right"


@dataclass(frozen=True)
class Nature:
    """The stage of a kind and its own fields."""

    stage: Stage
    optional: frozenset[str] = field(default_factory=frozenset)
    needed: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_drs_only(self) -> bool:
        """Whether no other service is ever hit."""
        return self.stage not in (Stage.CALL, Stage.HAPPENING)


def _nature(stage: Stage, optional: str = "", needed: str = "") -> Nature:
    return Nature(stage, frozenset(optional.split()), frozenset(needed.split()))


KINDS: dict[str, Nature] = {
    "throttle": _nature(Stage.CALL),
    "storm": _nature(Stage.CALL, "burst", needed="per_second"),
    "error_before": _nature(Stage.CALL, "status"),
    "error_after": _nature(Stage.CALL, "status"),
    "outage": _nature(Stage.CALL),
    "cut_before": _nature(Stage.CALL),
    "cut_after": _nature(Stage.CALL),
    "refuse": _nature(Stage.CALL),
    "black_hole": _nature(Stage.CALL, needed="seconds"),
    "slow": _nature(Stage.CALL, needed="seconds"),
    "slow_after": _nature(Stage.CALL, needed="seconds"),
    "truncated": _nature(Stage.CALL),
    "garbage": _nature(Stage.CALL),
    "conflict": _nature(Stage.CALL),
    "denied": _nature(Stage.CALL),
    "expired_credentials": _nature(Stage.CALL),
    "unknown_credentials": _nature(Stage.CALL),
    "clock_skew": _nature(Stage.CALL),
    "region_disabled": _nature(Stage.CALL),
    "uninitialized": _nature(Stage.REQUEST),
    "quota": _nature(Stage.REQUEST, "quota_code"),
    "tags_refused": _nature(Stage.REQUEST),
    "page_token_expired": _nature(Stage.REQUEST),
    "foreign_job": _nature(Stage.REQUEST),
    "launch_failure": _nature(Stage.LAUNCH, "source_server_ids at raw_error"),
    "job_invisible": _nature(Stage.INVISIBILITY, needed="seconds"),
    "job_stuck": _nature(Stage.JOB, "source_server_ids"),
    "job_late": _nature(Stage.JOB, needed="seconds"),
    "servers_pending": _nature(Stage.JOB, "source_server_ids"),
    "status_checks": _nature(Stage.JOB, "source_server_ids check seconds", needed="state"),
    "replication": _nature(Stage.HAPPENING, "source_server_ids lag_seconds", needed="state"),
    "server_deleted": _nature(Stage.HAPPENING, "source_server_ids"),
    "tags_changed": _nature(Stage.HAPPENING, "source_server_ids", needed="tags"),
    "instance_stopped": _nature(Stage.HAPPENING, "source_server_ids"),
    "instance_terminated": _nature(Stage.HAPPENING, "source_server_ids"),
    "stale_status": _nature(Stage.ANSWER, needed="seconds"),
    "participants_empty": _nature(Stage.ANSWER),
    "instance_late": _nature(Stage.ANSWER, "seconds"),
    "instance_ids_in_jobs": _nature(Stage.ANSWER),
    "lag_growth": _nature(Stage.ANSWER, "source_server_ids", needed="per_second"),
    "items_duplicated": _nature(Stage.ANSWER),
    "items_reordered": _nature(Stage.ANSWER),
    "enum_unknown": _nature(Stage.ANSWER, "value", needed="member"),
    "member_unknown": _nature(Stage.ANSWER, "member value"),
    "member_missing": _nature(Stage.ANSWER, needed="member"),
    "timestamps": _nature(Stage.ANSWER, "form"),
}
