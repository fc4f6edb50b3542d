"""Accounts, their Regions and what is known of them, through the API."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from drsorch.audit.models import AuditEvent
from protection import tasks
from protection.models import AccountRegion, SourceServer, TargetAccount
from tests import factories

pytestmark = pytest.mark.django_db
BODY = {
    "accountId": factories.TARGET,
    "name": "Target",
    "roleArn": f"arn:aws:iam::{factories.TARGET}:role/drsorch-spoke",
    "externalId": "minimal-external-id",
    "regions": [factories.REGION],
}


def test_an_account_is_registered_validated_changed_and_removed(calling, aws, ada):
    ask, path = calling(ada), f"/accounts/{factories.TARGET}"

    made = ask.data("POST", "/accounts", BODY, status=201)
    assert (made["status"], made["version"]) == ("UNVALIDATED", 1)
    assert ask.refusal("POST", "/accounts", BODY, status=409)["code"] == "ACCOUNT_TAKEN"
    valid = ask.data("POST", f"{path}/validate")
    assert (valid["status"], valid["regions"][0]["initialized"]) == ("VALID", True)
    body = {name: value for name, value in BODY.items() if name not in ("accountId", "externalId")}
    changed = ask.data("PUT", path, body | {"name": "T", "regions": ["us-west-2"]}, version=made["version"])
    assert (changed["name"], changed["status"], changed["version"]) == ("T", "VALID", 2)
    assert {row["region"]: row["enabled"] for row in changed["regions"]} == {"us-east-1": False, "us-west-2": True}
    ask.refusal("DELETE", path, status=412, version=1)
    assert ask.ask("DELETE", path, version=2).status_code == 204
    assert not TargetAccount.objects.exists()
    assert AuditEvent.objects.filter(action="remove_account", object_name=f"T ({factories.TARGET})").exists()


def test_an_external_id_never_comes_out(calling, aws, ada):
    ask = calling(ada)

    answers = [
        ask.ask("POST", "/accounts", BODY, key="k"),
        ask.ask("POST", "/accounts", BODY, key="k"),
        ask.ask("GET", "/accounts"),
        ask.ask("GET", f"/accounts/{factories.TARGET}"),
    ]

    assert answers[1]["Idempotent-Replayed"] == "true"
    for answer in answers:
        assert "minimal-external-id" not in answer.content.decode()
        assert "externalId" not in answer.content.decode()
    assert "minimal-external-id" not in json.dumps(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_a_refusal_of_aws_is_the_status_of_the_account(calling, aws, ada):
    ask = calling(ada)
    ask.data("POST", "/accounts", BODY | {"externalId": "wrong"}, status=201)

    found = ask.data("POST", f"/accounts/{factories.TARGET}/validate")

    assert found["status"] == "INVALID"
    assert "AssumeRole" in found["statusReason"]


def test_an_account_in_use_is_not_removed(calling, ada, place):
    group = factories.group(ada, place)
    ask, path = calling(ada), f"/accounts/{factories.TARGET}"
    shown = ask.data("GET", path)
    assert not next(each["allowed"] for each in shown["allowedActions"] if each["action"] == "delete")

    error = ask.refusal("DELETE", path, status=409, version=shown["version"])

    assert (error["code"], error["details"]["groups"]) == ("IN_USE", [group.name])
    assert SourceServer.objects.exists()
    assert TargetAccount.objects.get().version == shown["version"]


def test_who_may_not_manages_no_account(calling, olga, vera, sam, place):
    path = f"/accounts/{factories.TARGET}"

    for actor in (olga, vera, sam):
        ask = calling(actor)
        error = ask.refusal("POST", "/accounts", BODY, status=403)
        assert error["details"]["permission"] == "drs:ManageAccounts"
        ask.refusal("PUT", path, {"name": "x", "regions": []}, status=403, version=1)
        ask.refusal("DELETE", path, status=403, version=1)
        ask.refusal("POST", f"{path}/validate", status=403)
    assert calling(vera).data("GET", path)["name"] == "Target"


def test_whose_credentials_the_installation_has(calling, aws, vera, sam):
    found = calling(vera).data("GET", "/accounts/current")

    assert (found["accountId"], found["isRegistered"]) == (factories.HUB, False)
    calling(sam).refusal("GET", "/accounts/current", status=403)


def test_what_is_known_of_the_regions(calling, vera, place):
    ask = calling(vera)

    state = ask.data("GET", "/drs/accounts?region=us-east-1")["items"][0]
    assert (state["accountId"], state["initialized"], state["lastError"]) == (factories.TARGET, True, "")
    count = SourceServer.objects.filter(region="us-east-1").count()
    assert state["serverCount"] == count
    capacity = ask.data("GET", "/accounts/capacity?region=us-east-1")["items"][0]
    assert (capacity["replicatingServers"], capacity["replicatingServersQuota"]) == (count, 300)
    quotas = ask.data("GET", "/drs/quotas?region=us-east-1")["items"][0]
    assert quotas["concurrentJobs"] == {"limit": 20, "used": None}
    assert quotas["replicatingServers"] == {"limit": 300, "used": count}


def test_regions_are_those_in_which_drs_is_offered(calling, vera):
    partitions = calling(vera).data("GET", "/config/regions")["partitions"]

    assert {"us-east-1", "eu-west-1"} <= set(partitions["aws"])
    assert "us-gov-west-1" in partitions["aws-us-gov"]


def test_a_synchronisation_is_asked_for(calling, vera, sam, place):
    assert calling(vera).data("POST", "/drs/sync", status=202) == {"regions": 2}
    assert calling(vera).data("POST", "/drs/sync", {"accountId": factories.TARGET}, status=202) == {"regions": 2}
    calling(vera).refusal("POST", "/drs/sync", {"accountId": "999999999999"}, status=404)
    calling(sam).refusal("POST", "/drs/sync", status=403)


def test_a_region_that_waits_for_the_worker_is_not_asked_for_again_before_its_turn(calling, vera, place):
    before = OrmQ.objects.count()
    for _ in range(3):
        assert calling(vera).data("POST", "/drs/sync", status=202) == {"regions": 2}
    assert OrmQ.objects.count() == before + 2

    tasks.sync_region(place.regions.first().pk)
    calling(vera).data("POST", "/drs/sync", status=202)
    assert OrmQ.objects.count() == before + 3

    AccountRegion.objects.update(sync_asked_at=timezone.now() - timedelta(minutes=6))  # both tasks were lost
    calling(vera).data("POST", "/drs/sync", status=202)
    assert OrmQ.objects.count() == before + 5
