"""Fill an empty installation with the practice world, through the same services that people use."""

import json
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from drsorch.access.demo import create_demo_users
from drsorch.access.requests import actor_named
from drsorch.audit.actor import Actor
from drsorch.errors import UserError
from plans import services as plans
from plans.definition import WaveDefinition
from plans.models import Checks, LaunchOrder, OnFailure, RecoveryPlan
from protection import inventory
from protection import services as protection
from protection.models import ProtectionGroup, SourceServer, TargetAccount
from protection.models.accounts import AccountStatus

FIRST_PLAN = "Billing"
TIERS = {"db": "databases", "app": "applications", "web": "web servers"}
# What is said about a wave beside its groups, by its number.
Settings = Mapping[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Site:
    """One application in one Region."""

    application: str
    account_id: str
    region: str

    def group_name(self, tier: str) -> str:
        """How its group of a tier is called."""
        return f"{self.application} {TIERS[tier]} {self.region}"


BILLING = (Site("Billing", "222222222222", "us-east-1"), Site("Billing", "222222222222", "eu-west-1"))
CLAIMS = (Site("Claims", "333333333333", "us-west-2"), Site("Claims", "333333333333", "eu-west-1"))
AILING = "Claims applications that do not replicate"


def fetch_world(endpoint: str) -> dict[str, Any]:
    """Return what the practice world consists of: accounts with roles and external ids, Regions, the hub's key."""
    with urllib.request.urlopen(f"{endpoint}/_sim/world", timeout=10) as answer:  # noqa: S310 (loopback)  # nosec B310
        world: dict[str, Any] = json.load(answer)
    return world


def hub_credentials(world: dict[str, Any]) -> dict[str, str]:
    """Return the hub's credentials as environment variables."""
    hub = next(account for account in world["accounts"] if account["access_key_id"])
    return {
        "AWS_ACCESS_KEY_ID": hub["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": hub["secret_access_key"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def seed(world: dict[str, Any]) -> None:
    """Make users, accounts, inventory, groups and plans. Raises UserError when AWS refuses what the demo stands on."""
    create_demo_users()
    ada = actor_named("ada")
    accounts = {row["id"]: _account(ada, row) for row in world["accounts"]}
    groups = [_group(ada, accounts, site, tier) for site in BILLING + CLAIMS for tier in TIERS]
    by_name = {group.name: group for group in groups if group}
    # The first plan runs unattended: it asks nobody.
    first: Settings = {1: {"wait_seconds": 5}, 2: {"on_failure": OnFailure.CONTINUE}}
    said = "Billing in both Regions: databases, applications, web servers, one of which it can do without."
    _plan(ada, by_name, FIRST_PLAN, BILLING, said, first, spare="web")
    asking: Settings = {1: {"on_failure": OnFailure.ASK}, 3: {"pause_before": True}}
    _plan(ada, by_name, "Claims", CLAIMS, "Claims in both Regions; stops before the web servers.", asking)
    ailing = _ailing_group(ada, accounts)
    both = "Both applications in both accounts; not ready while a server does not replicate."
    careful: Settings = {
        1: {"pause_after": True},
        2: {"launch_order": LaunchOrder.PARALLEL, "max_parallel": 4},
        3: {"checks": Checks.EC2_STATUS_REQUIRED},
    }
    _plan(ada, by_name, "All business services", BILLING + CLAIMS, both, careful, more=(ailing,))


def _account(ada: Actor, row: dict[str, Any]) -> TargetAccount:
    account = protection.register_account(
        actor=ada,
        account_id=row["id"],
        name=row["name"],
        regions=row["regions"],
        role_arn=row["role_arn"] or "",
        external_id=row["external_id"] or "",
    )
    protection.validate_account(account=account, actor=ada)
    if account.status != AccountStatus.VALID:
        raise UserError(f"The demo's account {account} cannot be used: {account.status_reason}")
    for place in account.regions.all():
        inventory.sync_region(place)
    return account


def _servers(account: TargetAccount, region: str, application: str, tier: str) -> Iterable[SourceServer]:
    tagged = SourceServer.objects.at(account, region).filter(tags__key="Application", tags__value=application)
    return tagged.filter(pk__in=SourceServer.objects.filter(tags__key="Tier", tags__value=tier))


def _group(ada: Actor, accounts: dict[str, TargetAccount], site: Site, tier: str) -> ProtectionGroup:
    account = accounts[site.account_id]
    healthy = [row for row in _servers(account, site.region, site.application, tier) if row.is_launchable]
    return protection.create_group(
        actor=ada,
        account=account,
        region=site.region,
        name=site.group_name(tier),
        tier=TIERS[tier],
        server_ids=[row.source_server_id for row in healthy],
        rto_minutes=60,
        rpo_minutes=60,
    )


def _ailing_group(ada: Actor, accounts: dict[str, TargetAccount]) -> ProtectionGroup:
    site = CLAIMS[0]
    account = accounts[site.account_id]
    ailing = [row for row in _servers(account, site.region, site.application, "app") if not row.is_launchable]
    ids = [row.source_server_id for row in ailing]
    return protection.create_group(actor=ada, account=account, region=site.region, name=AILING, server_ids=ids)


def _plan(
    ada: Actor,
    groups: dict[str, ProtectionGroup],
    name: str,
    sites: Iterable[Site],
    description: str,
    settings: Settings,
    *,
    spare: str = "",
    more: tuple[ProtectionGroup, ...] = (),
) -> RecoveryPlan:
    """Make a plan of one wave a tier; `settings` by wave number, `spare` is the tier that can do without one server."""
    waves = []
    for number, tier in enumerate(TIERS, start=1):
        members = [groups[site.group_name(tier)] for site in sites] + list(more if tier == "app" else ())
        spared = members[0].servers.order_by("-hostname").first() if tier == spare else None
        waves.append(
            WaveDefinition(
                name=TIERS[tier].capitalize(),
                group_ids=tuple(group.pk for group in members),
                optional_ids=(spared.source_server_id,) if spared else (),
                **settings.get(number, {}),
            )
        )
    return plans.create_plan(
        actor=ada, name=name, description=description, owner="Business continuity", rto_minutes=60, waves=waves
    )
