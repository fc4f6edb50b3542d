"""People, accounts, groups and plans for the benchmarks."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from django.core.management import call_command

from drsorch.access.roles import Role
from drsorch.simulator.control import SimulatorControl
from executions import services
from executions.models import Execution
from plans import services as plans
from plans.definition import WaveDefinition
from plans.models import Checks, RecoveryPlan
from protection import services as protection
from protection.models import SourceServer, TargetAccount
from tests import factories
from tests.benchmarks.places import REGIONS

QUOTAS = {"concurrent_jobs": 500, "servers_in_all_jobs": 5000}
VIRTUAL_STEP = 30.0


class Estate:
    """An empty installation, filled as needed."""

    def __init__(self, control: SimulatorControl) -> None:
        self.control = control
        control.settings(quotas=QUOTAS)
        call_command("migrate", verbosity=0)
        self.ada = factories.person("ada", Role.ADMIN)
        self.olga = factories.person("olga", Role.RECOVERY_MANAGER)

    @cached_property
    def accounts(self) -> dict[str, TargetAccount]:
        """Both accounts, with their inventory."""
        return {number: factories.account(self.ada, number, regions=REGIONS[number]) for number in REGIONS}

    def plan(self, name: str, account: str, region: str, waves: list[slice]) -> RecoveryPlan:
        """A plan with one wave per slice of the servers of an account and Region, without checks after a launch."""
        servers = list(SourceServer.objects.at(self.accounts[account], region).order_by("hostname"))
        return self.plan_of(name, self.accounts[account], region, [servers[part] for part in waves], checks=Checks.NONE)

    @cached_property
    def estate_accounts(self) -> list[TargetAccount]:
        """Every account of the endpoint's world, with its inventory."""
        return [factories.account_of(self.ada, row) for row in self.control.world()["accounts"]]

    def plan_of(
        self,
        name: str,
        account: TargetAccount,
        region: str,
        parts: Iterable[Sequence[SourceServer]],
        checks: str = Checks.EC2_STATUS,
    ) -> RecoveryPlan:
        """A plan with one wave for each part of the servers of an account and Region."""
        waves = [
            WaveDefinition(
                f"Wave {number}", (self._group(f"{name}, wave {number}", account, region, part),), checks=checks
            )
            for number, part in enumerate(parts, start=1)
        ]
        return plans.create_plan(actor=self.ada, name=name, waves=waves)

    def start(self, plan: RecoveryPlan) -> Execution:
        """Start a drill."""
        return services.start_execution(plan=plan, actor=self.olga)

    def _group(self, name: str, account: TargetAccount, region: str, servers: Sequence[SourceServer]) -> int:
        ids = [server.source_server_id for server in servers]
        group = protection.create_group(actor=self.ada, account=account, region=region, name=name, server_ids=ids)
        return group.pk
