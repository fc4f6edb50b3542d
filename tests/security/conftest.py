"""The estate with an example row of everything, and the cast."""

import logging
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from drsorch.access.grants import grant, save_team
from drsorch.access.models import OrgWideGrant, RoleGroup, Team, User
from drsorch.access.roles import Permission
from drsorch.access.tokens import issue_token
from drsorch.api import health
from drsorch.audit import retention
from drsorch.audit.models import AuditAnchor, AuditSegment
from drsorch.audit.record import record
from drsorch.audit.verified import keep
from drsorch.audit.verify import verify
from drsorch.config.services import current_settings
from drsorch.queue.models import beat
from executions.models import Gate, Job, JobEvent, Launch, Poller, Termination
from protection.models import ReceivedEvent, ServerHold
from tests import factories
from tests.access.conftest import staff
from tests.access.estate import REGION, estate
from tests.security.verdicts import SCOPES, Person


@pytest.fixture
def world(db):
    """Two accounts with what is in them."""
    return estate()


@pytest.fixture
def segment(world, ada, settings, tmp_path, monkeypatch):
    """An event that has left the audit trail with its segment."""
    with transaction.atomic():
        record(ada, "create_plan", world.north_plan)
    settings.AUDIT_ANCHOR_FILE, settings.AUDIT_SEGMENT_FOLDER = str(tmp_path / "anchor.json"), str(tmp_path)
    monkeypatch.setattr(retention, "LEAST_DAYS", 0)
    retention.close_segments(since=timezone.now())
    return AuditSegment.objects.get()


@pytest.fixture
def names(world, ada, segment):
    """The ids of an example row of everything, in the north, by the names in the paths of the matrix."""
    someone = factories.person("someone")
    team = save_team(team=Team(), name="Some team", members=[], actor=ada)
    grants = {}
    for kind, row in (("protection.account", world.north), ("protection.group", world.north_group)):
        grants |= _granted(kind, row, someone, team, ada)
    grants |= _granted("plans.plan", world.north_plan, someone, team, ada)
    tomorrow = timezone.now() + timedelta(days=1)
    with transaction.atomic():
        event = record(ada, "create_plan", world.north_plan)
    token, _ = issue_token(
        owner=someone.user, actor=ada, name="Some program", scopes=["drs:ViewResources"], expires_at=tomorrow
    )
    rows = {
        "access.user": someone.user,
        "access.rolegroup": RoleGroup.objects.get(name="DRSOperator"),
        "access.apitoken": token,
        "token": token,
        "access.team": team,
        "access.orgwidegrant": OrgWideGrant.objects.get(user=someone.user),
        "audit.auditevent": event,
        "audit.auditanchor": AuditAnchor.objects.get(),
        "audit.auditsegment": segment,
        "audit.auditverification": keep(verify(), ada),
        "protection.targetaccount": world.north,
        "protection.protectiongroup": world.north_group,
        "protection.sourceserver": world.north_server,
        "protection.receivedevent": ReceivedEvent.objects.create(event_id="e-1", rule="r"),
        "config.settings": current_settings(),
        "plans.recoveryplan": world.north_plan,
    }
    found = rows | grants | _of_execution(world) | vars(world)
    beat(name="worker", host="here", pid=1)
    return {name: row.pk for name, row in found.items()} | {
        "kind": "csv",
        "north_number": world.north.account_id,
        "north_server_id": world.north_server.source_server_id,
        "north_job_id": found["executions.job"].job_id,
        "north_instance_id": found["executions.serverrun"].recovery_instance_id,
    }


def _granted(kind, row, someone, team, ada):
    return {
        f"{kind}usergrant": grant(to=someone.user, obj=row, level="view", actor=ada),
        f"{kind}teamgrant": grant(to=team, obj=row, level="view", actor=ada),
    }


def _of_execution(world):
    run, place = world.north_run, {"account": world.north, "region": REGION}
    wave = run.waves.get()
    wave.servers.update(recovery_instance_id="i-1")
    job = Job.objects.create(**place, job_id="drsjob-1", type="LAUNCH", status="COMPLETED", created_at=timezone.now())
    run.say("It ended.", by="engine", what="end")
    hold = {"holder": run.pk, "label": str(run), "link": run.get_absolute_url(), "mode": run.mode}
    return {
        "protection.serverhold": ServerHold.objects.create(server=world.north_server, **hold),
        "executions.execution": run,
        "executions.waverun": wave,
        "executions.serverrun": wave.servers.get(),
        "executions.launch": Launch.objects.create(**place, wave=wave),
        "executions.termination": Termination.objects.create(execution=run, requested_by="ada"),
        "executions.job": job,
        "executions.jobevent": JobEvent.objects.create(job=job, event="JOB_START", digest="1"),
        "executions.event": run.events.get(),
        "executions.gate": Gate.objects.create(wave=wave, kind="FAILED", question="?", answered_at=timezone.now()),
        "executions.poller": Poller.objects.create(**place),
    }


@pytest.fixture
def enter(client, world, ada):
    """Make a person of the matrix and let them sign in; who can not, comes anonymously or with a dead session."""

    def come(person: Person):
        client.logout()
        if person.name == "anonymous":
            return client
        actor = staff(factories.person(person.name, person.role or None, everywhere=False))
        _grant(actor.user, person, world, ada)
        client.force_login(actor.user)
        if not person.can_sign_in:
            actor.user.is_active = False
            actor.user.save()
        return client

    return come


@pytest.fixture
def papers(ada, names, access_token, settings):
    """Give somebody who has entered what one asks the API with instead of a session: an API token, and a JWT.

    Who is nobody here has the number of a token and a secret made up, and a JWT of the provider for somebody else.
    """
    settings.EVENTS_ALLOWED_CIDRS = ["127.0.0.0/8"]  # it is the token that decides

    def give(person: Person, **narrowed):
        user = User.objects.filter(username=person.name).first()
        if user is None:
            return {"token": f"drs_{names['token']}_{'x' * 43}", "JWT": access_token(None)}
        rights = {"scopes": list(Permission), "expires_at": timezone.now() + timedelta(days=1)} | narrowed
        _, text = issue_token(owner=user, actor=ada, name=uuid.uuid4().hex, **rights)
        return {"token": text, "JWT": access_token(user)}

    return give


def _grant(user, person, world, ada):
    level = SCOPES[person.scope]
    if not level:
        grant(to=user, obj=world.south, level="manage", actor=ada)
    elif level == "view":
        team = save_team(team=Team(), name=f"Team of {user}", members=[user], actor=ada)
        grant(to=team, obj=world.north, level=level, actor=ada)
    else:
        grant(to=user, obj=world.north, level=level, actor=ada)


@pytest.fixture(autouse=True)
def quiet():
    """Hundreds of refusals, each with its trace, would be most of the work."""
    logger = logging.getLogger("django.request")
    logger.disabled = True
    yield
    logger.disabled = False


@pytest.fixture(autouse=True)
def patient_health(monkeypatch):
    """The worker of these tests beats once and serves no queue, however long they take."""
    for limit in ("WORKER_SILENT_AFTER", "QUEUE_LATE_AFTER"):
        monkeypatch.setattr(health, limit, timedelta(hours=1))


@pytest.fixture(autouse=True)
def roles(db):
    """The groups of the roles, also after a test that emptied the tables."""
    factories.create_roles()
    assert Group.objects.exists()
