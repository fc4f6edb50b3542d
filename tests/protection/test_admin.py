"""The admin of accounts and groups: through the services, with their sentences on the form."""

import logging
import uuid

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from drsorch.access.roles import Role
from protection import inventory, services
from protection.models import AccountRegion, ProtectionGroup, ServerHold, SourceServer, TargetAccount
from tests import factories
from tests.access.conftest import staff
from tests.protection.making import described

pytestmark = pytest.mark.django_db
ACCOUNTS = "/admin/protection/targetaccount/"
GROUPS = "/admin/protection/protectiongroup/"
ACCOUNT_FORM = {
    "account_id": factories.TARGET,
    "name": "Target",
    "partition": "aws",
    "role_arn": f"arn:aws:iam::{factories.TARGET}:role/drsorch-spoke",
    "given_external_id": "minimal-external-id",
    "tag_jobs": "on",
    "regions": ["us-east-1", "us-west-2"],
}
NO_ROWS = {
    f"regions-{name}": value
    for name, value in {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 0}.items()
}


@pytest.fixture
def ada_online(ada, client):
    """A browser in which ada, the administrator, is signed in."""
    client.force_login(staff(ada).user)
    return client


@pytest.fixture
def account(ada):
    """An account with three servers in its first Region, written without asking AWS."""
    row = services.register_account(actor=ada, account_id=factories.HUB, name="Hub", regions=["us-east-1", "us-west-2"])
    inventory.upsert(row, "us-east-1", [described(number) for number in (1, 2, 3)], timezone.now())
    inventory.upsert(row, "us-west-2", [described(4)], timezone.now())
    return row


@pytest.fixture
def group(account):
    """A group of the first server."""
    row = ProtectionGroup.objects.create(name="Databases", account=account, region="us-east-1")
    SourceServer.objects.filter(hostname="host-1").update(group=row)
    return row


def sentences(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def errors(response):
    """What the form says is wrong."""
    form = response.context["adminform"].form
    return [sentence for found in form.errors.values() for sentence in found]


def group_form(group, **differences):
    fields = {"name": group.name, "description": "", "tier": "", "rto_minutes": "", "rpo_minutes": ""}
    fields["server_ids"] = [server.source_server_id for server in group.servers.all()]
    return {**fields, "seen_version": group.version, **differences}


def test_an_account_with_a_given_external_id_is_registered_and_the_id_is_never_shown(ada_online):
    response = ada_online.post(f"{ACCOUNTS}add/", ACCOUNT_FORM, follow=True)

    account = TargetAccount.objects.get()
    assert account.external_id == "minimal-external-id"
    assert set(account.regions.values_list("region", flat=True)) == {"us-east-1", "us-west-2"}
    assert "minimal-external-id" not in response.content.decode()
    assert "minimal-external-id" not in ada_online.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()


def test_a_new_external_id_is_shown_once_with_what_to_do_with_it(ada_online):
    response = ada_online.post(f"{ACCOUNTS}add/", {**ACCOUNT_FORM, "given_external_id": ""})

    account = TargetAccount.objects.get()
    page = response.content.decode()
    assert account.external_id in page
    assert "trust policy of the role" in page
    assert account.role_arn in page
    assert account.external_id not in str(response.cookies)
    for later in (f"{ACCOUNTS}{account.pk}/change/", ACCOUNTS):
        assert account.external_id not in ada_online.get(later).content.decode()


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        ({"account_id": "12"}, "An AWS account id has 12 digits."),
        ({"role_arn": "arn:aws:iam::333333333333:role/x"}, "is not in account 222222222222"),
        ({"partition": "aws-us-gov", "role_arn": ""}, "DRS is not offered in us-east-1, us-west-2"),
        ({"regions": ["moon-1"]}, "moon-1 is not one of the available choices"),
    ],
)
def test_a_wrong_account_is_an_error_of_the_form_and_nothing_is_written(ada_online, differences, sentence):
    response = ada_online.post(f"{ACCOUNTS}add/", {**ACCOUNT_FORM, **differences})

    assert response.status_code == 200
    assert any(sentence in found for found in errors(response))
    assert not TargetAccount.objects.exists()
    assert "minimal-external-id" not in response.content.decode()


def test_an_account_is_changed_by_its_service_and_a_stale_page_changes_nothing(ada_online, account):
    page = f"{ACCOUNTS}{account.pk}/change/"
    form = {"name": "Renamed", "role_arn": "", "given_external_id": "", "tag_jobs": "on", "regions": ["us-east-1"]}
    form |= {"seen_version": account.version, **NO_ROWS}
    secret = account.external_id

    ada_online.post(page, form)
    response = ada_online.post(page, {**form, "name": "Again"})

    assert any("was changed by someone else" in sentence for sentence in errors(response))
    account.refresh_from_db()
    assert (account.name, account.version, account.external_id) == ("Renamed", 2, secret)
    assert account.regions.filter(is_enabled=True).count() == 1


def test_the_page_of_an_account_shows_how_its_regions_are(ada_online, account):
    AccountRegion.objects.filter(region="us-west-2").update(last_error="DescribeSourceServers was denied.")

    page = ada_online.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()
    listed = ada_online.get(ACCOUNTS).content.decode()

    assert "DescribeSourceServers was denied." in page
    assert "us-west-2 (failed)" in listed


def test_validation_asks_aws_and_says_what_it_found(aws, ada_online):
    ada_online.post(f"{ACCOUNTS}add/", ACCOUNT_FORM)
    account = TargetAccount.objects.get()
    action = {"action": "validate_now", "_selected_action": [account.pk]}

    response = ada_online.post(ACCOUNTS, action)
    assert "Target (222222222222): valid. " in sentences(response)

    aws.fault(kind="denied", operation="DescribeSourceServers")
    response = ada_online.post(ACCOUNTS, action)
    assert "Target (222222222222): invalid. " in sentences(response)[-1]
    assert "DescribeSourceServers" in sentences(response)[-1]


def test_a_synchronisation_is_asked_of_the_worker(ada_online, account):
    response = ada_online.post(ACCOUNTS, {"action": "synchronise_now", "_selected_action": [account.pk]})

    assert sentences(response) == ["Hub (111111111111): the worker synchronises 2 Regions now."]
    assert OrmQ.objects.count() == 2


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
    assert in_transaction == [False]


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
