"""What the cases of services act on, made as it is asked for."""

from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

import executions.services
from drsorch.access.grants import grant, save_team
from drsorch.access.models import Team
from drsorch.access.roles import Permission, Right
from drsorch.access.tokens import issue_token
from drsorch.config.services import update_settings
from drsorch.secrets import new_key
from plans.definition import WaveDefinition
from protection.models import SourceServer, TargetAccount
from tests import factories
from tests.executions.driving import run


def group(at):
    return factories.group(at.ada, at.place, "db")


def plan(at, **options):
    return factories.plan(at.ada, group(at), factories.group(at.ada, at.place, "app"), **options)


def started(at, **options):
    return executions.services.start_execution(plan=plan(at, **options), actor=at.olga)


def stopped(at):
    return run(started(at, w2={"pause_before": True}), at.aws)


def completed(at):
    return run(executions.services.start_execution(plan=factories.plan(at.ada, group(at)), actor=at.olga), at.aws)


def waiting_to_be_terminated(at):
    """An execution whose termination olga asked for, and that waits for a second person."""
    update_settings(actor=at.ada, version=None, four_eyes=True)
    row = completed(at)
    executions.services.terminate_instances(execution=row, actor=at.olga)
    return row


def definition(row):
    return [WaveDefinition(name="Other", group_ids=(row.waves.first().groups.first().pk,))]


def failed(at):
    """An execution that asks what to do about its failed wave."""
    row = group(at)
    server = row.servers.first().source_server_id
    asking = factories.plan(at.ada, row, w1={"on_failure": "ASK"})
    started_now = executions.services.start_execution(plan=asking, actor=at.olga)
    at.aws.fail_server(factories.TARGET, factories.REGION, server, at="CONVERSION")
    return run(started_now, at.aws)


def ended(at):
    """An execution that was cancelled before it launched anything."""
    row = started(at)
    executions.services.cancel_execution(execution=row, actor=at.olga)
    return run(row, at.aws)


def token(at):
    """A token of olga's, and its text."""
    tomorrow = timezone.now() + timedelta(days=1)
    return issue_token(
        owner=at.olga.user, actor=at.olga, name="Nightly", scopes=["drs:ViewResources"], expires_at=tomorrow
    )


def team(at):
    return save_team(team=Team(), name="North", members=[at.olga.user], actor=at.ada)


def granted(at):
    grant(to=at.olga.user, obj=at.place, level="view", actor=at.ada)
    return at.place


def program(at):
    """A program with a token of ada's from which events are accepted; there is no account to be synchronised."""
    for rows in (SourceServer, TargetAccount):
        rows.objects.all().delete()
    at.settings.EVENTS_ALLOWED_CIDRS = ["10.0.0.0/8"]
    return replace(at.ada, address="10.1.2.3", right=Right(frozenset(Permission), None))


def first_key(at):
    """A new key, under which no secret is yet."""
    at.settings.ENCRYPTION_KEYS = [new_key(), *at.settings.ENCRYPTION_KEYS]
