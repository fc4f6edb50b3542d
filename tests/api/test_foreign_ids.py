"""An id in a body or a filter: that of something out of sight is answered as that of nothing, wherever it stands."""

import copy
import json
import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from rest_framework import serializers

from drsorch.access.grants import grant
from drsorch.access.roles import Permission, Role
from drsorch.api import throttles
from executions.models import Execution, Gate, Job, JobEvent, ServerRun
from protection.models import SourceServer, TargetAccount
from tests import factories
from tests.access.estate import REGION, estate
from tests.api.routes import NOBODYS, ROUTES

pytestmark = pytest.mark.django_db
IS_ID = re.compile(r"(Ids?|launchOver)$")
# What somebody says of itself, what only auditors may ask, and secrets: no objects that could be out of sight.
NO_OBJECTS = {"parentExecutionId", "tokenId", "requestId", "objectId", "externalId", "externalIds"}
FOREIGN_SERVER = "s-00000000000005007"
FOREIGN_INSTANCE, NO_INSTANCE = "i-00000000000000001", "i-00000000000000007"


def members(shape, prefix=""):
    """The members of a body or a query, also those of what it lists."""
    for name, member in shape().fields.items():
        yield prefix + name
        child = getattr(member, "child", None)
        if isinstance(child, serializers.Serializer):
            yield from members(type(child), f"{prefix}{name}[].")


def positions():
    """Every place for an id that no address shows, from the endpoints themselves."""
    for route in ROUTES:
        for name in (*members(route.spec.query), *members(route.spec.body)):
            if IS_ID.search(name) and name not in NO_OBJECTS:
                yield route, name


POSITIONS = [pytest.param(route, name, id=f"{route.method} {route.pattern} {name}") for route, name in positions()]
# Those that are refused before anybody looks at the id, since they need what is granted nowhere but everywhere.
EVERYWHERE_ONLY = {"POST /accounts", "POST /executions/delete", "GET /audit/events"}


@pytest.fixture
def world(db, aws):
    """What is in the north can be asked for in AWS; in both there are a job, a question and an instance."""
    world = estate()
    role = f"arn:aws:iam::{world.north.account_id}:role/drsorch-spoke"
    TargetAccount.objects.filter(pk=world.north.pk).update(role_arn=role, external_id="minimal-external-id")
    for account, run in ((world.north, world.north_run), (world.south, world.south_run)):
        account.regions.create(region=REGION)
        job = Job.objects.create(
            account=account, region=REGION, job_id=f"drsjob-{account.name}", created_at=timezone.now()
        )
        JobEvent.objects.create(job=job, event="JOB_START", digest="1")
        Gate.objects.create(wave=run.waves.get(), kind="FAILURE", question="?")
        Execution.objects.filter(pk=run.pk).update(status="PAUSED", ended_at=None)
    ServerRun.objects.filter(wave__execution=world.south_run).update(
        recovery_instance_id=FOREIGN_INSTANCE, source_server_id=FOREIGN_SERVER
    )
    SourceServer.objects.filter(pk=world.south_server.pk).update(source_server_id=FOREIGN_SERVER)
    return world


@pytest.fixture
def norma(world, ada, calling):
    """Manages the north, and knows nothing of the south."""
    person = factories.person("norma", everywhere=False)
    person.user.groups.set(Group.objects.filter(name__in=[Role.RECOVERY_MANAGER, Role.PLAN_MANAGER]))
    grant(to=person.user, obj=world.north, level="manage", actor=ada)
    return calling(person)


def ids(world):
    """By member: the id of something in the south, and one of nothing."""
    server = (FOREIGN_SERVER, NOBODYS["server_id"])
    return {
        "accountId": (world.south.account_id, NOBODYS["account"]),
        "accountIds": (world.south.account_id, NOBODYS["account"]),
        "planId": (world.south_plan.pk, NOBODYS["row"]),
        "executionId": (world.south_run.pk, NOBODYS["uuid"]),
        "executionIds": (world.south_run.pk, NOBODYS["uuid"]),
        "gateId": (world.south_run.waves.get().gates.get().pk, NOBODYS["row"]),
        "jobId": ("drsjob-South", NOBODYS["job_id"]),
        "protectionGroupIds": (world.south_group.pk, NOBODYS["row"]),
        "serverIds": server,
        "optionalServerIds": server,
        "launchOver": server,
        "sourceServerId": server,
        "recoveryInstanceId": (FOREIGN_INSTANCE, NO_INSTANCE),
        "instanceIds": (FOREIGN_INSTANCE, NO_INSTANCE),
    }


