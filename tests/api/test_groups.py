"""Protection groups through the API."""

import pytest

from executions import services as executions
from protection.models import ProtectionGroup
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def body(place):
    """A new group of the database servers."""
    ids = [server.source_server_id for server in factories.servers(place, tier="-db-")]
    return {"name": "Databases", "accountId": factories.TARGET, "region": factories.REGION, "serverIds": ids}


def test_a_group_is_created_read_changed_and_deleted(calling, ada, body):
    ask = calling(ada)

    made = ask.ask("POST", "/protection-groups", body | {"rtoMinutes": 60})
    assert made.status_code == 201, made.content
    group = made.json()["data"]
    path = f"/protection-groups/{group['groupId']}"
    assert (made["ETag"], group["rtoMinutes"], len(group["servers"])) == ('"1"', 60, 2)

    changed = ask.data("PATCH", path, {"description": "Oracle"}, version=1)
    assert (changed["description"], changed["version"], changed["serverCount"]) == ("Oracle", 2, 2)
    replaced = ask.data("PUT", path, {"name": "DB", "serverIds": body["serverIds"][:1]}, version=2)
    assert (replaced["description"], replaced["rtoMinutes"], replaced["serverCount"]) == ("", None, 1)

    assert ask.data("GET", path)["name"] == "DB"
    assert ask.ask("DELETE", path, version=3).status_code == 204
    assert not ProtectionGroup.objects.exists()


def test_a_change_needs_the_version_it_is_based_on(calling, ada, place):
    group = factories.group(ada, place)
    ask, path = calling(ada), f"/protection-groups/{group.pk}"

    assert ask.refusal("PATCH", path, {"tier": "db"}, status=428)["code"] == "PRECONDITION_REQUIRED"
    assert ask.refusal("PATCH", path, {"tier": "db"}, status=412, version=7)["code"] == "VERSION_MISMATCH"
    assert ask.refusal("DELETE", path, status=428)["code"] == "PRECONDITION_REQUIRED"
    headers = {"If-Match": "one"}
    assert ask.refusal("PATCH", path, {"tier": "db"}, status=400, headers=headers)["code"] == "VALIDATION_FAILED"
    group.refresh_from_db()
    assert (group.tier, group.version) == ("", 1)


def test_who_may_not_is_told_which_permission_is_missing(calling, ada, olga, vera, sam, place, body):
    group = factories.group(ada, place, "app")
    path = f"/protection-groups/{group.pk}"

    for actor in (olga, vera, sam):
        error = calling(actor).refusal("POST", "/protection-groups", body, status=403)
        assert (error["code"], error["details"]["permission"]) == (
            "INSUFFICIENT_PERMISSIONS",
            "drs:CreateProtectionGroup",
        )
        calling(actor).refusal("PATCH", path, {"tier": "x"}, status=403, version=1)
        calling(actor).refusal("DELETE", path, status=403, version=1)
    for actor in (olga, vera):
        shown = calling(actor).data("GET", path)
        offers = {offer["action"]: offer["allowed"] for offer in shown["allowedActions"]}
        assert offers == {"update": False, "delete": False}
    assert calling(sam).refusal("GET", path, status=403)["details"]["permission"] == "drs:ViewResources"
    assert calling().refusal("GET", path, status=401)["code"] == "UNAUTHENTICATED"


def test_what_is_offered_is_what_is_possible(calling, ada, place):
    group = factories.group(ada, place)
    factories.plan(ada, group, name="Billing")
    ask, path = calling(ada), f"/protection-groups/{group.pk}"

    offers = {offer["action"]: offer["allowed"] for offer in ask.data("GET", path)["allowedActions"]}

    assert offers == {"update": True, "delete": False}
    assert ask.refusal("DELETE", path, status=409, version=1)["code"] == "IN_USE"


def test_groups_are_filtered(calling, ada, olga, vera, place):
    databases, applications = factories.group(ada, place, "db"), factories.group(ada, place, "app")
    factories.group(ada, place, "web", region=factories.OTHER_REGION)
    ask = calling(vera)

    def names(query):
        return [row["name"] for row in ask.data("GET", f"/protection-groups?{query}")["items"]]

    all_three = ["app us-east-1", "db us-east-1", "web us-west-2"]
    assert names("selection=EXPLICIT") == names("conflict=false") == names(f"accountId={factories.TARGET}") == all_three
    assert names("region=us-west-2") == names("search=WEB&selection=EXPLICIT") == ["web us-west-2"]
    assert names("conflict=true") == names("accountId=999999999999") == []
    for wrong in ("selection=explicit", "conflict=1", "conflict=", "region=a&region=b"):
        assert ask.refusal("GET", f"/protection-groups?{wrong}", status=400)["code"] == "VALIDATION_FAILED"

    executions.start_execution(plan=factories.plan(ada, databases, name="Billing"), actor=olga)

    assert names("conflict=true") == ["db us-east-1"]
    assert names("conflict=false&region=us-east-1") == ["app us-east-1"]
    shown = {row["name"]: row["hasServerConflict"] for row in ask.data("GET", "/protection-groups")["items"]}
    assert shown == dict.fromkeys(all_three, False) | {"db us-east-1": True}
    assert ask.data("GET", f"/protection-groups/{databases.pk}")["hasServerConflict"]
    assert not ask.data("GET", f"/protection-groups/{applications.pk}")["hasServerConflict"]


def test_a_server_of_another_group_is_a_conflict_that_names_the_group(calling, ada, place, body):
    factories.group(ada, place, name="First")

    error = calling(ada).refusal("POST", "/protection-groups", body, status=409)

    assert error["code"] == "SERVER_CONFLICT"
    assert set(error["details"]["servers"].values()) == {"First"}


def test_an_unreachable_aws_is_a_502_with_its_code(calling, ada, aws, body):
    aws.fault(kind="denied", operation="DescribeSourceServers")

    error = calling(ada).refusal("POST", "/protection-groups", body, status=502)

    assert error["code"] == "AWS_ERROR"
    assert error["details"]["awsCode"]
    assert error["details"]["operation"] == "DescribeSourceServers"
    assert not ProtectionGroup.objects.exists()
