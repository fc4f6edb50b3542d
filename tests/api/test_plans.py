"""Recovery plans through the API."""

import pytest

from executions import services as executions
from plans.models import RecoveryPlan
from protection.models import ServerHold, SourceServer
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def groups(ada, place):
    """Two groups with two servers each."""
    return [factories.group(ada, place, tier) for tier in ("db", "app")]


def wave(group, **more):
    return {"name": group.name, "protectionGroupIds": [str(group.pk)], "checks": "NONE"} | more


def test_a_plan_is_created_read_changed_copied_and_deleted(calling, ada, groups):
    ask = calling(ada)
    servers = [server.source_server_id for server in groups[1].servers.all()]
    waves = [wave(groups[0]), wave(groups[1], serverIds=servers[::-1], optionalServerIds=servers[:1])]

    made = ask.data("POST", "/recovery-plans", {"name": "Billing", "waves": waves}, status=201)
    path = f"/recovery-plans/{made['planId']}"
    second = made["waves"][1]
    assert (second["waveNumber"], second["dependsOnWaves"]) == (2, [1])
    assert (second["serverIds"], second["optionalServerIds"]) == (servers[::-1], servers[:1])
    assert made["waves"][0]["serverIds"] is None
    assert (made["serverCount"], made["accounts"], made["regions"]) == (4, [factories.TARGET], [factories.REGION])

    changed = ask.data("PATCH", path, {"rtoMinutes": 30}, version=1)
    assert (changed["rtoMinutes"], changed["version"], changed["waves"]) == (30, 2, made["waves"])
    replaced = ask.data("PUT", path, {"name": "Billing", "waves": [made["waves"][0]]}, version=2)
    assert (replaced["rtoMinutes"], len(replaced["waves"])) == (None, 1)

    copy = ask.data("POST", f"{path}/copy", {"name": "Payroll"}, status=201)
    assert (copy["name"], copy["waves"]) == ("Payroll", replaced["waves"])
    assert ask.refusal("POST", f"{path}/copy", {"name": "payroll"}, status=409)["code"] == "NAME_TAKEN"
    assert ask.ask("DELETE", path, version=3).status_code == 204
    assert RecoveryPlan.objects.get().name == "Payroll"


WRONG = [
    ({"dependsOnWaves": [2]}, "the plan has no wave 2"),
    ({"timeoutMinutes": 4}, "waves[0].timeoutMinutes"),
    ({"timeoutMinutes": "60"}, "waves[0].timeoutMinutes"),
    ({"protectionGroupIds": ["999999"]}, "protection group that does not exist"),
    ({"protectionGroupIds": ["x"]}, "waves[0].protectionGroupIds[0]"),
    ({"serverIds": ["s-00000000000000bad"]}, "none of its protection groups has"),
    ({"waveNumber": 2}, "place 1"),
    ({"colour": "red"}, "waves[0].colour"),
    ({"pauseBeforeWave": True}, "Wave 1"),
]


@pytest.mark.parametrize(("member", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_wave_is_named_and_nothing_is_written(calling, ada, groups, member, said):
    body = {"name": "Billing", "waves": [wave(groups[0], **member)]}

    error = calling(ada).refusal("POST", "/recovery-plans", body, status=400)

    assert error["code"] == "VALIDATION_FAILED"
    assert said in error["message"]
    assert not RecoveryPlan.objects.exists()


def test_a_plan_says_who_has_its_servers(calling, ada, olga, groups):
    one = factories.plan(ada, groups[0], name="One")
    other = factories.plan(ada, *groups, name="Other")
    execution = executions.start_execution(plan=one, actor=olga)
    ask = calling(olga)

    shown = ask.data("GET", f"/recovery-plans/{other.pk}")

    assert shown["hasServerConflict"]
    assert shown["conflictInfo"]["executionId"] == str(execution.pk)
    assert shown["conflictInfo"]["executionStatus"] == "PENDING"
    assert len(shown["conflictInfo"]["serverIds"]) == 2
    mine = ask.data("GET", f"/recovery-plans/{one.pk}")
    assert (mine["hasServerConflict"], mine["lastExecution"]["executionId"]) == (False, str(execution.pk))
    assert not next(each["allowed"] for each in mine["allowedActions"] if each["action"] == "execute")
    names = [row["name"] for row in ask.data("GET", "/recovery-plans?conflict=true")["items"]]
    assert names == ["Other"]
    assert [row["name"] for row in ask.data("GET", "/recovery-plans?conflict=false")["items"]] == ["One"]
    in_no_plan = SourceServer.objects.filter(group=None).first()
    ServerHold.objects.create(server=in_no_plan, holder=execution.pk, label="", link="", mode=execution.mode)
    assert [row["name"] for row in ask.data("GET", "/recovery-plans?conflict=false")["items"]] == ["One"]
    assert [row["name"] for row in ask.data("GET", "/recovery-plans?lastStatus=PENDING")["items"]] == ["One"]


def test_plans_are_filtered(calling, ada, groups, vera):
    factories.plan(ada, groups[0], name="Billing")
    factories.plan(ada, groups[1], name="Payroll")
    ask = calling(vera)

    found = {
        query: [row["name"] for row in ask.data("GET", f"/recovery-plans?{query}")["items"]]
        for query in ("search=pay", "region=us-west-2", f"accountId={factories.TARGET}&ordering=-name", "lastStatus=X")
    }

    assert list(found.values()) == [["Payroll"], [], ["Payroll", "Billing"], []]


def test_who_may_not_changes_no_plan(calling, ada, olga, vera, sam, groups):
    plan = factories.plan(ada, groups[0], name="Billing")
    path, body = f"/recovery-plans/{plan.pk}", {"name": "X", "waves": [wave(groups[0])]}

    for actor in (olga, vera, sam):
        ask = calling(actor)
        ask.refusal("POST", "/recovery-plans", body, status=403)
        ask.refusal("PUT", path, body, status=403, version=1)
        ask.refusal("PATCH", path, {"name": "X"}, status=403, version=1)
        ask.refusal("DELETE", path, status=403, version=1)
        ask.refusal("POST", f"{path}/copy", {"name": "X"}, status=403)
    assert RecoveryPlan.objects.get().version == 1
