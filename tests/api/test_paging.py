"""Lists: pages by key, counts, orderings, and the same few queries whatever their length."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drsorch import counts
from drsorch.access import sessions
from drsorch.access.models import ApiToken
from executions.models import AccountSet, Execution, ExecutionTag, Job, ServerRun
from plans.models import RecoveryPlan, Wave, WaveGroup
from protection.models import AccountRegion, ProtectionGroup, ServerTag, SourceServer, TargetAccount
from tests import factories
from tests.benchmarks.holdings import Holdings, Size

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def fill(actor, count, first=0):
    """Write `count` rows of each kind, each with what belongs to it."""
    for number in range(first, first + count):
        account = TargetAccount.objects.create(account_id=f"{number:012}", name=f"A{number:03}")
        AccountRegion.objects.create(account=account, region="us-east-1")
        group = ProtectionGroup.objects.create(name=f"G{number:03}", account=account, region="us-east-1")
        server = SourceServer.objects.create(
            account=account,
            region="us-east-1",
            source_server_id=f"s-{number:017x}",
            hostname=f"h{number:03}",
            group=group,
            synced_at=NOW,
        )
        ServerTag.objects.create(server=server, key="Name", value="x")
        plan = RecoveryPlan.objects.create(name=f"P{number:03}")
        wave = Wave.objects.create(plan=plan, number=1, name="One")
        WaveGroup.objects.create(wave=wave, group=group)
        execution = Execution.objects.create(
            plan=plan,
            plan_name=plan.name,
            plan_version=1,
            ran_in=AccountSet.of([(account.pk, "us-east-1")]),
            mode="DRILL",
            status="COMPLETED",
            initiator="olga",
            source="API",
            created_at=NOW - timedelta(minutes=number),
            ended_at=NOW,
        )
        run = execution.waves.create(number=1, name="One", timeout_minutes=60)
        at = {"account": account, "region": "us-east-1", "source_server_id": server.source_server_id}
        made = ServerRun.objects.create(
            wave=run,
            plan=plan,
            ran_in=execution.ran_in,
            mode=execution.mode,
            server=server,
            name="x",
            recovery_instance_id="i-1",
            launch_status="LAUNCHED",
            ended_at=NOW,
            **at,
        )
        job = Job.objects.create(account=account, region="us-east-1", job_id=f"drsjob-{number}", created_at=NOW)
        run.launches.create(account=account, region="us-east-1", status="DONE", intended_at=NOW, job=job).servers.set(
            [made]
        )
        ApiToken.objects.create(owner=actor.user, name=f"T{number}", expires_at=NOW + timedelta(days=1))


LISTS = (
    "/accounts",
    "/accounts/capacity",
    "/drs/accounts",
    "/drs/jobs",
    "/drs/quotas",
    "/drs/source-servers",
    "/ec2/instances",
    "/executions",
    "/protection-groups",
    "/recovery-plans",
    "/reports/executions",
    "/users/tokens",
)


def count_queries(ask, path):
    with CaptureQueriesContext(connection) as queries:
        ask.data("GET", path)
    return [query["sql"] for query in queries]


def gather_statistics():
    """Let PostgreSQL know of the rows there are. Of rows that are committed it finds out by itself."""
    if connection.vendor == "postgresql":
        connection.cursor().execute("ANALYZE")


def test_a_list_costs_at_most_eight_queries_and_the_same_with_2_and_50_and_5000_rows(calling, ada, monkeypatch):
    monkeypatch.setattr(sessions, "NOTED_EVERY_SECONDS", 3600)  # that a session is in use is noted once in a while
    ask = calling(ada)
    fill(ada, 3)
    few = {path: count_queries(ask, f"{path}?pageSize=2") for path in LISTS}

    for write in (lambda: fill(ada, 50, first=3), Holdings(Size(5000), ada.user).write):
        write()
        gather_statistics()
        for path in LISTS:
            many = count_queries(ask, f"{path}?pageSize=50")
            assert len(many) <= 8, (path, many)
            assert len(many) == len(few[path]), (path, few[path], many)


def pages(ask, path, query):
    """Walk through all pages and return what they hold."""
    found, token = [], None
    while True:
        more = f"&pageToken={token}" if token else ""
        page = ask.data("GET", f"{path}?{query}{more}")
        found.append(page)
        token = page["nextPageToken"]
        if token is None:
            return found


@pytest.mark.parametrize(
    ("path", "name", "orderings"),
    [
        ("/executions", "executionId", ("createdAt", "-createdAt")),
        ("/recovery-plans", "planId", ("name", "-name", "changedAt")),
        ("/drs/source-servers", "sourceServerId", ("name", "-name", "replicationState", "sourceServerId")),
        ("/drs/accounts", "accountId", ("accountId", "-accountId")),
        ("/reports/executions", "executionId", ("createdAt", "-createdAt")),
        ("/ec2/instances", "executionId", ("id", "-id")),
    ],
)
def test_the_pages_of_every_ordering_hold_every_row_once(calling, ada, path, name, orderings):
    ask = calling(ada)
    fill(ada, 7)

    for ordering in orderings:
        found = pages(ask, path, f"pageSize=3&ordering={ordering}")
        ids = [item[name] for page in found for item in page["items"]]
        assert [len(page["items"]) for page in found] == [3, 3, 1]
        assert {page["count"] for page in found} == {7}
        assert len(set(ids)) == 7, ordering
    forward, backward = (
        [item[name] for page in pages(ask, path, f"pageSize=3&ordering={sign}{orderings[0]}") for item in page["items"]]
        for sign in ("", "-")
    )
    assert forward == backward[::-1]


@pytest.mark.parametrize(("path", "shown"), [("/executions", 7), ("/reports/executions", 6)])
def test_the_pages_of_what_has_tags_are_as_those_of_all(calling, ada, path, shown):
    ask = calling(ada)
    fill(ada, 8)
    has_both = list(Execution.objects.order_by("created_at")[1:])
    Execution.objects.filter(pk=has_both[0].pk).update(status="POLLING", ended_at=None)
    for tags in ((ExecutionTag.of(each, key, "1") for each in has_both) for key in ("Quarter", "Team")):
        ExecutionTag.objects.bulk_create(tags)

    for query in ("tag.Quarter=1", "tag.Quarter=1&tag.Team=1", "tag.Team=1&region=us-east-1"):
        for ordering, expected in (("createdAt", has_both[-shown:]), ("-createdAt", has_both[-shown:][::-1])):
            found = pages(ask, path, f"pageSize=3&ordering={ordering}&{query}")
            assert {page["count"] for page in found} == {shown}
            ids = [item["executionId"] for page in found for item in page["items"]]
            assert ids == [str(each.pk) for each in expected]


def test_rows_that_come_meanwhile_move_no_other(calling, ada):
    ask = calling(ada)
    fill(ada, 4, first=1)
    first = ask.data("GET", "/executions?pageSize=2")
    newest = Execution.objects.order_by("-created_at").first()
    newest.pk, newest.created_at = None, NOW + timedelta(minutes=1)
    newest.id = "00000000-0000-4000-8000-000000000001"
    newest.save(force_insert=True)

    second = ask.data("GET", f"/executions?pageSize=2&pageToken={first['nextPageToken']}")

    seen = [each["executionId"] for each in first["items"] + second["items"]]
    assert len(set(seen)) == 4
    assert str(newest.id) not in seen


def test_a_token_is_good_for_its_own_list_only(calling, ada):
    ask = calling(ada)
    fill(ada, 3)
    token = ask.data("GET", "/executions?pageSize=1")["nextPageToken"]

    for wrong in (
        f"/drs/jobs?pageToken={token}",
        f"/executions?ordering=createdAt&pageToken={token}",
        f"/executions?status=COMPLETED&pageToken={token}",
        f"/executions?pageToken={token}x",
    ):
        error = ask.refusal("GET", wrong, status=400)
        assert "pageToken" in error["details"]["fields"]
    assert len(ask.data("GET", f"/executions?pageSize=2&pageToken={token}")["items"]) == 2


def test_a_count_is_exact_to_its_limit_and_null_above(calling, ada, monkeypatch):
    monkeypatch.setattr(counts, "COUNTED", 3)
    ask = calling(ada)
    fill(ada, 3)
    assert ask.data("GET", "/accounts?pageSize=1")["count"] == 3

    fill(ada, 1, first=3)
    assert ask.data("GET", "/accounts?pageSize=1")["count"] is None


def test_source_servers_are_filtered(calling, ada, vera, place):
    factories.group(ada, place)
    server = factories.servers(place, tier="-db-")[0]
    key, value = server.tags.values_list("key", "value").first()
    ask = calling(vera)

    def names(query):
        return [each["name"] for each in ask.data("GET", f"/drs/source-servers?{query}")["items"]]

    assert names("search=DB-1&region=us-east-1") == ["target-use1-db-1"]
    assert names(f"search={server.source_server_id[1:]}") == [server.hostname]
    assert set(names("assigned=true")) == {"target-use1-db-1", "target-use1-db-2"}
    assert sorted(names("assigned=true") + names("assigned=false")) == sorted(names(""))
    assert server.hostname in names(f"tag.{key}={value}")
    assert names(f"tag.{key}={value}&tag.nothing=x") == []
    assert len(names("replicationState=CONTINUOUS")) == SourceServer.objects.count()
    shown = ask.data("GET", f"/drs/source-servers/{server.source_server_id}")
    assert (shown["groupName"], shown["tags"][key], shown["hold"]) == ("db us-east-1", value, None)
    ask.refusal("GET", f"/drs/source-servers/{server.source_server_id}?region=eu-west-1", status=404)