def address(route, world):
    """The address of what is in the north."""
    own = {
        "/accounts/": world.north.account_id,
        "/protection-groups/": world.north_group.pk,
        "/recovery-plans/": world.north_plan.pk,
        "/executions/": world.north_run.pk,
        "/drs/source-servers/": world.north_server.source_server_id,
        "/drs/job-logs/": "drsjob-North",
    }
    found = next((pk for start, pk in own.items() if route.has_id and route.path.startswith(start)), "")
    return "/api/v1" + re.sub("|".join(map(re.escape, NOBODYS.values())), str(found), route.path)


def body_of(route, world):
    """A body about the north in which only one id is to be exchanged."""
    wave = {"waveNumber": 1, "name": "A", "protectionGroupIds": [str(world.north_group.pk)]}
    account = {"accountId": world.north.account_id, "region": REGION}
    bodies = {
        "/protection-groups": {"name": "x", "serverIds": [world.north_server.source_server_id], **account},
        "/protection-groups/resolve": {**account, "tags": {"Tier": "x"}},
        "/protection-groups/{id}": {"name": "x", "serverIds": [world.north_server.source_server_id]},
        "/recovery-plans": {"name": "x", "waves": [wave]},
        "/recovery-plans/{id}": {"name": "x", "waves": [wave]},
        "/recovery-plans/{id}/execute": {"executionType": "DRILL"},
        "/executions": {"executionType": "DRILL", "planId": str(world.north_plan.pk)},
        "/executions/{id}/decide": {"gateId": "1", "answer": "RETRY"},
        "/users/tokens": {
            "name": "x",
            "scopes": [Permission.VIEW_RESOURCES],
            "expiresAt": (timezone.now() + timedelta(days=1)).isoformat(),
        },
    }
    return copy.deepcopy(bodies.get(route.pattern, {}))


def put(body, name, pk):
    """Exchange one member, which may be one of each wave."""
    last = name.rpartition(".")[2]
    for part in body["waves"] if "[]." in name else [body]:
        part[last] = [str(pk)] if last.endswith("s") or last == "launchOver" else str(pk)
    return body


def asked(caller, route, world, name, pk):
    """What is answered to an id, without the id itself; nothing is left of what was done."""
    throttles.forget()
    path, body = address(route, world), ""
    if name in dict.fromkeys(members(route.spec.query)):
        path += f"?{name}={pk}"
    else:
        body = json.dumps(put(body_of(route, world), name, pk))
    headers = {"If-Match": '"1"'} if route.spec.takes_version else {}
    headers["Idempotency-Key"] = uuid.uuid4().hex
    before = transaction.savepoint()
    answer = caller.client.generic(route.method, path, body, "application/json", headers=headers)
    transaction.savepoint_rollback(before)
    whole = answer.json()
    said = whole["data"] if answer.status_code < 300 and not route.is_write else whole.get("error")
    said = {key: value for key, value in (said or {}).items() if key != "requestId"}
    return answer.status_code, json.dumps(said).replace(str(pk), "ID")


@pytest.mark.access
@pytest.mark.parametrize(("route", "name"), POSITIONS)
def test_an_id_out_of_sight_is_answered_as_that_of_nothing(norma, world, route, name):
    foreign, nobodys = ids(world)[name.rpartition(".")[2]]

    unseen, missing = (asked(norma, route, world, name, pk) for pk in (foreign, nobodys))

    assert unseen == missing
    is_refused = unseen[0] == 403
    assert is_refused is (f"{route.method} {route.pattern}" in EVERYWHERE_ONLY), unseen


def test_there_are_as_many_positions_as_endpoints_declare():
    assert len(POSITIONS) >= 30
