"""Putting a world into moto's backends, and clearing them again. The only place that builds moto's own objects."""

import json
import os

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from drsorch.simulator import dice, ec2_xml, moto_answers, status_checks
from drsorch.simulator.backend import drs_backends
from drsorch.simulator.credentials import PARTITION
from drsorch.simulator.ec2_index import IndexedEc2
from drsorch.simulator.worlds.description import ROLE_NAME, AccountDescription, World
from drsorch.simulator.worlds.seeding import furnish

HUB_USER = "drsorch-hub"
# Loading 1300 public images takes moto a quarter of a second per account and Region; nothing here starts from them.
SKIP_IMAGES = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
ACCOUNT_OVERRIDE = "MOTO_ACCOUNT_ID"

SPOKE_ACTIONS = [
    "drs:*",
    "ec2:AttachVolume",
    "ec2:CreateLaunchTemplate*",
    "ec2:CreateTags",
    "ec2:CreateVolume",
    "ec2:DeleteVolume",
    "ec2:Describe*",
    "ec2:DetachVolume",
    "ec2:ModifyLaunchTemplate",
    "ec2:RunInstances",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
    "iam:PassRole",
]


def prepare_process() -> None:
    """Set what moto reads from the environment. An account id there would override every access key."""
    os.environ.update(SKIP_IMAGES)
    os.environ.pop(ACCOUNT_OVERRIDE, None)
    status_checks.install()
    moto_answers.install()
    ec2_xml.install()
    dice.install()
    vars(ec2_backends)["backend"] = _make_ec2


def _make_ec2(region_name: str, account_id: str) -> IndexedEc2:
    """Default network and the like get the same ids each time: a reader may be the first to ask for them."""
    with dice.seeded("ec2", account_id, region_name):
        return IndexedEc2(region_name, account_id)


def clear() -> None:
    """Empty every backend. Those that hold plain records are dropped and made anew when next used."""
    droppable = (drs_backends, ec2_backends, iam_backends, sts_backends)
    for backends in list(BackendDict._instances):
        if not any(backends is known for known in droppable):
            for account in list(backends.values()):
                account.reset()
        backends.clear()
    reset_model_data()


def seed(world: World, now: float) -> None:
    """Create the accounts with their key or role, and their source servers."""
    for account in world.accounts:
        if account.access_key_id:
            _create_access_key(account)
        if account.external_id:
            _create_role(account, world.hub.id)
        for region in account.regions:
            backend = drs_backends[account.id][region.name]
            backend.is_initialized = region.is_initialized
            backend.add_servers(region.servers, now)
            furnish(backend, account, region)
        for name in account.origin_regions:
            drs_backends[account.id][name].is_initialized = True


def _create_access_key(account: AccountDescription) -> None:
    """Give a user the access key of the description; moto would invent one."""
    iam = iam_backends[account.id][PARTITION]
    iam.create_user(region_name="us-east-1", user_name=HUB_USER)
    key = iam.create_access_key(HUB_USER)
    del iam.access_keys[key.access_key_id]
    key.access_key_id = str(account.access_key_id)
    key.secret_access_key = str(account.secret_access_key)
    iam.access_keys[key.access_key_id] = key


def role_trust(hub_id: str, external_id: str | None) -> str:
    """The trust policy of a role: the hub, when it names the external id. Without one nobody is trusted."""
    statement = {
        "Effect": "Allow" if external_id else "Deny",
        "Principal": {"AWS": f"arn:aws:iam::{hub_id}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}} if external_id else {},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _create_role(account: AccountDescription, hub_id: str) -> None:
    allow = {"Effect": "Allow", "Action": SPOKE_ACTIONS, "Resource": "*"}
    iam = iam_backends[account.id][PARTITION]
    iam.create_role(
        role_name=ROLE_NAME,
        assume_role_policy_document=role_trust(hub_id, account.external_id),
        path="/",
        permissions_boundary=None,
        description="Lets the hub orchestrate recoveries in this account",
        tags=[],
        max_session_duration="3600",
    )
    iam.put_role_policy(ROLE_NAME, "orchestrate", json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
