"""People, accounts, groups and plans for the benchmarks."""

from functools import cached_property

from django.core.management import call_command

from drsorch.access.roles import Role
from drsorch.simulator.control import SimulatorControl
from executions import services
from executions.models import Execution
from plans import services as plans
from plans.definition import WaveDefinition
from plans.models import RecoveryPlan
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
        """A plan with one wave per slice of the servers of an account and Region."""
        servers = list(SourceServer.objects.at(self.accounts[account], region).order_by("hostname"))
        return plans.create_plan(
            actor=self.ada,
            name=name,
            waves=[
                WaveDefinition(
                    f"Wave {number}", (self._group(f"{name}, wave {number}", account, region, servers[part]),)
                )
                for number, part in enumerate(waves, start=1)
            ],
        )

    def start(self, plan: RecoveryPlan) -> Execution:
        """Start a drill."""
        return services.start_execution(plan=plan, actor=self.olga)

    def _group(self, name: str, account: str, region: str, servers: list[SourceServer]) -> int:
        ids = [server.source_server_id for server in servers]
        return protection.create_group(
            actor=self.ada, account=self.accounts[account], region=region, name=name, server_ids=ids
        ).pk
