"""Another point in time for single servers, on the start page: chosen server by server, without a script."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from drsorch.audit.models import AuditEvent
from drsorch.errors import Invalid
from executions import snapshots
from executions.models import Execution, ServerRun
from executions.page.points import Point
from tests import factories
from tests.executions.test_start_page import as_olga, text, url

__all__ = ["as_olga", "url"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def both(place):
    """The two servers of the plan."""
    return factories.servers(place, tier="-db-")


def offered(client, url, server, **more):
    """The page with the snapshots of `server`."""
    return client.post(url, {"mode": "DRILL", "action": "snapshots", "server": server.source_server_id, **more})


def values(answer, kind="radio"):
    """The values of the choices on the page, with a mark on those that are made."""
    page = answer if isinstance(answer, str) else text(answer)
    found = re.findall(rf'<input type="{kind}" id="[^"]*" name="snapshot" value="([^"]*)"( checked)?', page)
    return {value: bool(checked) for value, checked in found}


def started():
    return {row.source_server_id: row.snapshot_id for row in ServerRun.objects.all()}


def test_the_snapshots_of_one_server_are_asked_for_alone_and_shown_with_their_age(as_olga, url, both, aws):
    assert 'name="snapshot"' not in text(as_olga.get(url))
    aws.reset_requests()

    shown = offered(as_olga, url, both[0], reason="Quarterly")

    assert {name: count for name, count in aws.requests()["total"].items() if name.startswith("drs.")} == {
        "drs.DescribeRecoverySnapshots": 1
    }
    as_others, latest, *points = values(shown)
    assert (as_others, latest) == ("", f"{both[0].source_server_id} latest -")
    times = [Point.read(value).taken_at for value in points]
    assert len(times) > 20
    assert times == sorted(times, reverse=True)
    assert "min" in re.search(r"UTC</time> <span class=\"muted\">\S+ ([^<]*) old", text(shown)).group(1)
    assert f"Show {len(times) - 12} older" in text(shown)
    assert 'value="Quarterly"' in text(shown)
    assert not Execution.objects.exists()


def test_where_the_clock_of_drs_is_another_the_page_says_what_it_says(as_olga, url, both, aws):
    assert "DRS's clock says" not in text(offered(as_olga, url, both[0]))
    aws.advance(5 * 3600)

    shown = text(offered(as_olga, url, both[0]))

    assert re.search(rf"DRS's clock says <time datetime=\"{timezone.now() + timedelta(hours=5):%Y-%m-%dT}", shown)
    newest = Point.read(list(values(shown))[2]).taken_at
    assert newest > timezone.now() + timedelta(hours=4)
    age = re.search(r"UTC</time> <span class=\"muted\">\S+ (\d+) min \d+ s old", shown).group(1)
    assert int(age) <= 20


def test_servers_are_launched_from_what_was_chosen_for_each(as_olga, url, both):
    first, second = both
    third = list(values(offered(as_olga, url, first)))[4]
    after = offered(as_olga, url, second, snapshot=third)
    assert values(after, "checkbox") == {third: True}
    assert f"{first.name}: the snapshot of " in text(after)
    assert values(offered(as_olga, url, first, snapshot=third))[third]  # and can be chosen anew

    assert as_olga.post(url, {"mode": "DRILL", "key": "k", "snapshot": [third, ""]}).status_code == 302

    assert started() == {first.source_server_id: Point.read(third).snapshot_id, second.source_server_id: ""}


def test_a_time_for_all_leaves_out_the_servers_for_which_something_else_was_chosen(as_olga, url, both):
    first, second = both
    wanted = timezone.now() - timedelta(hours=3)
    kept = Point(second.source_server_id).value
    form = {"mode": "DRILL", "key": "k", "at": f"{wanted:%Y-%m-%dT%H:%M}", "snapshot": kept}
    refused = as_olga.post(url, {**form, "mode": "RECOVERY"})
    assert values(refused, "checkbox") == {kept: True}
    assert f"{second.name}: its latest state" in text(refused)

    as_olga.post(url, form)

    at = Execution.objects.get().point_in_time
    assert at == wanted.replace(second=0, microsecond=0)
    chosen = started()
    assert chosen[second.source_server_id] == ""
    assert chosen[first.source_server_id] == snapshots.choose([first], at)[0][first.pk].snapshot_id
    audited = AuditEvent.objects.get(action="start_execution").detail["point_in_time"]
    assert audited == f"{at}, {second.source_server_id}: latest"


def test_a_snapshot_that_drs_has_no_more_is_a_problem_and_the_choice_stays(as_olga, url, both):
    gone = Point(both[0].source_server_id, "pit-0000000000000dead", timezone.now()).value
    refused = as_olga.post(url, {"mode": "DRILL", "key": "k", "snapshot": gone})

    assert refused.status_code == 409
    assert f"{both[0].name} has no complete snapshot pit-0000000000000dead." in text(refused)
    assert values(refused, "checkbox") == {gone: True}


@pytest.mark.parametrize("written", ["s-1", "s-1 pit-1 yesterday", "s-1 latest - -"])
def test_what_nobody_has_offered_is_refused(as_olga, url, written):
    refused = as_olga.post(url, {"mode": "DRILL", "key": "k", "snapshot": written})

    assert refused.status_code == 400
    assert "A chosen snapshot could not be read. Choose it again." in text(refused)


def test_only_servers_of_the_plan_are_asked_about_and_only_by_who_may_start(as_olga, client, url, place, vera, aws):
    stranger = factories.servers(place, tier="-web-")[0]
    aws.reset_requests()
    assert "Choose a server of the plan" in text(offered(as_olga, url, stranger))
    assert "Choose a server of the plan" in text(as_olga.post(url, {"action": "snapshots", "server": ""}))

    client.force_login(vera.user)
    assert offered(client, url, factories.servers(place, tier="-db-")[0]).status_code == 403
    assert aws.requests()["total"] == {}


def test_when_drs_cannot_be_asked_the_page_says_why_and_what_was_written_stays(as_olga, url, both, aws):
    aws.fault(kind="denied", operation="DescribeRecoverySnapshots")
    kept = Point(both[1].source_server_id).value
    refused = offered(as_olga, url, both[0], snapshot=kept)

    assert refused.status_code == 502
    assert "DescribeRecoverySnapshots" in text(refused)
    assert values(refused, "checkbox") == {kept: True}


def test_the_page_of_a_large_plan_asks_no_more_of_the_database_than_that_of_a_small_one(
    as_olga, ada, place, both, django_assert_max_num_queries
):
    plan = factories.three_tiers(ada, place)
    with django_assert_max_num_queries(40):
        offered(as_olga, reverse("executions:start", args=[plan.pk]), both[0])


def test_a_point_in_time_for_others_is_checked_as_one_for_all(both):
    later = {snapshots.EVERY_OTHER: timezone.now() + timedelta(days=1)}

    with pytest.raises(Invalid, match="is in the future"):
        snapshots.choose(both, later)
