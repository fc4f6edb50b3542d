"""The same installation twice, with many rows and with few, each in a database of its own, and who asks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from drsorch.access.models import User
from drsorch.access.roles import Permission, Role
from drsorch.access.tokens import issue_token
from drsorch.audit.actor import Actor
from drsorch.audit.record import record
from executions.models import Execution, Job
from plans.models import RecoveryPlan
from protection.models import AccountTeamGrant, AccountUserGrant, ProtectionGroup, SourceServer, TargetAccount
from tests import factories
from tests.access.conftest import staff
from tests.benchmarks import evidence
from tests.benchmarks.holdings import Holdings, Size, granting
from tests.benchmarks.holdings import evidence as said

ADMINISTRATOR, GRANTED = "administrator", "granted 5 of 10 accounts"
# Every second account, so that half of everything is in sight: by grants to the person, and to the team.
TO_PERSON, TO_TEAM = (0, 2, 4), (6, 8)


class Twin:
    """One of the two. `clients` are who asks, `named` what stands for an object in an address."""

    def __init__(self, size: Size, folder: Path) -> None:
        self.size, self.name = size, f"{connections.settings['default']['NAME']}_{size.executions}"
        self.anchor = folder / f"anchor-{size.executions}.json"
        self.clients: dict[str, Client] = {}
        self.named: dict[str, str] = {}

    @contextmanager
    def used(self) -> Iterator[None]:
        """Let the product use this database meanwhile."""
        database = connections.settings["default"]
        before, anchor = database["NAME"], settings.AUDIT_ANCHOR_FILE
        connection.close()
        database["NAME"], settings.AUDIT_ANCHOR_FILE = self.name, str(self.anchor)
        try:
            yield
        finally:
            connection.close()
            database["NAME"], settings.AUDIT_ANCHOR_FILE = before, anchor

    def make(self) -> None:
        """Make the database, all rows, and those who ask."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{self.name}"')
        with self.used():
            call_command("migrate", verbosity=0)
            ada, nina = staff(factories.person("ada", Role.ADMIN)), _granted_nothing()
            holdings = Holdings(self.size, ada.user)
            holdings.write()
            _grant_half(nina.user, holdings.accounts)
            _write_evidence(ada, self.size.executions)
            self._sign_in(ADMINISTRATOR, ada, None)
            self._sign_in(GRANTED, nina, [holdings.accounts[number].account_id for number in (*TO_PERSON, *TO_TEAM)])
            self._name()
            if connection.vendor == "postgresql":  # as autovacuum does in time
                with connection.cursor() as cursor:
                    cursor.execute("VACUUM ANALYZE")

    def _sign_in(self, who: str, actor: Actor, account_ids: list[str] | None) -> None:
        browser = Client(SERVER_NAME="127.0.0.1")
        browser.force_login(actor.user)
        _, text = issue_token(
            owner=actor.user,
            actor=actor,
            name="Measurement",
            scopes=list(Permission),
            expires_at=timezone.now() + timedelta(days=1),
            account_ids=account_ids,
        )
        program = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {text}"})
        self.clients |= {f"{who}, session": browser, f"{who}, token": program}

    def _name(self) -> None:
        newest = Execution.objects.defer("snapshot").order_by("-created_at")[0]
        rows = {"executions": newest, "recovery-plans": RecoveryPlan.objects.order_by("pk")[0]}
        rows["protection-groups"] = ProtectionGroup.objects.order_by("pk")[0]
        self.named = {f"/{name}/{{id}}": f"/{name}/{row.pk}" for name, row in rows.items()} | {
            "{accountId}": TargetAccount.objects.order_by("pk")[0].account_id,
            "{serverId}": SourceServer.objects.order_by("pk")[0].source_server_id,
            "{jobId}": Job.objects.filter(launch__wave__execution=newest).order_by("pk")[0].job_id,
            "{planId}": str(rows["recovery-plans"].pk),
            "{executionId}": str(newest.pk),
        }

    def address(self, pattern: str) -> str:
        """Return an address with the names of objects in it."""
        for shown, written in self.named.items():
            pattern = pattern.replace(shown, written)
        return pattern


def _granted_nothing() -> Actor:
    return factories.person("nina", Role.RECOVERY_MANAGER, everywhere=False)


def _grant_half(user: User, accounts: list[TargetAccount]) -> None:
    operates, team = granting(TargetAccount)("operate"), user.groups.create(name="Night shift")
    for number in TO_PERSON:
        AccountUserGrant.objects.create(user=user, permission=operates, content_object=accounts[number])
    for number in TO_TEAM:
        AccountTeamGrant.objects.create(group=team, permission=operates, content_object=accounts[number])


def _write_evidence(actor: Actor, events: int) -> None:
    with transaction.atomic():
        record(actor, "measure", actor.user, note="One of many events.")
    evidence.fill(events, said(events))
