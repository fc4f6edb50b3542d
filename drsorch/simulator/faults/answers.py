"""Answers that AWS does not describe, or gives late: written over right answers after our own check of them."""

import re
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.documents.replication import write_duration
from drsorch.simulator.faults.in_force import Faults
from drsorch.simulator.faults.kinds import Stage
from drsorch.simulator.faults.rules import FaultRule, Place

Document = dict[str, Any]
OFFSET_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
KIND_OF_ANSWER = {
    "stale_status": "DescribeJobs",
    "participants_empty": "DescribeJobs",
    "instance_ids_in_jobs": "DescribeJobs",
    "instance_late": "DescribeRecoveryInstances",
    "lag_growth": "DescribeSourceServers",
}


def distort(faults: Faults, place: Place, answer: Document, backend: DrsBackend, now: float) -> Document:
    """The answer as every rule that hits this call wants it to be."""
    rules = faults.take_all(Stage.ANSWER, place, lambda rule: _suits(rule, place, answer))
    for rule in rules:
        answer = DISTORTIONS[rule.kind](rule, answer, backend, now)
    return answer


def _suits(rule: FaultRule, place: Place, answer: Document) -> bool:
    if rule.kind.startswith("items_") and not answer.get("items"):
        return False
    return KIND_OF_ANSWER.get(rule.kind, place.operation) == place.operation


def _stale_status(rule: FaultRule, answer: Document, backend: DrsBackend, now: float) -> Document:
    """A job that ended less than these seconds ago still runs, says AWS."""
    for job in answer["items"]:
        ended_at = backend.jobs[job["jobID"]].ended_at
        if ended_at is not None and ended_at > now - (rule.seconds or 0):
            job["status"] = "STARTED"
            del job["endDateTime"]
    return answer


def _participants_empty(_rule: FaultRule, answer: Document, _backend: DrsBackend, _now: float) -> Document:
    for job in answer["items"]:
        if job["status"] == "COMPLETED":
            job["participatingServers"] = []
    return answer


def _instance_ids_in_jobs(_rule: FaultRule, answer: Document, backend: DrsBackend, _now: float) -> Document:
    launched = {(entry.job_id, entry.source_server_id): entry.id for entry in backend.recovery_instances.values()}
    for job in answer["items"]:
        for server in job["participatingServers"]:
            instance_id = launched.get((job["jobID"], server["sourceServerID"]))
            if instance_id is not None:
                server["recoveryInstanceID"] = instance_id
    return answer


def _instance_late(rule: FaultRule, answer: Document, backend: DrsBackend, now: float) -> Document:
    """Without seconds no instance is ever shown."""
    shown = [
        item
        for item in answer["items"]
        if rule.seconds is not None
        and backend.recovery_instances[item["recoveryInstanceID"]].launched_at <= now - rule.seconds
    ]
    return {**answer, "items": shown}


def _lag_growth(rule: FaultRule, answer: Document, _backend: DrsBackend, now: float) -> Document:
    for server in answer["items"]:
        if rule.chooses(server["sourceServerID"]):
            server["dataReplicationInfo"]["lagDuration"] = write_duration((now - rule.since) * rule.per_second)
    return answer


def _items_duplicated(_rule: FaultRule, answer: Document, _backend: DrsBackend, _now: float) -> Document:
    return {**answer, "items": [item for item in answer["items"] for _ in range(2)]}


def _items_reordered(rule: FaultRule, answer: Document, _backend: DrsBackend, _now: float) -> Document:
    """Backwards and then shuffled, so that two items never stay as they were."""
    items = answer["items"][::-1]
    if len(items) > 2:  # noqa: PLR2004 - two items are reordered by turning them round
        Random(f"{rule.seed}/{rule.hits}").shuffle(items)  # noqa: S311 - to be repeated
    return {**answer, "items": items}


def _enum_unknown(rule: FaultRule, answer: Document, _backend: DrsBackend, _now: float) -> Document:
    def change(document: Document) -> None:
        if isinstance(document.get(rule.member), str):
            document[rule.member] = rule.value

    return _walk(answer, change)


def _member_missing(rule: FaultRule, answer: Document, _backend: DrsBackend, _now: float) -> Document:
    return _walk(answer, lambda document: document.pop(rule.member, None))


def _member_unknown(rule: FaultRule, answer: Document, _backend: DrsBackend, _now: float) -> Document:
    return _walk(answer, lambda document: document.update({rule.member: {"value": rule.value}}))


def _timestamps(rule: FaultRule, answer: Document, _backend: DrsBackend, _now: float) -> Document:
    def change(document: Document) -> None:
        for name, value in document.items():
            if isinstance(value, str) and OFFSET_FORM.fullmatch(value) and rule.form == "Z":
                moment = datetime.fromisoformat(value)
                document[name] = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"

    return _walk(answer, change)


def _walk(value: Any, change: Callable[[Document], Any]) -> Any:
    """Change every map of an answer in place, except maps of tags, whose names are not AWS's."""
    if isinstance(value, list):
        for item in value:
            _walk(item, change)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name != "tags":
                _walk(item, change)
        change(value)
    return value


DISTORTIONS: dict[str, Callable[[FaultRule, Document, DrsBackend, float], Document]] = {
    "stale_status": _stale_status,
    "participants_empty": _participants_empty,
    "instance_ids_in_jobs": _instance_ids_in_jobs,
    "instance_late": _instance_late,
    "lag_growth": _lag_growth,
    "items_duplicated": _items_duplicated,
    "items_reordered": _items_reordered,
    "enum_unknown": _enum_unknown,
    "member_unknown": _member_unknown,
    "member_missing": _member_missing,
    "timestamps": _timestamps,
}
