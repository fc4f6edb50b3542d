"""STS: who we are."""

from dataclasses import dataclass

from drsorch.aws import wire
from drsorch.aws.calls import Client, call


@dataclass(frozen=True, slots=True)
class Identity:
    """The principal that AWS sees."""

    account_id: str
    arn: str


def caller_identity(client: Client) -> Identity:
    """Return who the client's credentials belong to. Raises AwsError."""
    answer = call(client, "GetCallerIdentity")
    return Identity(account_id=wire.text(answer, "Account"), arn=wire.text(answer, "Arn"))
