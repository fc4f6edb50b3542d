"""Every service that changes something: what it is called with, and what its event is about."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.utils import timezone

from drsorch.access.models import Team
from drsorch.access.oidc.people import Identity
from drsorch.audit.models import AuditEvent
from executions.configuration import export_configuration
from executions.reports import reported
from plans.definition import WaveDefinition
from tests import factories
from tests.audit.making import (
    completed,
    definition,
    ended,
    failed,
    first_key,
    granted,
    group,
    plan,
    program,
    started,
    stopped,
    team,
    token,
    waiting_to_be_terminated,
)
from tests.executions.driving import tick
from tests.protection.test_events import event

# Service: what is made before, how it is called with that, and what the event is about.
CASES = {
    "register_account": (
        lambda at: None,
        lambda service, at, _: service(actor=at.ada, account_id="999999999999", name="New", regions=["us-east-1"]),
        "targetaccount",
    ),
    "update_account": (
        lambda at: at.place,
        lambda service, at, row: service(
            account=row, actor=at.ada, version=None, name="Renamed", role_arn="", tag_jobs=True, regions=["us-east-1"]
        ),
        "targetaccount",
    ),
    "validate_account": (
        lambda at: at.place,
        lambda service, at, row: service(account=row, actor=at.ada),
        "targetaccount",
    ),
    "request_sync": (
        lambda at: at.place,
        lambda service, at, row: service(account=row, actor=at.ada),
        "targetaccount",
    ),
    "create_group": (
        lambda at: [server.source_server_id for server in factories.servers(at.place, tier="-db-")],
        lambda service, at, ids: service(
            actor=at.ada, account=at.place, region=factories.REGION, name="New", server_ids=ids
        ),
        "protectiongroup",
    ),
    "update_group": (
        group,
        lambda service, at, row: service(group=row, actor=at.ada, version=None, name="Renamed"),
        "protectiongroup",
    ),
    "delete_group": (group, lambda service, at, row: service(group=row, actor=at.ada), "protectiongroup"),
    "create_plan": (
        group,
        lambda service, at, row: service(
            actor=at.ada, name="New", waves=[WaveDefinition(name="One", group_ids=(row.pk,))]
        ),
        "recoveryplan",
    ),
    "update_plan": (
        plan,
        lambda service, at, row: service(plan=row, actor=at.ada, version=None, name="Renamed", waves=definition(row)),
        "recoveryplan",
    ),
    "delete_plan": (plan, lambda service, at, row: service(plan=row, actor=at.ada), "recoveryplan"),
    "start_execution": (plan, lambda service, at, row: service(plan=row, actor=at.olga), "execution"),
    "pause_execution": (
        lambda at: tick(started(at)),
        lambda service, at, row: service(execution=row, actor=at.olga),
        "execution",
    ),
    "resume_execution": (
        stopped,
        lambda service, at, row: service(execution=row, actor=at.olga),
        "execution",
    ),
    "decide_gate": (
        stopped,
        lambda service, at, row: service(
            execution=row, gate=row.waves.last().gates.get().pk, answer="SKIP", note="Enough.", actor=at.olga
        ),
        "execution",
    ),
    "cancel_execution": (started, lambda service, at, row: service(execution=row, actor=at.olga), "execution"),
    "terminate_instances": (
        completed,
        lambda service, at, row: service(execution=row, actor=at.olga),
        "execution",
    ),
    "withdraw_termination": (
        waiting_to_be_terminated,
        lambda service, at, row: service(execution=row, actor=at.olga),
        "execution",
    ),
    "terminate_named": (
        completed,
        lambda service, at, row: service(
            instances=[run.recovery_instance_id for wave in row.waves.all() for run in wave.servers.all()],
            actor=at.olga,
        ),
        "execution",
    ),
    "remove_account": (
        lambda at: at.place,
        lambda service, at, row: service(account=row, actor=at.ada, version=None),
        "targetaccount",
    ),
    "copy_plan": (plan, lambda service, at, row: service(plan=row, actor=at.ada, name="Copy"), "recoveryplan"),
    "retry_wave": (failed, lambda service, at, row: service(execution=row, number=1, actor=at.olga), "execution"),
    "delete_executions": (ended, lambda service, at, row: service(actor=at.ada, ids=[row.pk]), "execution"),
    "issue_token": (
        lambda at: timezone.now() + timedelta(days=1),
        lambda service, at, tomorrow: service(
            owner=at.olga.user, actor=at.olga, name="Nightly", scopes=["drs:ViewResources"], expires_at=tomorrow
        ),
        "apitoken",
    ),
    "revoke_token": (
        lambda at: token(at)[0],
        lambda service, at, row: service(token=row, actor=at.olga),
        "apitoken",
    ),
    "grant": (
        lambda at: at.place,
        lambda service, at, row: service(to=at.olga.user, obj=row, level="view", actor=at.ada),
        "targetaccount",
    ),
    "revoke_grant": (
        granted,
        lambda service, at, row: service(to=at.olga.user, obj=row, actor=at.ada),
        "targetaccount",
    ),
    "save_team": (
        lambda at: Team(),
        lambda service, at, row: service(team=row, name="North", members=[at.olga.user], actor=at.ada),
        "team",
    ),
    "update_settings": (
        lambda at: 100,
        lambda service, at, days: service(actor=at.ada, version=None, drill_days=days),
        "settings",
    ),
    "delete_team": (team, lambda service, at, row: service(team=row, actor=at.ada), "team"),
    "map_groups": (
        lambda at: at.olga.user,
        lambda service, at, person: service(person, {"DRSAuditor"}, as_of=timezone.now(), actor=at.olga),
        "user",
    ),
    "admit": (
        lambda at: Identity(
            issuer="https://people.example.com",
            subject="1",
            email="paula@example.com",
            first_name="Paula",
            last_name="",
            groups=frozenset({"DRSPlanManager"}),
            as_of=timezone.now(),
        ),
        lambda service, at, identity: service(identity, at.olga),
        "user",
    ),
    "export_audit": (
        lambda at: AuditEvent.objects.all(),
        lambda service, at, events: service(events=events, kind="csv", actor=at.ada, filters={}),
        "audithead",
    ),
    "verify_audit": (lambda at: None, lambda service, at, _: service(actor=at.ada), "auditverification"),
    "export_executions": (
        lambda at: reported(),
        lambda service, at, rows: service(rows=rows, actor=at.ada, filters={"status": "FAILED"}),
        "user",
    ),
    "export_configuration": (lambda at: None, lambda service, at, _: service(actor=at.ada), "settings"),
    "import_configuration": (
        lambda at: export_configuration(actor=at.ada),
        lambda service, at, document: service(actor=at.ada, document=document, dry_run=False),
        "settings",
    ),
    "rotate_secrets": (first_key, lambda service, at, _: service(actor=at.ada), "targetaccount"),
    "receive_event": (program, lambda service, at, sender: service(actor=sender, event=event()), "receivedevent"),
    "lift_lockouts": (
        lambda at: AccessAttempt.objects.create(ip_address="192.0.2.7", failures_since_start=5),
        lambda service, at, _: service(actor=at.ada),
        "accessattempt",
    ),
    "create_administrator": (
        lambda at: "correct horse battery",
        lambda service, at, password: service(username="root", email="", password=password, actor=at.ada, another=True),
        "user",
    ),
}
# Under which name a service is in the evidence, where that is not its own.
RECORDED_AS = {
    "admit": "map_groups",
    "copy_plan": "create_plan",
    "retry_wave": "decide_gate",
    "terminate_named": "terminate_instances",
    "rotate_secrets": "rotate_secret",
    "delete_executions": "delete_execution",
    "grant": "grant_access",
    "revoke_grant": "revoke_access",
}
# What is in no AWS account.
NOWHERE = {"accessattempt", "apitoken", "audithead", "auditverification", "receivedevent", "settings", "team", "user"}


def recorded_as(name):
    """The action of a service's event."""
    return RECORDED_AS.get(name, name)


def account_in(name):
    """The account of a service's event."""
    if name == "register_account":
        return "999999999999"
    return "" if CASES[name][2] in NOWHERE else factories.TARGET
