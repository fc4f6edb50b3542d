"""The lists of the admin site take as long with many rows as with few: nothing of a page is asked of all rows."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from drsorch import counts
from drsorch.access import lists
from drsorch.access.grants import grant
from drsorch.access.policed import PolicedAdmin
from drsorch.access.roles import Role
from executions.models import Event, Execution, Job, JobEvent, Launch, ServerRun, WaveRun
from protection.models import TargetAccount
from tests import factories
from tests.access.conftest import staff
from tests.benchmarks.holdings import Holdings, Size
from tests.query_plans import plan_of

pytestmark = pytest.mark.django_db
MANY, PER_PAGE, MOST_QUERIES = 200, 100, 12  # executions, of which each list has more than a page
SORTED = "USE TEMP B-TREE FOR ORDER BY"
BACK = "\u2039 "  # stands before the link that leads back


def page(model):
    return reverse(f"admin:executions_{model._meta.model_name}_changelist")


@pytest.fixture
def accounts(db):
    """Two accounts that nobody asks AWS about."""
    return [TargetAccount.objects.create(account_id=f"{4 * 10**11 + n}", name=f"Account {n}") for n in range(2)]


@pytest.fixture
def granted(ada, accounts):
    """Somebody who is granted the first account."""
    person = staff(factories.person("greta", Role.RECOVERY_MANAGER, everywhere=False))
    grant(to=person.user, obj=accounts[0], level="view", actor=ada)
    return person


@pytest.fixture
def auditor(db):
    """Somebody who sees everything."""
    return staff(factories.person("anton", Role.AUDITOR))


def write(account, count, region="eu-west-1", begin=datetime(2026, 3, 1, tzinfo=UTC), **columns):
    columns = {"type": "LAUNCH", "status": "COMPLETED"} | columns
    known = Job.objects.count()
    Job.objects.bulk_create(
        Job(
            account=account,
            region=region,
            job_id=f"drsjob-{known + number}",
            created_at=begin + timedelta(minutes=number),
            **columns,
        )
        for number in range(count)
    )


def offered(client, title):
    """Return what a filter of the list of jobs offers, without its first choice, which is all."""
    found = client.get(page(Job)).context["cl"]
    choices = [list(spec.choices(found)) for spec in found.filter_specs if spec.title.startswith(title)]
    return [choice["display"] for each in choices for choice in each[1:]]


def dates(client, **chosen):
    shown = client.get(page(Job), {f"created_at__{part}": number for part, number in chosen.items()}).content.decode()
    bar = shown.partition('<nav class="toplinks">')[2].partition("</nav>")[0]
    return [unescape(line).lstrip(BACK) for line in map(str.strip, re.sub(r"<[^>]+>", "", bar).splitlines()) if line]


@pytest.mark.parametrize("who", ["auditor", "granted"])
def test_every_query_for_the_rows_of_a_list_is_limited(client, ada, who, request, monkeypatch):
    monkeypatch.setattr(counts, "COUNTED", 150)
    holdings = Holdings(Size(MANY), ada.user)
    holdings.write()
    if who == "granted":
        person = staff(factories.person("greta", Role.RECOVERY_MANAGER, everywhere=False))
        for account in holdings.accounts:
            grant(to=person.user, obj=account, level="view", actor=ada)
    else:
        person = request.getfixturevalue(who)
    client.force_login(person.user)

    for model in (Event, Execution, Job, JobEvent, Launch, ServerRun, WaveRun):
        client.get(page(model))
        with CaptureQueriesContext(connection) as asked:
            found = client.get(page(model)).context["cl"]
        mine = [each["sql"] for each in asked if f'FROM "{model._meta.db_table}"' in each["sql"]]
        assert len(found.result_list) == PER_PAGE < found.result_count, model
        assert [sql for sql in mine if " LIMIT " not in sql] == [], model
        assert len(asked) <= MOST_QUERIES, model
        if connection.vendor == "sqlite":  # PostgreSQL sorts what is little
            assert [sql for sql in mine if SORTED in plan_of(sql)] == [], model


def test_a_list_says_when_it_has_more_rows_than_its_pages_show(client, auditor, accounts, monkeypatch):
    monkeypatch.setattr(counts, "COUNTED", 110)
    client.force_login(auditor.user)
    write(accounts[0], 110)
    whole = client.get(page(Job)).content.decode()

    write(accounts[0], 1, begin=datetime(2025, 1, 1, tzinfo=UTC))
    cut = client.get(page(Job)).content.decode()

    assert "110 DRS jobs" in whole
    assert "more than" not in whole
    assert "more than 110 DRS jobs" in cut
    assert "Narrow the list" in cut
    assert dates(client) == ["2025", "2026"]
    assert "more than 110 results" in client.get(page(Job), {"q": "drsjob"}).content.decode()
    assert len(client.get(page(Job), {"p": 2}).context["cl"].result_list) == 10
    narrowed = client.get(page(Job), {"created_at__year": 2025})
    assert [job.job_id for job in narrowed.context["cl"].result_list] == ["drsjob-110"]


def test_the_history_of_the_console_says_it_too(client, ada, monkeypatch):
    monkeypatch.setattr(counts, "COUNTED", 150)
    Holdings(Size(MANY), ada.user).write()
    client.force_login(ada.user)

    assert "1 to 50 of more than 150" in client.get("/executions/?show=history").content.decode()


def test_the_dates_from_the_first_to_the_last_lead_to_their_rows(client, auditor, accounts):
    client.force_login(auditor.user)
    assert dates(client) == []
    write(accounts[0], 1, begin=datetime(2024, 11, 29, tzinfo=UTC))
    write(accounts[0], 1, begin=datetime(2024, 12, 1, tzinfo=UTC))
    assert dates(client) == ["All dates", "November 2024", "December 2024"]

    write(accounts[0], 1, begin=datetime(2026, 3, 4, tzinfo=UTC))

    assert dates(client) == ["2024", "2025", "2026"]
    assert dates(client, year=2024, month=11) == ["2024", "November 29"]
    assert dates(client, year=2025) == ["All dates"]
    assert len(client.get(page(Job), {"created_at__year": 2024}).context["cl"].result_list) == 2


def test_filters_offer_what_the_newest_rows_in_sight_have(client, auditor, granted, accounts, monkeypatch):
    write(accounts[0], 1, region="us-east-1", type="TERMINATE")
    write(accounts[0], 2, region="eu-west-1")
    write(accounts[1], 2, region="eu-north-1", status="STARTED")

    client.force_login(granted.user)
    assert offered(client, "region") == ["eu-west-1", "us-east-1"]
    assert offered(client, "status") == ["COMPLETED"]
    assert offered(client, "account") == []  # one is no choice
    client.force_login(auditor.user)
    assert offered(client, "region") == ["eu-north-1", "eu-west-1", "us-east-1"]
    assert [name.split(" (")[0] for name in offered(client, "account")] == ["Account 0", "Account 1"]

    monkeypatch.setattr(lists, "COUNTED", 4)
    assert offered(client, "region") == ["eu-north-1", "eu-west-1"]
    assert offered(client, "type (of the newest 4)") == ["LAUNCH"]
    assert len(client.get(page(Job), {"region": "us-east-1"}).context["cl"].result_list) == 1


def test_what_comes_with_time_is_listed_from_its_newest_row(rf, auditor):
    begins = {}
    for model, listed in admin.site._registry.items():
        if isinstance(listed, PolicedAdmin) and (listed.date_hierarchy or model in (Launch, ServerRun)):
            request = rf.get("/")
            request.user, request.actor = auditor.user, auditor
            changes = listed.get_changelist_instance(request)
            begins[model.__name__] = changes.get_ordering(request, changes.queryset)[0]

    assert len(begins) >= 15
    assert [name for name, first in begins.items() if not first.startswith("-")] == []
