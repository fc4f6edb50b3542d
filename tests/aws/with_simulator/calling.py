"""What these tests ask the gateway and the local endpoint for."""

from datetime import UTC, datetime, timedelta

from drsorch.aws import drs, sessions
from tests.aws.scripted import REGION


def total(simulator, operation):
    return simulator.requests()["total"].get(operation, 0)


def start(target, servers, seconds=20.0, **more):
    client = sessions.client(target, REGION, "drs", once=True)
    deadline = datetime.now(UTC) + timedelta(seconds=seconds)
    return drs.start_recovery(client, servers, deadline=deadline, **{"is_drill": True, "tags": None, **more})


def live_jobs(simulator):
    return [job for job in simulator.jobs() if job["type"] == "LAUNCH"]


def launched(simulator, target, servers):
    """Launch these servers and return their instance ids."""
    start(target, servers)
    simulator.advance(7200)
    found = drs.describe_recovery_instances(sessions.client(target, REGION, "drs"), server_ids=servers)
    return [row.ec2_instance_id for row in found]
