"""AWS's own recovery plans in DRS: which of their executions run, and with which servers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drsorch.aws import wire
from drsorch.aws.calls import Client
from drsorch.aws.errors import AwsRejected
from drsorch.aws.paging import pages

LIVE = ("CREATED", "IN_PROGRESS", "CANCELLING")
# How an endpoint says that it has no such operation: where the feature is not offered, nothing of it can run.
NOT_OFFERED = frozenset({"UnknownOperationException", "NotImplementedException"})


@dataclass(frozen=True, slots=True)
class PlanExecution:
    """A running execution of a native recovery plan."""

    arn: str
    plan_arn: str
    mode: str
    status: str
    server_ids: tuple[str, ...]


def running_executions(client: Client) -> list[PlanExecution]:
    """Return the native plan executions that have not ended, with the source servers of all their steps.

    None where DRS does not offer recovery plans. Raises AwsError when that cannot be told.
    """
    try:
        found = [item for status in LIVE for item in _executions(client, status)]
    except AwsRejected as error:
        if error.aws_code in NOT_OFFERED:
            return []
        raise
    return [
        PlanExecution(
            arn=arn,
            plan_arn=wire.text(item, "recoveryPlanArn"),
            mode=wire.text(item, "mode"),
            status=wire.text(item, "status"),
            server_ids=tuple(_server_ids(client, arn)),
        )
        for arn, item in {wire.text(item, "recoveryPlanExecutionArn"): item for item in found}.items()
    ]


def _executions(client: Client, status: str) -> Iterator[Mapping[str, Any]]:
    return pages(client, "ListRecoveryPlanExecutions", {"status": status}, items="recoveryPlanExecutions")


def _server_ids(client: Client, arn: str) -> list[str]:
    steps = pages(
        client,
        "ListRecoveryPlanExecutionSteps",
        {"recoveryPlanExecutionArn": arn},
        items="recoveryPlanExecutionSteps",
    )
    arns = (
        wire.text(server, "serverArn")
        for step in steps
        for server in wire.listed(step, "configuration", "executionServerStepConfiguration", "servers")
    )
    return list(dict.fromkeys(found.rpartition("/")[2] for found in arns if found))
