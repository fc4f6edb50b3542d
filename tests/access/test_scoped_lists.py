"""Lists of people to whom single objects are granted: a fixed number of queries, and no row more than is granted."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from drsorch.access import policy
from drsorch.access.grants import grant
from drsorch.access.roles import Role
from executions.models import Job, ServerRun
from tests import factories
from tests.access.conftest import staff
from tests.access.estate import account, estate, group, plan, run

pytestmark = pytest.mark.django_db
LISTS = [
    "/plans/",
    "/executions/?show=history",
    "/admin/protection/targetaccount/",
    "/admin/protection/protectiongroup/",
    "/admin/protection/sourceserver/",
    "/admin/plans/recoveryplan/",
    "/admin/executions/execution/",
    "/admin/executions/serverrun/",
    "/account/profile",
]


@pytest.fixture
def oscar(ada):
    """Operates what is granted, and may use the admin site."""
    return staff(factories.person("oscar", Role.OPERATOR, everywhere=False))


def more(first, last, oscar, ada):
    """So many accounts, each with a group, a server, a plan and an execution, granted."""
    for number in range(first, last):
        place = account(500000000000 + number, f"Account {number}")
        row, server = group(place, f"group-{number}")
        run(plan(f"Plan {number}", row), server)
        grant(to=oscar.user, obj=place, level="view", actor=ada)


def test_the_number_of_queries_does_not_depend_on_the_rows_nor_on_the_grants(client, oscar, ada):
    client.force_login(oscar.user)

    def queries():
        found = {}
        for address in LISTS:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            found[address] = len(captured)
        return found

    more(0, 2, oscar, ada)
    few = queries()
    more(2, 50, oscar, ada)
    assert queries() == few


def test_who_sees_a_server_or_a_job_is_told_without_its_execution_being_read(oscar, ada):
    grant(to=oscar.user, obj=estate().north, level="view", actor=ada)

    for model in (ServerRun, Job):
        seen = policy.scope(oscar, model.objects.all()).query
        assert [table for table, uses in seen.alias_refcount.items() if uses] == [model._meta.db_table]


def test_nothing_of_what_is_not_granted_is_in_a_list_its_filters_or_its_counts(client, oscar, ada):
    world = estate()
    grant(to=oscar.user, obj=world.north, level="manage", actor=ada)
    client.force_login(oscar.user)

    for address in LISTS:
        page = client.get(address).content.decode()
        assert "South" not in page, address
        assert "south" not in page, address
        assert "333333333333" not in page, address
    assert "1 recovery plan" in client.get("/admin/plans/recoveryplan/").content.decode()
