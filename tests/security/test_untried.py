"""What asks AWS, or takes away what others are tried on: that whoever may is let past is shown here, one by one."""

import pytest
from django.db import transaction

from drsorch.access.roles import Role
from protection import inventory
from protection.models import TargetAccount
from tests.access.estate import REGION
from tests.security.everything import EVERYTHING
from tests.security.verdicts import ALLOWED, Person, answered, expected

pytestmark = pytest.mark.django_db
# The least able first: of them, whoever may by the matrix.
CAST = [
    *(Person(role.name.lower(), role, "manage") for role in (Role.READ_ONLY, Role.OPERATOR, Role.PLAN_MANAGER)),
    Person("recovery_manager", Role.RECOVERY_MANAGER, "manage"),
    Person("admin", Role.ADMIN, "elsewhere"),
]
UNTRIED = [row for row in EVERYTHING if row.is_untried]


@pytest.fixture
def names(names, world, aws):
    """Those of the matrix; AWS knows the server."""
    role = f"arn:aws:iam::{world.north.account_id}:role/drsorch-spoke"
    TargetAccount.objects.filter(pk=world.north.pk).update(role_arn=role, external_id="minimal-external-id")
    inventory.sync_region(TargetAccount.objects.get(pk=world.north.pk).regions.create(region=REGION))
    known = world.north.servers.exclude(pk=world.north_server.pk).first()
    return names | {"north_server_id": known.source_server_id}


@pytest.mark.parametrize("row", UNTRIED, ids=lambda row: f"{row.method} {row.path}")
def test_whoever_may_is_let_past(enter, names, row):
    able = [person for person in CAST if expected(row, person) == ALLOWED]
    assert able, "nobody may"

    for person in able:
        client = enter(person)
        before = transaction.savepoint()
        assert answered(client, row, names) == ALLOWED, person.name
        transaction.savepoint_rollback(before)


def test_there_are_such_rows():
    assert len(UNTRIED) >= 8
