"""IAM: what this installation must be allowed to do in an account, and whether it is.

DRS launches and terminates with the rights of whoever starts the job. When one is missing, StartRecovery is accepted
all the same, and the servers fail minutes later, some without a word of why: so the whole list is looked at before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from drsorch.aws import wire
from drsorch.aws.calls import Client
from drsorch.aws.paging import pages

# What we ask ourselves, and without which no execution can run.
OUR_CALLS = (
    "drs:DescribeJobLogItems",
    "drs:DescribeJobs",
    "drs:DescribeRecoveryInstances",
    "drs:DescribeRecoverySnapshots",
    "drs:DescribeSourceServers",
    "drs:GetLaunchConfiguration",
    "drs:StartRecovery",
    "drs:TagResource",
    "drs:TerminateRecoveryInstances",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstances",
)
# What DRS does with our rights when it launches and terminates.
DRS_WITH_OUR_RIGHTS = (
    "drs:CreateRecoveryInstanceForDrs",
    "ec2:AttachVolume",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:CreateTags",
    "ec2:CreateVolume",
    "ec2:DeleteVolume",
    "ec2:DetachVolume",
    "ec2:ModifyLaunchTemplate",
    "ec2:RunInstances",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
    "iam:PassRole",
)
# What makes the checks complete. Without it they say that they could not look.
FOR_THE_CHECKS = (
    "drs:ListRecoveryPlanExecutionSteps",
    "drs:ListRecoveryPlanExecutions",
    "iam:SimulatePrincipalPolicy",
    "servicequotas:ListServiceQuotas",
)
NEEDED = (*OUR_CALLS, *DRS_WITH_OUR_RIGHTS)
# A policy may allow an action on some resources only. So what is refused on "*" is asked again on one of this kind.
RESOURCES: Mapping[str, str] = {
    "drs": "arn:{partition}:drs:{region}:{account}:source-server/s-00000000000000000",
    "ec2:AttachVolume": "arn:{partition}:ec2:{region}:{account}:volume/vol-00000000000000000",
    "ec2:CreateLaunchTemplateVersion": "arn:{partition}:ec2:{region}:{account}:launch-template/lt-00000000000000000",
    "ec2:CreateVolume": "arn:{partition}:ec2:{region}:{account}:volume/vol-00000000000000000",
    "ec2:DeleteVolume": "arn:{partition}:ec2:{region}:{account}:volume/vol-00000000000000000",
    "ec2:DetachVolume": "arn:{partition}:ec2:{region}:{account}:volume/vol-00000000000000000",
    "ec2:ModifyLaunchTemplate": "arn:{partition}:ec2:{region}:{account}:launch-template/lt-00000000000000000",
    "ec2": "arn:{partition}:ec2:{region}:{account}:instance/i-00000000000000000",
    "iam": "arn:{partition}:iam::{account}:role/service-role/AWSElasticDisasterRecoveryRecoveryInstanceRole",
}
ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What IAM says of the needed actions: those refused, and those that hang on conditions it cannot judge."""

    denied: tuple[str, ...] = ()
    conditional: tuple[str, ...] = ()


def judge(client: Client, principal: str, partition: str, actions: Iterable[str] = NEEDED) -> Verdict:
    """Ask IAM which of `actions` the policies refuse to `principal` (the ARN of a role or user). Raises AwsError.

    Policies that allow an action on certain resources only, or under conditions on tags, are not taken for a refusal.
    """
    refused = _refused(client, principal, list(actions), None)
    denied: list[str] = []
    conditional = [action for action, has_conditions in refused.items() if has_conditions]
    by_resource: dict[str, list[str]] = {}
    for action in refused.keys() - set(conditional):
        by_resource.setdefault(_resource(action, client, partition), []).append(action)
    for resource, again in sorted(by_resource.items()):
        still = _refused(client, principal, sorted(again), resource)
        denied += [action for action, has_conditions in still.items() if not has_conditions]
        conditional += [action for action, has_conditions in still.items() if has_conditions]
    return Verdict(tuple(sorted(denied)), tuple(sorted(conditional)))


def principal_of(arn: str) -> str:
    """Return the ARN whose policies decide for a caller: of a session (as STS shows it), that of its role.

    A path of the role is not in the session's ARN; a role with one has to be named otherwise. Empty for the root user.
    """
    head, _, rest = arn.partition(":assumed-role/")
    if rest:
        partition, account = head.split(":")[1], head.split(":")[4]
        return f"arn:{partition}:iam::{account}:role/{rest.split('/')[0]}"
    return "" if arn.endswith(":root") else arn


def _refused(client: Client, principal: str, actions: list[str], resource: str | None) -> dict[str, bool]:
    """Return the actions that are not allowed, and of each whether that hangs on a condition IAM could not judge."""
    params: dict[str, Any] = {"PolicySourceArn": principal, "ActionNames": actions}
    if resource is not None:
        params["ResourceArns"] = [resource]
    # IAM pages with Marker, in the request and in the answer.
    found = pages(client, "SimulatePrincipalPolicy", params, items="EvaluationResults", token="Marker")  # noqa: S106
    return {
        wire.text(item, "EvalActionName"): bool(wire.at(item, "MissingContextValues"))
        for item in found
        if wire.text(item, "EvalDecision") != ALLOWED
    }


def _resource(action: str, client: Client, partition: str) -> str:
    kind = RESOURCES.get(action) or RESOURCES[action.partition(":")[0]]
    return kind.format(partition=partition, region=client.region, account=client.account_id)
