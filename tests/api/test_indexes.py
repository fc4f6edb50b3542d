"""What lists read and count without the rows themselves: by an index that has all of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drsorch.access.grants import grant
from drsorch.access.policy import Level
from drsorch.access.roles import Role
from executions.api import rows
from executions.models import Execution, ExecutionTag, Job, ServerRun
from protection.models import ServerTag, SourceServer, TargetAccount
from tests import factories
from tests.access.estate import estate, run
from tests.api.test_paging import fill
from tests.query_plans import plan_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by how many rows there are"),
]


COUNTED = (
    ("/ec2/instances?pageSize=1&accountId=000000000001", "executions_serverrun", "server_run_in_an_account"),
    ("/ec2/instances?pageSize=1&executionType=DRILL", "executions_serverrun", "instance_for_a_mode"),
    ("/ec2/instances?pageSize=1&launchStatus=LAUNCHED", "executions_serverrun", "instance_in_a_status"),
    ("/ec2/instances?pageSize=1&region=us-east-1", "executions_serverrun", "instance_in_a_region"),
    ("/executions?pageSize=1&tag.Quarter=Q1", "executions_executiontag", "execution_by_tag_and_reach"),
    ("/drs/source-servers?pageSize=1&tag.Tier=db", "protection_servertag", "server_by_tag"),
    ("/drs/jobs?pageSize=1&status=COMPLETED", "executions_job", "job_in_a_status_created"),
    ("/drs/jobs?pageSize=1&type=LAUNCH", "executions_job", "job_of_a_type_created"),
    ("/drs/jobs?pageSize=1&region=us-east-1", "executions_job", "job_in_a_region_created"),
    ("/drs/quotas", "protection_sourceserver", "server_present_in_a_place"),
)
FOLLOWED = (
    ("actor=ada", "audit_history_of_an_actor"),
    ("actorKind=PERSON", "audit_history_of_a_kind"),
    ("tokenId=7", "audit_history_of_a_token"),
    ("source=UI", "audit_history_at_a_door"),
    ("address=198.51.100.7", "audit_history_of_an_address"),
    ("requestId=1", "audit_history_of_a_request"),
    ("action=grant", "audit_history_of_an_action"),
    ("outcome=DENIED", "audit_history_of_refusals"),
)


def test_rows_are_counted_in_an_index(calling, ada):
    fill(ada, 3)
    ServerRun.objects.update(account=TargetAccount.objects.get(account_id="000000000001"))
    Job.objects.update(status="COMPLETED", type="LAUNCH")
    ServerTag.objects.bulk_create(ServerTag(server=each, key="Tier", value="db") for each in SourceServer.objects.all())
    ExecutionTag.objects.bulk_create(ExecutionTag.of(each, "Quarter", "Q1") for each in Execution.objects.all())

    for path, counts, index in COUNTED:
        with CaptureQueriesContext(connection) as queries:
            calling(ada).data("GET", path)
        asked = next(each["sql"] for each in queries if "COUNT(" in each["sql"] and counts in each["sql"])
        plan = "\n".join(plan_of(asked))
        assert f"COVERING INDEX {index}" in plan, (path, plan)


def test_each_filter_of_the_audit_trail_is_followed_by_its_index(calling, ada):
    for query, index in FOLLOWED:
        with CaptureQueriesContext(connection) as queries:
            calling(ada).data("GET", f"/audit/events?{query}")
        asked = next(each["sql"] for each in queries if 'FROM "audit_auditevent"' in each["sql"])
        (step,) = plan_of(asked)  # nothing is sorted
        assert step.startswith(f"SEARCH audit_auditevent USING INDEX {index} ("), query


def test_executions_in_a_place_are_looked_at_in_their_order_and_not_by_all_that_ran_there(db):
    world = estate()
    north, south = world.north.account_id, world.south.account_id
    world.south_server.region = "eu-west-1"
    both = [world.north_server, world.south_server]
    ran = {"north": both[:1], "south": both[1:], "both": both}
    Execution.objects.all().delete()
    runs = {run(world.both_plan, *servers).pk: name for name, servers in ran.items()}

    for asked, expected in (
        ({"account": north}, {"north", "both"}),
        ({"region": "eu-west-1"}, {"south", "both"}),
        ({"account": south, "region": "eu-west-1"}, {"south", "both"}),
        ({"account": north, "region": "eu-west-1"}, set()),
    ):
        found = rows.narrowed(Execution.objects.all(), asked).order_by("-created_at", "-pk")
        assert {runs[each.pk] for each in found} == expected
        assert "SCAN executions_execution USING COVERING INDEX" in found.values("pk").explain()
        assert "executions_serverrun" not in str(found.values("pk").query)
        counted = rows.counted(Execution.objects.order_by(), asked)
        assert {runs[each.pk] for each in counted} == expected
        assert "USING COVERING INDEX execution_ran_in_and_reach (ran_in_id=?)" in counted.values("status").explain()


def test_executions_with_a_tag_are_found_in_the_order_of_the_tags(db):
    estate()
    ExecutionTag.objects.bulk_create(ExecutionTag.of(each, "Quarter", "Q1") for each in Execution.objects.all())
    asked = {"tags": {"Quarter": "Q1"}}

    found = rows.narrowed(Execution.objects.all(), asked)

    plan = found.order_by(*(f"-{column}" for column in rows.orderings(asked)["createdAt"])).explain()
    assert "USING COVERING INDEX execution_by_tag_and_reach (key=? AND value=?)" in plan
    assert "TEMP B-TREE" not in plan


def test_reports_count_and_sum_up_in_an_index(calling, ada):
    fill(ada, 3)
    for query in ("", "status=COMPLETED", "accountId=000000000001", "region=us-east-1&accountId=000000000001"):
        with CaptureQueriesContext(connection) as queries:
            calling(ada).data("GET", f"/reports/executions?pageSize=1&{query}")
        asked = [each["sql"] for each in queries if "COUNT(" in each["sql"] and "FROM (SELECT" in each["sql"]]
        assert asked
        for each in asked:
            plan = "\n".join(plan_of(each))
            assert "executions_execution USING COVERING INDEX" in plan, (query, plan)
            assert "TEMP B-TREE FOR ORDER BY" not in plan, (query, plan)


def test_a_report_of_a_tag_counts_only_what_is_in_sight_and_sums_up_in_an_index(calling, ada):
    world, oscar = estate(), factories.person("oscar", Role.OPERATOR, everywhere=False)
    grant(to=oscar.user, obj=world.north, level=Level.VIEW, actor=ada)
    run(world.north_plan, world.north_server)
    Execution.objects.update(status="COMPLETED", ended_at=timezone.now())
    ExecutionTag.objects.bulk_create(ExecutionTag.of(each, "Quarter", "Q1") for each in Execution.objects.all())

    with CaptureQueriesContext(connection) as queries:
        assert calling(oscar).data("GET", "/reports/executions?pageSize=1&tag.Quarter=Q1")["count"] == 2

    counted, totalled = ("\n".join(plan_of(each["sql"])) for each in queries if "COUNT(" in each["sql"][:20])
    assert "COVERING INDEX execution_by_tag_where_it_ran (key=? AND value=? AND ran_in_id=?)" in counted
    assert "COVERING INDEX execution_by_tag_and_reach (key=? AND value=?)" in totalled  # in their order
    assert "executions_execution USING COVERING INDEX execution_created_and_reach (created_at=? AND id=?)" in totalled
