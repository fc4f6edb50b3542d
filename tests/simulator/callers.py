"""Ways to call the simulated AWS in these tests: boto3 as the hub, as the target account, or signed by hand."""

import http.client
import json
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from drsorch.simulator.worlds.hub import ACCESS_KEY_ID, HUB_ID, SECRET_ACCESS_KEY
from drsorch.simulator.worlds.minimal import EXTERNAL_ID, TARGET_ID

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=5)
ROLE_ARN = f"arn:aws:iam::{TARGET_ID}:role/drsorch-spoke"
EAST, WEST = "us-east-1", "us-west-2"
HUB, TARGET = HUB_ID, TARGET_ID
LONG_ENOUGH = 600  # virtual seconds in which any launch of a few servers ends


def hub_client(service, region=EAST, config=ONCE):
    return boto3.client(service, region_name=region, config=config)


def assume(**changes):
    asked = {"RoleArn": ROLE_ARN, "RoleSessionName": "tests", "ExternalId": EXTERNAL_ID} | changes
    return hub_client("sts").assume_role(**{name: value for name, value in asked.items() if value is not None})


def session_client(service, credentials, region=EAST, config=ONCE):
    return boto3.client(
        service,
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=config,
    )


def target_client(service, region=EAST):
    return session_client(service, assume()["Credentials"], region)


def client_of(simulator, account, service="drs", region=EAST):
    """A client of any account of the world that has a role for the hub."""
    entry = next(found for found in simulator.world()["accounts"] if found["id"] == account)
    credentials = assume(RoleArn=entry["role_arn"], ExternalId=entry["external_id"])["Credentials"]
    return session_client(service, credentials, region)


def server_ids(simulator, account=HUB, region=EAST):
    found = next(entry for entry in simulator.world()["accounts"] if entry["id"] == account)
    return [server["id"] for server in found["servers"][region]]


def start(drs, ids, **more):
    return drs.start_recovery(sourceServers=[{"sourceServerID": server_id} for server_id in ids], **more)["job"]


def launch(simulator, drs, ids, **more):
    """Start a recovery and let its time pass. Returns the job as it was when it started."""
    job = start(drs, ids, **more)
    simulator.advance(LONG_ENOUGH)
    return job


def job_of(drs, job_id):
    (job,) = drs.describe_jobs(filters={"jobIDs": [job_id]})["items"]
    return job


def source_server(drs, server_id):
    (server,) = drs.describe_source_servers(filters={"sourceServerIDs": [server_id]})["items"]
    return server


def events(drs, job_id, server_id=None):
    return [
        item["event"]
        for item in drs.describe_job_log_items(jobID=job_id)["items"]
        if server_id is None or item["eventData"].get("sourceServerID") == server_id
    ]


def statuses(drs, job_id):
    job = job_of(drs, job_id)
    return job["status"], [server["launchStatus"] for server in job["participatingServers"]]


def signed_call(simulator, path, body=b"{}", *, service="drs", headers=None):
    """Sign any bytes as the hub and send them, around boto3's own checks. Returns (status, headers, document)."""
    request = AWSRequest("POST", f"{simulator.url}{path}", {"Content-Type": "application/json"}, data=body)
    SigV4Auth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), service, EAST).add_auth(request)
    return send(simulator, "POST", path, body, {**dict(request.headers), **(headers or {})})


def send(simulator, method, path, body=None, headers=None):
    """Send a request as it is. Returns (status, headers, document)."""
    connection = http.client.HTTPConnection(urlsplit(simulator.url).netloc, timeout=5)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        raw = reply.read()
    finally:
        connection.close()
    is_json = reply.headers.get("Content-Type", "").startswith("application/json")
    return reply.status, reply.headers, json.loads(raw) if is_json and raw else raw


def instances(drs):
    return drs.describe_recovery_instances()["items"]


def refusal(call, *args, **members):
    with pytest.raises(ClientError) as refused:
        call(*args, **members)
    return refused.value.response


def code(call, *args, **members):
    return refusal(call, *args, **members)["Error"]["Code"]


def code_and_status(call, *args, **members):
    response = refusal(call, *args, **members)
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]
