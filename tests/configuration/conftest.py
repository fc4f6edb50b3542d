"""Fixtures of the tests around the configuration document."""

import pytest
from django.utils import timezone

from drsorch.config.services import current_settings, update_settings
from executions.configuration import export_configuration
from plans.definition import WaveDefinition
from plans.models import RecoveryPlan
from plans.services import update_plan
from plans.written import definitions_of
from protection import inventory
from protection.models import ProtectionGroup, SourceServer, TargetAccount
from protection.services import register_account, update_group
from tests import factories
from tests.protection.making import described


def with_everything(ada, plan, app):
    """Give a plan of three waves something of everything there is, and export the configuration."""
    update_group(group=app, actor=ada, version=None, name="App", description="First\nsecond, größer", tier="gold")
    first, second, third = definitions_of(RecoveryPlan.objects.for_detail().get())
    ids = sorted(app.servers.values_list("source_server_id", flat=True), reverse=True)
    chosen = WaveDefinition(
        name="Again", group_ids=second.group_ids, server_ids=tuple(ids), optional_ids=(ids[0],), depends_on=(1,),
        launch_order="SEQUENTIAL", pause_before=True, wait_seconds=30, on_failure="ASK",
    )  # fmt: skip
    update_plan(
        plan=plan, actor=ada, version=None, waves=[first, chosen, third], name="Three tiers",
        description="All", owner="Team", runbook="1. Call\r\n2. Wait", rto_minutes=60, parallel_waves=True,
    )  # fmt: skip
    update_settings(actor=ada, version=None, drill_days=120)
    return export_configuration(actor=ada)


@pytest.fixture
def estate(ada):
    """An account, three groups, a plan with something of everything, and changed settings. Nothing asks AWS."""
    account = register_account(actor=ada, account_id=factories.TARGET, name="Target", regions=[factories.REGION])
    inventory.upsert(account, factories.REGION, [described(number) for number in range(6)], timezone.now())
    groups = []
    for number, tier in enumerate(("db", "app", "web")):
        group = ProtectionGroup.objects.create(name=f"{tier} us-east-1", account=account, region=factories.REGION)
        ids = [described(each).source_server_id for each in (2 * number, 2 * number + 1)]
        SourceServer.objects.filter(source_server_id__in=ids).update(group=group)
        groups.append(group)
    return with_everything(ada, factories.plan(ada, *groups), groups[1])


@pytest.fixture
def live(ada, place):
    """The same in the local endpoint's AWS."""
    plan = factories.three_tiers(ada, place)
    return with_everything(ada, plan, ProtectionGroup.objects.get(name="app us-east-1"))


@pytest.fixture
def empty(live):
    """The installation after everything in the document is gone."""
    for rows in (RecoveryPlan, ProtectionGroup, SourceServer, TargetAccount, type(current_settings())):
        rows.objects.all().delete()


@pytest.fixture
def state():
    """What is configured, with the versions."""

    def read():
        kinds = (TargetAccount, ProtectionGroup, RecoveryPlan)
        return [list(kind.objects.order_by("pk").values_list("pk", "name", "version")) for kind in kinds]

    return read
