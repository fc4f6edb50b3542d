"""The report of executions: measured against the RTO of the plan as it was, summed up, and as a file."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drsorch.access.grants import grant
from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from executions import reports
from executions.models import Execution, ExecutionTag, ServerRun
from tests import factories
from tests.access.estate import estate, run
from tests.executions.situations import execution

pytestmark = pytest.mark.django_db
REPORT = "/reports/executions"
BEGAN = timezone.now() - timedelta(days=2)


@pytest.fixture
def history(db):
    """Of the north plan, oldest first: met, missed, not all recovered; of the south plan: without a target."""
    world = estate()
    Execution.objects.all().delete()
    target = {"rto_minutes": 30}
    ended(world.north, world.north_plan, 0, 20, **target)
    ended(world.north, world.north_plan, 1, 35, mode="RECOVERY", **target)
    ended(world.north, world.north_plan, 2, 10, status="PARTIAL", **target)
    ended(world.south, world.south_plan, 3, 60)
    return world


def ended(account, plan, hours, minutes, **fields):
    """An execution that began `hours` after the first one and took `minutes`, with one server that was launched."""
    row, began = run(plan, account.servers.get()), BEGAN + timedelta(hours=hours)
    times = {"created_at": began, "ended_at": began + timedelta(minutes=minutes)}
    Execution.objects.filter(pk=row.pk).update(**times, **fields)
    ServerRun.objects.filter(wave__execution=row).update(launched_at=began)


def report(ask, query=""):
    return ask.data("GET", f"{REPORT}?{query}")


def shown(found, *names):
    """These members of the rows, oldest first."""
    return [tuple(row[name] for name in names) for row in reversed(found["items"])]


def test_each_execution_is_measured_against_the_target_that_it_had(calling, vera, history):
    found = report(calling(vera))

    assert shown(found, "planName", "elapsedSeconds", "rtoMinutes", "rtoMet", "spareSeconds") == [
        ("North plan", 1200, 30, True, 600),
        ("North plan", 2100, 30, False, -300),
        ("North plan", 600, 30, False, None),
        ("South plan", 3600, None, None, None),
    ]
    assert shown(found, "serverCount", "launchedCount", "instancesTerminated")[0] == (1, 1, False)


def test_the_totals_are_of_all_that_match_whatever_the_page(calling, vera, history):
    found = report(calling(vera), "pageSize=1")

    assert len(found["items"]) == 1
    assert found["totals"] == {
        "executions": 4,
        "isComplete": True,
        "statuses": {"COMPLETED": 3, "PARTIAL": 1},
        "successRate": 0.75,
        "rtoMet": 1,
        "rtoMissed": 2,
        "rtoMetRate": 0.3333,
        "medianSeconds": 2100,
        "longestSeconds": 3600,
    }


def test_totals_of_nothing_are_no_rates(calling, vera, history):
    totals = report(calling(vera), "status=CANCELLED")["totals"]

    assert (totals["executions"], totals["isComplete"], totals["statuses"]) == (0, True, {})
    assert totals["successRate"] is totals["rtoMetRate"] is totals["medianSeconds"] is totals["longestSeconds"] is None


def test_totals_are_of_the_newest_and_say_so(calling, vera, history, monkeypatch):
    monkeypatch.setattr(reports, "TOTALLED", 2)

    totals = report(calling(vera))["totals"]

    assert (totals["executions"], totals["isComplete"], totals["successRate"]) == (2, False, 0.5)


@pytest.mark.parametrize("under_way", [(-1, 1.5), (0.5, 40), ()])
def test_what_has_a_tag_is_counted_and_summed_up_without_what_is_under_way(
    calling, vera, history, olga, monkeypatch, under_way
):
    """Begun before all others, among them, or after them (in hours), and also when nothing is under way."""
    monkeypatch.setattr(reports, "TOTALLED", 2)
    newest = Execution.objects.ended().latest("created_at")
    for hours in under_way:
        Execution.objects.filter(pk=execution(olga).pk).update(created_at=BEGAN + timedelta(hours=hours))
    tagged = Execution.objects.exclude(pk=newest.pk)
    ExecutionTag.objects.bulk_create(ExecutionTag.of(each, "Quarter", "Q1") for each in tagged)

    found = report(calling(vera), "tag.Quarter=Q1&pageSize=2")

    assert [each["status"] for each in found["items"]] == ["PARTIAL", "COMPLETED"]
    assert found["count"] == 3
    assert found["totals"]["statuses"] == {"PARTIAL": 1, "COMPLETED": 1}  # of the newest two


def test_totals_measure_to_the_microsecond_as_the_rows_do(history):
    rows = reports.reported().filter(mode="RECOVERY")
    for fraction in (0, 400_000, 999_999):
        began = BEGAN.replace(microsecond=fraction)
        for more in (-1_000_000, -999_999, -1, 0, 1, 600_000, 999_999):
            took = timedelta(minutes=30, microseconds=more)
            Execution.objects.filter(mode="RECOVERY").update(created_at=began, ended_at=began + took)
            totals, one = reports.totals_of(rows, 1), reports.Measured.of(rows.get(), 30)
            assert (totals.met, totals.missed) == (int(more <= 0), int(more > 0)), (fraction, more)
            assert totals.seconds == (one.taken_seconds,), (fraction, more)
            assert one.is_met == (more <= 0)


def test_totals_are_summed_up_by_the_database_and_of_no_snapshot(history):
    with CaptureQueriesContext(connection) as queries:
        totals = reports.totals_of(reports.reported(), 4)

    assert totals.number == 4
    assert len(queries) == 1
    assert not any(unread in queries[0]["sql"] for unread in ("snapshot", "status_reason", "executions_serverrun"))


def test_what_runs_is_not_in_it(calling, vera, history, olga):
    execution(olga)

    assert report(calling(vera))["count"] == 4


def test_it_is_filtered(calling, vera, history):
    ask = calling(vera)
    ExecutionTag.of(Execution.objects.get(mode="RECOVERY"), "Quarter", "Q1").save()

    for query, count in {
        f"planId={history.north_plan.pk}": 3,
        "executionType=RECOVERY": 1,
        "status=PARTIAL": 1,
        f"accountId={history.south.account_id}": 1,
        "region=us-east-1": 4,
        "region=eu-west-1": 0,
        f"startedAfter={BEGAN + timedelta(minutes=90):%Y-%m-%dT%H:%M:%SZ}": 2,
        f"startedBefore={BEGAN + timedelta(minutes=90):%Y-%m-%dT%H:%M:%SZ}": 2,
        "tag.Quarter=Q1": 1,
    }.items():
        found = report(ask, query)
        assert (found["count"], found["totals"]["executions"]) == (count, count), query
    for wrong in ("status=POLLING", "planId=x", "accountId=1", "format=xml", "colour=red"):
        ask.refusal("GET", f"{REPORT}?{wrong}", status=400)


@pytest.fixture
def gina(ada, history):
    """Views the north only."""
    person = factories.person("gina", Role.READ_ONLY, everywhere=False)
    grant(to=person.user, obj=history.north, level="view", actor=ada)
    return person


def test_rows_totals_and_the_file_are_of_what_is_in_sight(calling, gina):
    found = report(calling(gina))

    assert {row["planName"] for row in found["items"]} == {"North plan"}
    assert (found["count"], found["totals"]["executions"], found["totals"]["longestSeconds"]) == (3, 3, 2100)
    assert {row["planName"] for row in file(calling(gina))[1]} == {"North plan"}


def file(ask, query=""):
    """Ask for a file, and return the answer with its rows."""
    answer = ask.ask("GET", f"{REPORT}?format=csv{query}")
    assert answer.status_code == 200, answer.content
    return answer, list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_the_file_has_the_members_of_the_rows_and_no_formula_and_is_evidence(calling, vera, history):
    Execution.objects.filter(mode="RECOVERY").update(reason="=1+1", plan_name="+Plan")

    answer, rows = file(calling(vera), f"&planId={history.north_plan.pk}")

    assert answer["Content-Disposition"].startswith('attachment; filename="executions-')
    assert list(rows[0]) == list(report(calling(vera))["items"][0])
    assert [row["elapsedSeconds"] for row in rows] == ["1200", "2100", "600"]
    assert (rows[1]["reason"], rows[1]["planName"], rows[1]["spareSeconds"]) == ("'=1+1", "'+Plan", "-300")
    assert rows[2]["spareSeconds"] == ""
    event = AuditEvent.objects.first()
    assert (event.action, event.actor, event.source) == ("export_executions", "vera", "API")
    assert event.detail["filters"] == {"format": "csv", "planId": str(history.north_plan.pk)}


def test_few_and_many_executions_take_the_same_queries(calling, vera, history):
    def queries(query):
        with CaptureQueriesContext(connection) as found:
            answer = ask.ask("GET", f"{REPORT}?{query}")
            if answer.streaming:
                list(answer.streaming_content)
        return len(found)

    ask = calling(vera)
    few = [queries(query) for query in ("pageSize=2", "format=csv")]
    for number in range(30):
        ended(history.north, history.north_plan, number, 5, rto_minutes=30)
    assert [queries(query) for query in ("pageSize=20", "format=csv")] == few
    assert few[0] <= 8
