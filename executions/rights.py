"""Ask IAM, before a drill, whether we may do all that DRS does with our rights."""

from drsorch.aws import iam, sessions, sts
from drsorch.aws.budget import budget
from drsorch.aws.errors import AwsError
from executions.decisions.readiness import Code, Finding, Severity
from protection.models import TargetAccount

PROBE_SECONDS = 5.0


def of_place(account: TargetAccount, region: str) -> list[Finding]:
    """Return which needed actions IAM refuses in an account and Region.

    A refused action is a problem: DRS would accept the start, and the servers would fail minutes later. A probe that
    could not run is a warning with its reason, and does not block a drill by itself: IAM is only asked what would
    happen, few installations may ask it, everything that a drill reads was read, and a drill is the very test of the
    rest. A recovery is not held up by the probe at all: IAM answers from one Region of the partition, which may be
    the one that is lost.
    """
    place = f"{region} of {account}"
    try:
        with budget(PROBE_SECONDS):
            principal = account.role_arn or _own_principal(account, region)
            client = sessions.client(account, region, "iam", purpose="readiness")
            verdict = iam.judge(client, principal, account.partition) if principal else iam.Verdict()
    except AwsError as error:
        sentence = f"Not looked up whether all that DRS needs is allowed in {place}: {error.message}"
        return [Finding(Code.PERMISSION, Severity.WARNING, sentence, subject=place)]
    found = []
    if verdict.denied:
        sentence = (
            f"IAM refuses {', '.join(verdict.denied)} to {principal} in {place}: servers would fail while they are "
            "launched. Allow it to that role."
        )
        found.append(Finding(Code.PERMISSION, Severity.PROBLEM, sentence, subject=place))
    if verdict.conditional:
        sentence = (
            f"IAM allows {', '.join(verdict.conditional)} to {principal} in {place} only under conditions that cannot "
            "be judged beforehand."
        )
        found.append(Finding(Code.PERMISSION, Severity.WARNING, sentence, subject=f"{place}, conditions"))
    return found


def _own_principal(account: TargetAccount, region: str) -> str:
    """Return the hub's own role or user; empty for the root user, who may do everything."""
    return iam.principal_of(sts.caller_identity(sessions.client(account, region, "sts", purpose="readiness")).arn)
