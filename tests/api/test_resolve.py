"""The preview of a tag rule, staging accounts, recovery snapshots and recovery instances."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from drsorch.access.grants import grant
from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from executions.models import Execution
from protection.models import SourceServer, TargetAccount
from tests import factories
from tests.access.estate import estate
from tests.executions.driving import simulated

pytestmark = pytest.mark.django_db
RESOLVE = "/protection-groups/resolve"
AT = {"accountId": factories.TARGET, "region": factories.REGION}


def names(found):
    return [server["name"] for server in found["servers"]]


def test_a_tag_rule_gives_the_servers_that_have_all_its_tags_now(calling, vera, ada, place):
    group = factories.group(ada, place)
    new = simulated(factories.servers(place, tier="-web-")[0])
    new.tags |= {"Rule": "one", "Other": "two "}
    for server in factories.servers(place, tier="-db-"):
        simulated(server).tags["Rule"] = "one"
    ask, before = calling(vera), AuditEvent.objects.count()

    found = ask.data("POST", RESOLVE, AT | {"tags": {"Rule": "one"}})

    assert names(found) == ["target-use1-db-1", "target-use1-db-2", "target-use1-web-1"]
    assert found["serverCount"] == 3
    assert [server["groupId"] for server in found["servers"]] == [str(group.pk), str(group.pk), None]
    assert found["servers"][0]["groupName"] == group.name
    assert (found["servers"][2]["tags"]["Rule"], found["servers"][2]["isLaunchable"]) == ("one", True)
    assert names(ask.data("POST", RESOLVE, AT | {"tags": {"Rule": "one", "Other": "two "}})) == ["target-use1-web-1"]
    for tags in ({"Rule": "One"}, {"rule": "one"}, {"Rule": "one", "Other": "two"}):
        assert ask.data("POST", RESOLVE, AT | {"tags": tags}) == {"serverCount": 0, "servers": []}
    # A look changes nothing, here or there.
    assert not SourceServer.objects.filter(tags__key="Rule").exists()
    assert AuditEvent.objects.count() == before


def test_a_tag_rule_without_a_tag_or_for_an_unknown_region_is_refused(calling, vera, place):
    ask = calling(vera)

    for wrong in ({"tags": {}}, {"tags": {"": "x"}}, {"tags": {"a": 1}}, {"tags": {"a" * 129: ""}}, {}):
        (named,) = ask.refusal("POST", RESOLVE, AT | wrong, status=400)["details"]["fields"]
        assert named.startswith("tags"), wrong
    error = ask.refusal("POST", RESOLVE, AT | {"region": "eu-west-1", "tags": {"a": "b"}}, status=400)
    assert "eu-west-1 is not an enabled Region" in error["message"]


def test_a_tag_rule_is_shown_of_accounts_in_sight_only(calling, place, ada):
    stranger = factories.person("gina", Role.PLAN_MANAGER, everywhere=False)
    rule = AT | {"tags": {"a": "b"}}
    error = calling(stranger).refusal("POST", RESOLVE, rule, status=404)
    assert error["code"] == "NOT_FOUND"
    assert factories.TARGET not in error["message"]

    grant(to=stranger.user, obj=place, level="view", actor=ada)
    assert calling(stranger).data("POST", RESOLVE, rule) == {"serverCount": 0, "servers": []}


def test_a_tag_rule_takes_the_same_queries_for_few_and_many_servers(calling, vera, place):
    for server in factories.servers(place):
        simulated(server).tags["Rule"] = "one"

    def queries(tags):
        with CaptureQueriesContext(connection) as found:
            count = calling(vera).data("POST", RESOLVE, AT | {"tags": tags})["serverCount"]
        return count, len(found)

    (none, few), (several, many) = queries({"Rule": "none"}), queries({"Rule": "one"})
    assert (none, several) == (0, len(factories.servers(place)))
    assert few == many


# ---- Staging accounts


def test_the_accounts_that_hold_the_replication_of_extended_servers_are_named(calling, ada):
    world = estate()
    twin = SourceServer.objects.get(pk=world.north_server.pk)
    twin.pk, twin.source_server_id, twin.group = None, "s-twin", None
    twin.save()
    gone = SourceServer.objects.get(pk=twin.pk)
    gone.pk, gone.source_server_id, gone.missing_since = None, "s-gone", gone.synced_at
    gone.save()
    world.north.servers.update(staging_account_id=world.south.account_id)
    path = f"/accounts/{world.north.account_id}/staging-accounts"

    (found,) = calling(ada).data("GET", path)["stagingAccounts"]

    assert (found["accountId"], found["name"], found["region"]) == (world.south.account_id, "South", "us-east-1")
    assert found["serverCount"] == 2
    assert calling(ada).data("GET", f"/accounts/{world.south.account_id}/staging-accounts")["stagingAccounts"] == []

    gina = factories.person("gina", Role.READ_ONLY, everywhere=False)
    grant(to=gina.user, obj=world.north, level="view", actor=ada)
    (found,) = calling(gina).data("GET", path)["stagingAccounts"]
    assert (found["accountId"], found["name"]) == (world.south.account_id, None)
    calling(gina).refusal("GET", f"/accounts/{world.south.account_id}/staging-accounts", status=404)


def test_staging_accounts_take_the_same_queries_for_few_and_many(calling, ada):
    world = estate()
    ask, path = calling(ada), f"/accounts/{world.north.account_id}/staging-accounts"

    def extend(first, count):
        for number in range(first, first + count):
            other = TargetAccount.objects.create(account_id=f"{number:012}", name=f"A{number}")
            server = SourceServer.objects.get(pk=world.north_server.pk)
            server.pk, server.source_server_id, server.staging_account_id = None, f"s-{number}", other.account_id
            server.save()

    def look():
        with CaptureQueriesContext(connection) as found:
            count = len(ask.data("GET", path)["stagingAccounts"])
        return count, len(found)

    extend(0, 1)
    one, few = look()
    extend(1, 20)
    assert (one, *look()) == (1, 21, few)


# ---- Snapshots and instances


def test_the_recovery_snapshots_of_a_server_are_asked_of_drs_newest_first(calling, vera, place):
    server = factories.servers(place, tier="-db-")[0].source_server_id

    found = calling(vera).data("GET", f"/drs/source-servers/{server}/recovery-snapshots")["snapshots"]

    assert len(found) > 1
    assert all(each["snapshotId"].startswith("pit-") for each in found)
    times = [each["takenAt"] for each in found]
    assert times == sorted(times, reverse=True)
    calling(vera).refusal("GET", f"/drs/source-servers/{server}/recovery-snapshots?region=eu-west-1", status=404)
    calling(vera).refusal("GET", "/drs/source-servers/s-1/recovery-snapshots", status=404)


def test_the_instances_of_all_executions_are_listed_and_filtered(calling, vera):
    world = estate()
    for number, execution in enumerate(Execution.objects.order_by("created_at")):
        for run in (run for wave in execution.waves.all() for run in wave.servers.all()):
            run.recovery_instance_id = f"i-{number}{run.account_id}"
            run.save()
    south = world.south_run.waves.get().servers.get()
    south.recovery_instance_id = ""
    south.save()
    ask = calling(vera)

    found = ask.data("GET", "/ec2/instances")

    assert found["count"] == 3
    assert {row["planName"] for row in found["items"]} == {"North plan", "Both"}
    one = next(row for row in found["items"] if row["planName"] == "North plan")
    assert (one["executionId"], one["executionType"]) == (str(world.north_run.pk), "DRILL")
    for query, count in {
        f"executionId={world.both_run.pk}": 2,
        f"accountId={world.south.account_id}": 1,
        "region=eu-west-1": 0,
        "executionType=RECOVERY": 0,
        "launchStatus=TERMINATED": 0,
        f"sourceServerId={world.north_server.source_server_id}": 2,
        f"recoveryInstanceId={one['recoveryInstanceId']}": 1,
    }.items():
        assert ask.data("GET", f"/ec2/instances?{query}")["count"] == count, query
    for wrong in ("executionId=7", "launchStatus=FINE", "accountId=1", "colour=red"):
        ask.refusal("GET", f"/ec2/instances?{wrong}", status=400)
