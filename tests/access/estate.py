"""Accounts, groups, plans and executions as rows, for questions about who reaches what."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from drsorch.access import policy
from drsorch.access.policy import Level
from drsorch.access.requests import actor_named, actor_with
from drsorch.access.roles import Permission
from drsorch.access.tokens import issue_token
from executions.models import AccountSet, Execution, ServerRun, WaveRun
from plans.models import RecoveryPlan, Wave, WaveGroup
from protection.models import ProtectionGroup, SourceServer, TargetAccount

REGION = "us-east-1"
KINDS = (TargetAccount, ProtectionGroup, SourceServer, RecoveryPlan, Execution)
IN_NORTH = {"north", "north_group", "north_server", "north_plan", "north_run"}
ALL = {"north", "south", "north_group", "south_group", "north_server", "south_server"}
ALL |= {"north_plan", "south_plan", "both_plan", "north_run", "south_run", "both_run"}


@dataclass
class Estate:
    """North and south are accounts with a group and a server each; a plan for each, and one over both."""

    north: Any
    south: Any
    north_group: Any
    south_group: Any
    north_server: Any
    south_server: Any
    north_plan: Any
    south_plan: Any
    both_plan: Any
    north_run: Any
    south_run: Any
    both_run: Any

    def named(self, *names):
        """The rows of these names."""
        return [getattr(self, name) for name in names]

    def seen(self, rows):
        """The names of these rows."""
        return {name for name, row in vars(self).items() if row in rows}

    def reached_by(self, actor, level=Level.VIEW):
        """The names of what an actor reaches."""
        asked = [model.objects.all() for model in KINDS]
        found = self.seen([row for rows in asked for row in policy.scope(actor, rows, level)])
        assert found == self.seen([row for rows in asked for row in policy.scope(actor, rows, level, in_order=False)])
        return found


def account(number, name):
    return TargetAccount.objects.create(account_id=f"{number:012}", name=name)


def group(place, name):
    row = ProtectionGroup.objects.create(account=place, region=REGION, name=name)
    server = SourceServer.objects.create(
        account=place, region=REGION, group=row, source_server_id=f"s-{name}", hostname=name, synced_at=timezone.now()
    )
    return row, server


def plan(name, *groups):
    row = RecoveryPlan.objects.create(name=name)
    for number, each in enumerate(groups, start=1):
        WaveGroup.objects.create(wave=Wave.objects.create(plan=row, number=number, name=each.name), group=each)
    return row


def run(of, *servers):
    """An execution of a plan that has ended."""
    now = timezone.now()
    row = Execution.objects.create(
        plan=of,
        plan_name=of.name,
        plan_version=1,
        ran_in=AccountSet.of((server.account_id, server.region) for server in servers),
        mode="DRILL",
        status="COMPLETED",
        initiator="olga",
        source="UI",
        ended_at=now,
    )
    for number, server in enumerate(servers, start=1):
        wave = WaveRun.objects.create(execution=row, number=number, name=server.hostname, timeout_minutes=60)
        ServerRun.objects.create(
            wave=wave,
            plan=row.plan,
            ran_in=row.ran_in,
            mode=row.mode,
            server=server,
            account=server.account,
            region=server.region,
            source_server_id=server.source_server_id,
            name=server.hostname,
        )
    return row


def estate():
    """Make one."""
    north, south = account(222222222222, "North"), account(333333333333, "South")
    (north_group, north_server), (south_group, south_server) = group(north, "north-db"), group(south, "south-db")
    north_plan, south_plan = plan("North plan", north_group), plan("South plan", south_group)
    both_plan = plan("Both", north_group, south_group)
    return Estate(
        *(north, south, north_group, south_group, north_server, south_server, north_plan, south_plan, both_plan),
        north_run=run(north_plan, north_server),
        south_run=run(south_plan, south_server),
        both_run=run(both_plan, north_server, south_server),
    )


def fresh(actor):
    """The same person at the next request."""
    return actor_named(actor.name)


def reached(actor, world, level=Level.VIEW):
    """The names of what a person reaches at the next request."""
    return world.reached_by(fresh(actor), level)


def token_of(actor, *accounts):
    """A person who comes with a token that is bound to these accounts."""
    expires_at = timezone.now() + timedelta(days=1)
    ids = [each.account_id for each in accounts]
    arguments = {"name": uuid4().hex, "scopes": list(Permission), "expires_at": expires_at, "account_ids": ids}
    return actor_with(issue_token(owner=actor.user, actor=actor, **arguments)[0])
