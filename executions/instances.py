"""Ask EC2 how a recovery instance is now."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from drsorch.aws import ec2, sessions
from executions.models import ServerRun


@dataclass(frozen=True, slots=True)
class Machine:
    """An instance in EC2's words; "" for what it does not say. `state` is "" when it knows no such instance."""

    asked_at: datetime
    state: str = ""
    instance_check: str = ""
    system_check: str = ""
    private_ip: str = ""
    instance_type: str = ""


def look(run: ServerRun) -> Machine:
    """Return how EC2 says the recovery instance of a server run is. Asks EC2 twice. Raises AwsError.

    EC2 forgets a terminated instance after about an hour.
    """
    client, name = sessions.client(run.account, run.region, "ec2", purpose="instance"), run.recovery_instance_id
    seen = ec2.describe_instances(client, [name]).get(name)
    status = ec2.describe_instance_status(client, [name]).get(name) if seen else None
    if seen is None:
        return Machine(timezone.now())
    return Machine(
        asked_at=timezone.now(),
        state=status.state if status else seen.state,
        instance_check=status.instance_check if status else "",
        system_check=status.system_check if status else "",
        private_ip=seen.private_ip,
        instance_type=seen.instance_type,
    )
