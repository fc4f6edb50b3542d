"""Accounts, servers, groups and plans."""

from django.utils import timezone

from executions.models import Poller
from plans.models import RecoveryPlan, Wave, WaveGroup
from protection.models import AccountRegion, ProtectionGroup, ServerTag, SourceServer, TargetAccount
from tests.benchmarks.holdings.size import Size

ACCOUNTS, REGIONS = 10, ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2")
SERVERS_PER_GROUP, GROUPS_PER_PLAN = 10, 2
AT_A_TIME = 1000
REPLICATION = ("CONTINUOUS",) * 8 + ("BACKLOG", "STALLED")


class Stock:
    """What is protected, and how it is meant to be recovered."""

    def __init__(self, size: Size) -> None:
        self.size, self.now = size, timezone.now()
        self.accounts: list[TargetAccount] = []
        self.groups: list[ProtectionGroup] = []
        self.plans: list[RecoveryPlan] = []
        self.servers: list[SourceServer] = []

    def write(self) -> None:
        """Write all of it."""
        self._places()
        self._inventory()
        self._plan_rows()

    def account_of(self, group: int) -> int:
        """Return the number of the account that the group of a number is in."""
        return group % ACCOUNTS

    def groups_of(self, plan: int) -> list[int]:
        """Return the numbers of a plan's groups: in one account, but every tenth plan is in two."""
        step = 1 if plan % ACCOUNTS == ACCOUNTS - 1 else ACCOUNTS
        return [plan, (plan + step) % self.size.plans]

    def _places(self) -> None:
        made = (
            TargetAccount(account_id=f"{4 * 10**11 + n}", name=f"Account {n}", status="VALID") for n in range(ACCOUNTS)
        )
        self.accounts = TargetAccount.objects.bulk_create(made)
        places = [(account, region) for account in self.accounts for region in REGIONS]
        AccountRegion.objects.bulk_create(
            AccountRegion(account=account, region=region, last_synced_at=self.now, is_initialized=True)
            for account, region in places
        )
        Poller.objects.bulk_create(Poller(account=account, region=region) for account, region in places)

    def _inventory(self) -> None:
        self.groups = ProtectionGroup.objects.bulk_create(
            ProtectionGroup(
                name=f"Group {number:05}",
                account=self.accounts[self.account_of(number)],
                region=REGIONS[number // ACCOUNTS % len(REGIONS)],
                tier=("web", "app", "db")[number % 3],
            )
            for number in range(self.size.plans)
        )
        self.servers = SourceServer.objects.bulk_create(
            (self._server(number) for number in range(self.size.servers)), batch_size=AT_A_TIME
        )
        ServerTag.objects.bulk_create(
            (
                ServerTag(server=server, key=key, value=value)
                for number, server in enumerate(self.servers)
                for key, value in (("Name", server.hostname), ("Application", f"app-{number % 10}"), ("Tier", "web"))
            ),
            batch_size=AT_A_TIME,
        )

    def _server(self, number: int) -> SourceServer:
        group = self.groups[number // SERVERS_PER_GROUP]
        return SourceServer(
            account_id=group.account_id,
            region=group.region,
            source_server_id=f"s-{number:017x}",
            group=group,
            hostname=f"host-{number:06}",
            replication_state=REPLICATION[number % len(REPLICATION)],
            ips=[f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"],
            synced_at=self.now,
        )

    def _plan_rows(self) -> None:
        self.plans = RecoveryPlan.objects.bulk_create(
            RecoveryPlan(name=f"Plan {number:05}", rto_minutes=60, last_status="COMPLETED")
            for number in range(self.size.plans)
        )
        waves = Wave.objects.bulk_create(
            Wave(plan=plan, number=number, name=f"Wave {number}")
            for plan in self.plans
            for number in range(1, GROUPS_PER_PLAN + 1)
        )
        groups = (group for number in range(self.size.plans) for group in self.groups_of(number))
        WaveGroup.objects.bulk_create(
            WaveGroup(wave=wave, group=self.groups[group]) for wave, group in zip(waves, groups, strict=True)
        )
