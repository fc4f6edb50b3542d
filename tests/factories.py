"""Make people, accounts, groups, plans and executions through the product's own services."""

from collections import OrderedDict

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from drsorch.access.demo import create_roles
from drsorch.access.models import OrgWideGrant
from drsorch.audit.actor import Actor, Source
from drsorch.aws import sessions
from plans import services as plans
from plans.definition import WaveDefinition
from protection import inventory
from protection import services as protection
from protection.models import SourceServer

REGION, OTHER_REGION = "us-east-1", "us-west-2"
TARGET, HUB = "222222222222", "111111111111"


def person(username, role=None, *, everywhere=True):
    """A user with one role, or none, as an actor at the console. Everything is granted to them, unless told."""
    create_roles()
    user = get_user_model().objects.create_user(username, password="a-long-password")
    if role:
        user.groups.set(Group.objects.filter(name=role))
    if everywhere:
        OrgWideGrant.objects.create(user=user, level="manage")
    return Actor(name=username, source=Source.UI, user=user)


def forget_sessions(*, clients=True):
    """Let the gateway start afresh, as a new process would. Making clients anew takes most of a short test."""
    kept = OrderedDict() if clients else sessions._process.apis
    sessions.forget()
    sessions._process.apis = kept


def account(actor, account_id=TARGET, *, regions=(REGION, OTHER_REGION)):
    """An account of world `minimal`, validated and with its inventory."""
    return _known(actor, described(account_id, regions=regions))


def described(account_id=TARGET, *, regions=(REGION, OTHER_REGION)):
    """How an account of world `minimal` is registered."""
    role = {"role_arn": f"arn:aws:iam::{account_id}:role/drsorch-spoke", "external_id": "minimal-external-id"}
    name, role = ("Hub", {}) if account_id == HUB else ("Target", role)
    return {"account_id": account_id, "name": name, "regions": regions, **role}


def account_of(actor, world):
    """An account as the local endpoint describes it in its world, validated and with its inventory."""
    role = {name: world[name] or "" for name in ("role_arn", "external_id")}
    return _known(actor, {"account_id": world["id"], "name": world["name"], "regions": world["regions"], **role})


def _known(actor, how):
    row = protection.register_account(actor=actor, **how)
    protection.validate_account(account=row, actor=actor)
    for region in row.regions.all():
        inventory.sync_region(region)
    return row


def servers(place, region=REGION, tier=""):
    """The servers of an account and Region whose hostname has `tier` in it."""
    return list(SourceServer.objects.at(place, region).filter(hostname__contains=tier))


def group(actor, place, tier="db", region=REGION, name=None):
    """A group of all servers of one tier. They are in the inventory: DRS is not asked for them again."""
    ids = [server.source_server_id for server in servers(place, region, f"-{tier}-")]
    name = name or f"{tier} {region}"
    return protection.create_group(actor=actor, account=place, region=region, name=name, server_ids=ids, found=[])


def plan(actor, *groups, name="Three tiers", **options):
    """A plan with one wave a group; `options` maps w1, w2 … to more of the wave's definition."""
    waves = [
        WaveDefinition(name=each.name, group_ids=(each.pk,), **({"checks": "NONE"} | options.get(f"w{number}", {})))
        for number, each in enumerate(groups, start=1)
    ]
    return plans.create_plan(actor=actor, name=name, waves=waves)


def three_tiers(actor, place, **options):
    """The plan that most tests run: databases, then applications, then web servers."""
    return plan(actor, *(group(actor, place, tier) for tier in ("db", "app", "web")), **options)
