"""The admin of groups: through the services, with their sentences on the form; of accounts too, what auditors see."""

import logging
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from drsorch.access.roles import Role
from protection import inventory
from protection.models import ProtectionGroup, ServerHold, SourceServer
from tests import factories
from tests.access.conftest import staff
from tests.protection.admin_pages import ACCOUNTS, GROUPS, errors, sentences
from tests.protection.making import described

pytestmark = pytest.mark.django_db


def group_form(group, **differences):
    fields = {"name": group.name, "description": "", "tier": "", "rto_minutes": "", "rpo_minutes": ""}
    fields["server_ids"] = [server.source_server_id for server in group.servers.all()]
    return {**fields, "seen_version": group.version, **differences}


def test_an_auditor_sees_accounts_and_groups_and_changes_neither(client, account, group):
    anton = staff(factories.person("anton", Role.AUDITOR))
    client.force_login(anton.user)

    for page in (f"{ACCOUNTS}{account.pk}/change/", f"{GROUPS}{group.pk}/change/"):
        content = client.get(page).content.decode()
        assert "_save" not in content
        assert "deletelink" not in content
        assert client.post(page, {"name": "Mallory"}).status_code == 403
    assert "host-1" in client.get(f"{GROUPS}{group.pk}/change/").content.decode()
    assert "validate_now" not in client.get(ACCOUNTS).content.decode()
    assert client.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_new_group_begins_with_the_question_where(ada_online, account):
    page = ada_online.get(f"{GROUPS}add/").content.decode()

    for place in account.regions.all():
        assert f'href="?place={place.pk}"' in page


def test_the_picker_offers_the_servers_of_that_account_and_region_and_says_which_are_taken(ada_online, account, group):
    place = account.regions.get(region="us-east-1")

    form = ada_online.get(f"{GROUPS}add/?place={place.pk}").context["adminform"].form

    assert [label for _, label in form.fields["server_ids"].choices] == [
        f"host-1 (s-{1:017x}), in Databases",
        f"host-2 (s-{2:017x})",
        f"host-3 (s-{3:017x})",
    ]


def test_a_group_is_added_where_the_address_says(aws, ada_online, place):
    servers = [server.source_server_id for server in factories.servers(place, tier="-db-")]
    where = place.regions.get(region=factories.REGION)

    ada_online.post(f"{GROUPS}add/?place={where.pk}", {"name": "Databases", "server_ids": servers})

    group = ProtectionGroup.objects.get()
    assert (group.account, group.region, group.servers.count()) == (place, factories.REGION, 2)


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_aws_is_asked(aws, ada_online, place):
    server = factories.servers(place, tier="-db-")[0]
    where = place.regions.get(region=factories.REGION)
    in_transaction = []

    class Watch(logging.Handler):
        def emit(self, record):
            in_transaction.append(connection.in_atomic_block)

    watch = Watch()
    logging.getLogger("drsorch.aws").addHandler(watch)
    ada_online.post(f"{GROUPS}add/?place={where.pk}", {"name": "New", "server_ids": [server.source_server_id]})
    logging.getLogger("drsorch.aws").removeHandler(watch)

    assert ProtectionGroup.objects.get().name == "New"
    assert set(in_transaction) == {False}


def test_a_change_of_words_does_not_ask_aws(ada_online, group):
    response = ada_online.post(f"{GROUPS}{group.pk}/change/", group_form(group, name="Renamed"))

    assert response.status_code == 302
    group.refresh_from_db()
    assert (group.name, group.version, group.servers.count()) == ("Renamed", 2, 1)


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        ({"seen_version": 7}, "Databases was changed by someone else. Reload it and try again."),
        ({"name": ""}, "This field is required."),
        ({"rto_minutes": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_wrong_change_is_an_error_of_the_form(ada_online, group, differences, sentence):
    response = ada_online.post(f"{GROUPS}{group.pk}/change/", group_form(group, **differences))

    assert any(sentence in found for found in errors(response))
    group.refresh_from_db()
    assert (group.name, group.version) == ("Databases", 1)


def test_a_group_in_use_is_neither_changed_nor_deleted(ada_online, group):
    ServerHold.objects.create(
        server=group.servers.get(), holder=uuid.uuid4(), label="Drill of Billing (1234)", mode="D"
    )

    changed = ada_online.post(f"{GROUPS}{group.pk}/change/", group_form(group, name="Renamed"))
    deleted = ada_online.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"})

    sentence = "is in use by Drill of Billing (1234)"
    assert any(sentence in found for found in errors(changed))
    assert sentence in sentences(deleted)[0]
    assert deleted.headers["Location"] == reverse("admin:protection_protectiongroup_change", args=[group.pk])
    group.refresh_from_db()
    assert (group.name, group.version) == ("Databases", 1)


def test_a_group_that_no_plan_uses_is_deleted_after_a_question(ada_online, group):
    page = f"{GROUPS}{group.pk}/delete/"
    assert b"Are you sure" in ada_online.get(page).content

    ada_online.post(page, {"post": "yes"})

    assert not ProtectionGroup.objects.exists()
    assert SourceServer.objects.get(hostname="host-1").group is None


def test_the_lists_take_the_same_queries_for_two_rows_and_fifty(ada_online, account):
    lists = [
        reverse(f"admin:protection_{name}_changelist") for name in ("sourceserver", "protectiongroup", "serverhold")
    ]

    def grow(first, last):
        inventory.upsert(account, "us-east-1", [described(number) for number in range(first, last)], timezone.now())
        for server in SourceServer.objects.filter(group=None, hostname__startswith="host-1"):
            server.group = ProtectionGroup.objects.create(name=server.hostname, account=account, region="us-east-1")
            server.save()
            ServerHold.objects.create(server=server, holder=uuid.uuid4(), label="Drill", mode="DRILL")

    def queries():
        counts = []
        for page in [*lists, ACCOUNTS]:
            with CaptureQueriesContext(connection) as found:
                assert ada_online.get(page).status_code == 200
            counts.append(len(found))
        return counts

    grow(10, 12)
    few = queries()
    grow(100, 150)
    assert ServerHold.objects.count() > 50
    assert queries() == few
