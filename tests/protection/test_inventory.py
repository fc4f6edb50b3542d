"""The inventory: written in bulk, kept when AWS fails, and honest about servers that are gone."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from protection import inventory, tasks
from protection.models import ServerTag, SourceServer
from tests import factories
from tests.protection.making import described

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(ada):
    """An account that nobody has looked at yet."""
    return factories.protection.register_account(
        actor=ada,
        account_id=factories.TARGET,
        name="Target",
        regions=[factories.REGION, factories.OTHER_REGION],
        role_arn=f"arn:aws:iam::{factories.TARGET}:role/drsorch-spoke",
        external_id="minimal-external-id",
    )


@pytest.fixture
def place(account):
    """Its first Region."""
    return account.regions.get(region=factories.REGION)


def write(account, servers):
    with transaction.atomic():
        inventory.upsert(account, factories.REGION, servers, timezone.now())


def tags():
    return set(ServerTag.objects.values_list("server__hostname", "key", "value"))


def test_a_synchronisation_brings_every_server_with_its_tags(aws, place):
    assert inventory.sync_region(place) == 6

    server = SourceServer.objects.get(hostname="target-use1-db-1")
    assert (server.replication_state, server.region) == ("CONTINUOUS", factories.REGION)
    assert dict(server.tags.values_list("key", "value"))["Tier"] == "db"
    place.refresh_from_db()
    assert place.last_synced_at
    assert place.last_error == ""


def test_a_second_synchronisation_changes_rows_and_adds_none(aws, place):
    inventory.sync_region(place)
    before = set(SourceServer.objects.values_list("pk", flat=True))

    inventory.sync_region(place)

    assert set(SourceServer.objects.values_list("pk", flat=True)) == before


def test_a_server_that_drs_no_longer_shows_is_marked_and_unmarked_when_it_is_back(aws, place, account):
    inventory.sync_region(place)
    write(account, [described(1)])
    stranger = SourceServer.objects.get(hostname="host-1")

    inventory.sync_region(place)
    stranger.refresh_from_db()
    assert stranger.missing_since
    assert SourceServer.objects.present().count() == 6

    write(account, [described(1)])
    stranger.refresh_from_db()
    assert stranger.missing_since is None


def test_since_when_a_server_is_missing_does_not_move(aws, place, account):
    write(account, [described(1)])
    inventory.sync_region(place)
    since = SourceServer.objects.get(hostname="host-1").missing_since

    inventory.sync_region(place)

    assert SourceServer.objects.get(hostname="host-1").missing_since == since


def test_servers_of_other_regions_are_not_missed(aws, place, account):
    inventory.sync_region(account.regions.get(region=factories.OTHER_REGION))

    inventory.sync_region(place)

    assert not SourceServer.objects.exclude(missing_since=None).exists()


def test_tags_are_added_changed_and_taken_away_and_the_others_stay_untouched(account):
    write(account, [described(1, tags={"Keep": "a", "Change": "b", "Drop": "c"})])
    kept = ServerTag.objects.get(key="Keep").pk

    write(account, [described(1, tags={"Keep": "a", "Change": "B", "New": ""})])

    assert tags() == {("host-1", "Keep", "a"), ("host-1", "Change", "B"), ("host-1", "New", "")}
    assert ServerTag.objects.get(key="Keep").pk == kept


def test_a_server_keeps_its_group_through_a_synchronisation(aws, place, account, ada):
    inventory.sync_region(place)
    group = factories.group(ada, account, "db")

    inventory.sync_region(place)

    assert {server.hostname for server in group.servers.all()} == {"target-use1-db-1", "target-use1-db-2"}


def queries_to_write(account, numbers):
    with CaptureQueriesContext(connection) as first:
        write(account, [described(number) for number in numbers])
    with CaptureQueriesContext(connection) as second:
        write(account, [described(number, lag_seconds=5, tags={"Name": "new"}) for number in numbers])
    return len(first), len(second)


def test_two_servers_and_thirty_take_the_same_number_of_queries(account):
    assert queries_to_write(account, range(1, 3)) == queries_to_write(account, range(11, 41))


def test_thousands_of_servers_take_a_few_queries_for_each_batch_and_none_for_each_server(account):
    assert sum(queries_to_write(account, range(1, 501))) < 200


@pytest.mark.parametrize("fault", ["denied", "error_before"])
def test_what_goes_wrong_is_kept_as_the_state_of_the_region_and_the_servers_stay(aws, place, fault):
    inventory.sync_region(place)
    synced_at = SourceServer.objects.first().synced_at
    aws.fault(kind=fault, operation="DescribeSourceServers", region=factories.REGION)

    assert inventory.sync_region(place) == 0

    place.refresh_from_db()
    assert "DescribeSourceServers" in place.last_error
    assert factories.REGION in place.last_error
    assert place.last_error_at
    assert SourceServer.objects.present().count() == 6
    assert SourceServer.objects.first().synced_at == synced_at


def test_a_region_that_fails_does_not_stop_the_others(aws, account):
    aws.fault(kind="denied", operation="DescribeSourceServers", region=factories.REGION)

    for place in account.regions.all():
        tasks.sync_region(place.pk)

    errors = {place.region: bool(place.last_error) for place in account.regions.all()}
    assert errors == {factories.REGION: True, factories.OTHER_REGION: False}
    assert SourceServer.objects.filter(region=factories.OTHER_REGION).count() == 6


def test_an_error_is_forgotten_when_the_region_answers_again(aws, place):
    aws.fault(kind="denied", operation="DescribeSourceServers")
    inventory.sync_region(place)
    aws.clear_faults()

    inventory.sync_region(place)

    place.refresh_from_db()
    assert (place.last_error, place.last_error_at) == ("", None)


def test_a_region_that_is_not_initialised_says_so_and_keeps_no_false_picture(aws, account):
    place = account.regions.create(region="eu-north-1")

    inventory.sync_region(place)

    place.refresh_from_db()
    assert place.is_initialized is False
    assert place.last_error


def test_a_disabled_region_is_left_alone(aws, place):
    place.is_enabled = False
    place.save()

    tasks.sync_region(place.pk)

    assert not SourceServer.objects.exists()


def test_the_schedule_rings_once_for_each_enabled_region(place):
    place.is_enabled = False
    place.save()

    tasks.sync_inventory()

    package = SignedPackage.loads(OrmQ.objects.get().payload)
    other = place.account.regions.get(region=factories.OTHER_REGION)
    assert (package["func"], package["args"]) == ("protection.tasks.sync_region", (other.pk,))


def test_many_regions_are_asked_for_one_after_the_other_so_that_the_engine_is_not_kept_waiting(place):
    tasks.sync_inventory()

    first, second = OrmQ.objects.order_by("lock")
    assert (second.lock - first.lock).total_seconds() == pytest.approx(tasks.APART_SECONDS, abs=0.2)
