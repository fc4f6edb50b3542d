"""Executions through the API: start, watch, pause, decide, cancel, terminate, and what they leave behind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drsorch.audit.models import AuditEvent
from executions.models import Execution
from tests import factories
from tests.executions import situations
from tests.executions.driving import breaks, run, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(ada, place):
    """Two waves with two servers each; the second one asks first."""
    groups = [factories.group(ada, place, tier) for tier in ("db", "app")]
    return factories.plan(ada, *groups, name="Billing", w2={"pause_before": True})


def start(ask, plan, *, key="start-1", **more):
    """Start a drill, and return it as it was answered."""
    body = {"planId": str(plan.pk), "executionType": "DRILL"} | more
    return ask.data("POST", "/executions", body, status=202, key=key)


def row(execution):
    return Execution.objects.get(pk=execution["executionId"])


def offers_of(shown):
    return {offer["action"]: offer["allowed"] for offer in shown["allowedActions"]}


def test_a_drill_from_its_start_to_its_end(calling, aws, plan, olga):
    ask = calling(olga)
    context = {"parentExecutionId": "enterprise-1", "tags": {"Application": "billing"}}
    made = start(ask, plan, reason="Quarterly", **context)
    path = f"/executions/{made['executionId']}"
    assert (made["status"], made["initiatedBy"], made["invocationSource"]) == ("PENDING", "olga", "API")
    assert made["tags"] == {"Application": "billing"}

    run(row(made), aws)
    paused = ask.data("GET", path)
    assert (paused["status"], paused["currentWave"], paused["nextDecision"]["waveNumber"]) == ("PAUSED", 2, 2)
    assert paused["waves"][0]["jobs"][0]["status"] == "COMPLETED"
    assert [server["launchStatus"] for server in paused["waves"][0]["servers"]] == ["LAUNCHED", "LAUNCHED"]
    assert offers_of(paused) == {
        "pause": False,
        "resume": True,
        "decide": True,
        "cancel": True,
        "terminate-instances": False,
        "withdraw-termination": False,
    }
    assert ask.data("POST", f"{path}/resume")["status"] != "PAUSED"
    run(row(made), aws)
    done = ask.data("GET", path)
    assert (done["status"], done["launchedCount"], done["instancesTerminated"]) == ("COMPLETED", 4, False)
    export = ask.data("GET", f"{path}/export")
    assert (export["status"], export["nextPhaseReady"]) == ("completed", True)
    assert export["enterpriseContext"] == {"initiatedBy": "olga", **context}
    assert export["waves"][0]["technologies"][0]["executionTime"].startswith("PT")
    assert [each["status"] for each in export["recoveredInstances"]] == ["running"] * 4


def test_what_a_drill_leaves_behind_until_its_instances_are_proven_gone(calling, aws, plan, olga):
    ask = calling(olga)
    made = start(ask, plan)
    path = f"/executions/{made['executionId']}"
    run(row(made), aws)
    ask.data("POST", f"{path}/resume")
    run(row(made), aws)

    asked = ask.data("POST", f"{path}/terminate-instances", status=202)
    assert (asked["isRequested"], asked["total"], asked["terminated"]) == (True, 4, 0)
    assert ask.refusal("POST", f"{path}/terminate-instances", status=409)["code"] == "INVALID_STATE"
    for _ in range(6):
        step()
        aws.advance(150)
    gone = ask.data("GET", f"{path}/termination-status")
    assert (gone["terminated"], gone["instancesTerminated"]) == (4, True)
    assert gone["jobs"][0]["accountId"] == factories.TARGET

    instances = ask.data("GET", f"{path}/recovery-instances")["items"]
    assert {instance["launchStatus"] for instance in instances} == {"TERMINATED"}
    sentences = [event["sentence"] for event in ask.data("GET", f"{path}/events?pageSize=200")["items"]]
    assert sentences[0] == "Drill started by olga."
    jobs = ask.data("GET", f"/drs/jobs?executionId={made['executionId']}")
    assert jobs["count"] == 3
    assert {job["executionId"] for job in jobs["items"]} == {made["executionId"]}
    first = jobs["items"][-1]["jobId"]
    logs = ask.data("GET", f"{path}/job-logs?jobId={first}")
    assert "JOB_END" in {line["event"] for line in logs["items"]}
    assert ask.data("GET", f"/drs/job-logs/{first}")["count"] == logs["count"]


def test_the_same_key_starts_once_and_says_so(calling, plan, olga, ada):
    ask, body = calling(olga), {"planId": str(plan.pk), "executionType": "DRILL"}

    first, again = (ask.ask("POST", "/executions", body, key="one") for _ in range(2))

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert Execution.objects.count() == 1
    other = ask.refusal("POST", "/executions", body | {"reason": "x"}, status=409, key="one")
    assert other["code"] == "IDEMPOTENCY_MISMATCH"
    assert calling(ada).refusal("POST", "/executions", body, status=409, key="one")["code"] == "ACTIVE_EXECUTION"
    assert ask.refusal("POST", "/executions", body, status=400)["details"]["fields"].keys() == {"Idempotency-Key"}


def test_a_start_by_the_plans_own_address(calling, plan, olga):
    body = {"executionType": "DRILL"}

    made = calling(olga).data("POST", f"/recovery-plans/{plan.pk}/execute", body, status=202, key="k")

    assert made["planName"] == "Billing"


def test_a_recovery_needs_the_name_of_its_plan(calling, plan, olga):
    ask, body = calling(olga), {"planId": str(plan.pk), "executionType": "RECOVERY"}

    assert ask.refusal("POST", "/executions", body, status=400, key="a")["code"] == "CONFIRMATION_REQUIRED"
    made = ask.data("POST", "/executions", body | {"confirmPlanName": "Billing"}, status=202, key="a")
    assert made["executionType"] == "RECOVERY"


def test_problems_are_listed_and_block_a_drill(calling, aws, plan, olga, place):
    breaks(factories.servers(place, tier="-db-")[0])
    ask, path = calling(olga), f"/recovery-plans/{plan.pk}/readiness"

    body = {"planId": str(plan.pk), "executionType": "DRILL"}
    error = ask.refusal("POST", "/executions", body, status=409, key="k")
    assert (error["code"], error["details"]["findings"][0]["code"]) == ("NOT_READY", "REPLICATION")
    assert not Execution.objects.exists()
    asked = ask.data("POST", path)
    assert (asked["ready"], asked["asked"], asked["findings"][0]["severity"]) == (False, True, "PROBLEM")
    aws.reset_requests()
    known = ask.data("GET", f"{path}?executionType=RECOVERY")
    assert (known["ready"], known["asked"]) == (False, False)
    assert known["places"][0]["knownAt"]
    assert aws.requests()["total"] == {}


def test_existing_instances_of_a_plan_are_found(calling, aws, plan, olga):
    ask = calling(olga)
    run(row(start(ask, plan)), aws)

    found = ask.data("GET", f"/recovery-plans/{plan.pk}/check-existing-instances")

    assert [(each["isDrill"], each["serverName"][:15]) for each in found["instances"]] == [
        (True, "target-use1-db-")
    ] * 2
    assert found["unanswered"] == []


def test_pause_decide_and_cancel(calling, aws, plan, olga):
    ask = calling(olga)
    made = start(ask, plan)
    path = f"/executions/{made['executionId']}"
    step()

    assert ask.data("POST", f"{path}/pause")["pauseRequestedBy"] == "olga"
    error = ask.refusal("POST", f"{path}/pause", status=409)
    assert (error["code"], error["details"]["status"]) == ("INVALID_STATE", row(made).status)
    run(row(made), aws)
    gate = ask.data("GET", path)["nextDecision"]
    skip = {"gateId": gate["gateId"], "answer": "SKIP"}
    assert "reason" in ask.refusal("POST", f"{path}/decide", skip, status=400)["message"]
    ask.data("POST", f"{path}/decide", skip | {"note": "Not today."})
    answered = ask.refusal("POST", f"{path}/decide", skip | {"note": "Again."}, status=409)
    assert answered["code"] == "ALREADY_ANSWERED"
    ended = run(row(made), aws)
    assert ended.waves.last().status == "SKIPPED"
    assert ask.refusal("DELETE", path, status=409)["code"] == "INVALID_STATE"


def test_delete_cancels_as_cancel_does(calling, plan, olga, oscar):
    made = start(calling(oscar), plan)

    cancelled = calling(oscar).data("DELETE", f"/executions/{made['executionId']}", status=202)

    assert cancelled["cancelledBy"] == "oscar"
    calling(olga).refusal("POST", f"/executions/{made['executionId']}/cancel", status=409)


def test_a_failed_wave_is_retried_when_it_asks(calling, aws, ada, place, olga):
    plan = factories.plan(ada, factories.group(ada, place), name="Asks", w1={"on_failure": "ASK"})
    ask = calling(olga)
    made = start(ask, plan)
    path = f"/executions/{made['executionId']}"
    server = made["waves"][0]["servers"][0]["sourceServerId"]
    aws.fail_server(factories.TARGET, factories.REGION, server, at="CONVERSION")
    assert ask.refusal("POST", f"{path}/retry", {"waveNumber": 1}, status=409)["code"] == "INVALID_STATE"
    run(row(made), aws)

    assert ask.refusal("POST", f"{path}/retry", {"waveNumber": 2}, status=409)["code"] == "INVALID_STATE"
    ask.data("POST", f"{path}/retry", {"waveNumber": 1})
    run(row(made), aws)

    done = ask.data("GET", path)
    assert done["status"] == "COMPLETED"
    assert {each["attempt"] for each in done["waves"][0]["servers"]} == {1, 2}


ACTIONS = [
    ("pause", {}),
    ("resume", {}),
    ("cancel", {}),
    ("retry", {"waveNumber": 1}),
    ("decide", {"gateId": "1", "answer": "RESUME"}),
    ("terminate-instances", {}),
    ("withdraw-termination", {}),
]


def test_who_may_not_does_nothing(calling, plan, olga, vera, sam):
    made = start(calling(olga), plan)
    path = f"/executions/{made['executionId']}"
    before = AuditEvent.objects.filter(outcome="ALLOWED").count()

    for actor in (vera, sam):
        ask = calling(actor)
        for action, body in ACTIONS:
            error = ask.refusal("POST", f"{path}/{action}", body, status=403)
            assert error["details"]["permission"].startswith("drs:")
        for method, address in (("DELETE", path), ("DELETE", "/executions"), ("POST", "/executions/delete")):
            body = {"executionIds": [made["executionId"]]} if method == "POST" else None
            ask.refusal(method, address, body, status=403)
        body = {"planId": str(plan.pk), "executionType": "DRILL"}
        ask.refusal("POST", "/executions", body, status=403, key="k")
        ask.refusal("POST", f"/recovery-plans/{plan.pk}/execute", {"executionType": "DRILL"}, status=403, key="k")
    shown = calling(vera).data("GET", path)
    assert shown["version"] == made["version"]
    assert not any(offers_of(shown).values())
    for each in ("", "/events", "/export", "/job-logs", "/recovery-instances", "/termination-status"):
        calling(sam).refusal("GET", path + each, status=403)
        calling().refusal("GET", path + each, status=401)
    assert AuditEvent.objects.filter(outcome="ALLOWED").count() == before


def test_executions_are_filtered(calling, plan, olga, vera):
    made = start(calling(olga), plan, tags={"team": "a"}, parentExecutionId="p-1")
    situations.execution(olga, status="COMPLETED")
    ask = calling(vera)
    tomorrow = f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    matching = (
        f"planId={plan.pk}",
        "active=true",
        "status=PENDING",
        "tag.team=a",
        "parentExecutionId=p-1",
        "source=API",
        f"accountId={factories.TARGET}",
        "region=us-east-1&executionType=DRILL",
        f"startedBefore={tomorrow}&active=true",
    )

    for query in matching:
        found = ask.data("GET", f"/executions?{query}")["items"]
        assert [each["executionId"] for each in found] == [made["executionId"]], query
    for query in ("tag.team=b", "region=eu-west-1", f"startedAfter={tomorrow}", "status=FAILED"):
        assert ask.data("GET", f"/executions?{query}")["count"] == 0, query


def test_only_what_left_nothing_behind_is_deleted(calling, ada, olga):
    gone = situations.execution(olga, status="COMPLETED")
    situations.wave(gone, "COMPLETED", {"launch_status": "TERMINATED"})
    left = situations.execution(olga, status="COMPLETED")
    situations.wave(left, "COMPLETED", situations.LAUNCHED)
    active = situations.execution(olga)
    recent = situations.execution(olga, mode="RECOVERY", status="COMPLETED")
    old = situations.execution(olga, mode="RECOVERY", status="COMPLETED", ended_at=situations.ago(days=400))
    ask = calling(ada)

    for other in (left, active, recent):
        body = {"executionIds": [str(gone.pk), str(other.pk)]}
        error = ask.refusal("POST", "/executions/delete", body, status=409)
        assert error["details"]["executionIds"] == [str(other.pk)]
    calling(olga).refusal("DELETE", "/executions", status=403)
    assert ask.data("DELETE", "/executions") == {"deleted": 2}
    assert set(Execution.objects.all()) == {left, active, recent}
    assert AuditEvent.objects.filter(action="delete_execution", object_id=str(old.pk)).exists()
    missing = {"executionIds": [str(gone.pk)]}
    assert ask.refusal("POST", "/executions/delete", missing, status=404)["code"] == "NOT_FOUND"
