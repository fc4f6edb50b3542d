"""What takes a second person, through the API: refused with its own code, offered to others, shown as it stands."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drsorch.access.roles import Permission
from drsorch.access.tokens import issue_token
from drsorch.audit.models import AuditEvent
from drsorch.config.services import update_settings
from executions.models import Gate
from executions.services import second_person
from tests.executions import situations

pytestmark = pytest.mark.django_db


@pytest.fixture
def recovery(ada, olga):
    """A recovery of olga's that waits for a second person."""
    update_settings(actor=ada, version=None, four_eyes=True)
    started = situations.execution(olga, mode="RECOVERY", status="INITIATED")
    situations.wave(started, "PENDING", {}, {})
    assert second_person.ask_if_wanted(started)
    return started


def offer(shown, action):
    return next(offer for offer in shown["allowedActions"] if offer["action"] == action)


def test_a_recovery_is_confirmed_by_somebody_else(calling, recovery, olga, ada):
    path, gate = f"/executions/{recovery.pk}", Gate.objects.get()
    answer = {"gateId": str(gate.pk), "answer": "CONFIRM"}
    own = calling(olga).data("GET", path)
    assert own["nextDecision"]["kind"] == "FOUR_EYES"
    assert [(option["answer"], option["allowed"]) for option in own["nextDecision"]["options"]] == [
        ("CONFIRM", False),
        ("CANCEL", True),
    ]
    listed = calling(olga).data("GET", "/executions")["items"][0]
    for shown in (own, listed):
        assert offer(shown, "decide")["reason"].startswith("olga started this recovery, so somebody else")

    error = calling(olga).refusal("POST", f"{path}/decide", answer, status=403)
    assert (error["code"], error["details"]) == ("SECOND_PERSON_REQUIRED", {"initiator": "olga"})
    assert error["message"] == offer(own, "decide")["reason"]
    event = AuditEvent.objects.get(action="decide_gate")
    assert (event.outcome, event.actor) == ("DENIED", "olga")

    assert offer(calling(ada).data("GET", path), "decide")["allowed"]
    confirmed = calling(ada).data("POST", f"{path}/decide", answer)
    assert confirmed["nextDecision"] is None


def test_the_owner_s_token_is_the_owner(calling, recovery, olga):
    soon = timezone.now() + timedelta(days=1)
    _, text = issue_token(owner=olga.user, actor=olga, name="CI", scopes=list(Permission), expires_at=soon)
    answer = {"gateId": str(Gate.objects.get().pk), "answer": "CONFIRM"}
    headers = {"Authorization": f"Bearer {text}"}

    error = calling().refusal("POST", f"/executions/{recovery.pk}/decide", answer, status=403, headers=headers)

    assert error["code"] == "SECOND_PERSON_REQUIRED"
    assert Gate.objects.get().answered_at is None


def test_a_termination_is_confirmed_by_the_same_call_of_somebody_else(calling, ada, olga):
    update_settings(actor=ada, version=None, four_eyes=True)
    ended = situations.execution(olga, mode="RECOVERY", status="COMPLETED")
    situations.wave(ended, "COMPLETED", situations.LAUNCHED)
    path, body = f"/executions/{ended.pk}", {"confirmPlanName": "Billing"}

    asked = calling(olga).data("POST", f"{path}/terminate-instances", body, status=202)
    assert (asked["isRequested"], asked["waitsForConfirmation"], asked["confirmedBy"]) == (True, True, "")
    error = calling(olga).refusal("POST", f"{path}/terminate-instances", body, status=403)
    assert error["code"] == "SECOND_PERSON_REQUIRED"
    own = offer(calling(olga).data("GET", path), "terminate-instances")
    assert (own["allowed"], own["reason"]) == (False, error["message"])
    assert offer(calling(ada).data("GET", path), "terminate-instances")["allowed"]
    begun = calling(ada).data("POST", f"{path}/terminate-instances", body, status=202)

    assert (begun["waitsForConfirmation"], begun["confirmedBy"]) == (False, "ada")
    status = calling(olga).data("GET", f"{path}/termination-status")
    assert (status["requestedBy"], status["confirmedBy"]) == ("olga", "ada")


def test_a_termination_that_waits_is_withdrawn(calling, ada, olga, vera):
    update_settings(actor=ada, version=None, four_eyes=True)
    ended = situations.execution(olga, mode="RECOVERY", status="COMPLETED")
    situations.wave(ended, "COMPLETED", situations.LAUNCHED)
    path = f"/executions/{ended.pk}"
    assert not offer(calling(olga).data("GET", path), "withdraw-termination")["allowed"]
    calling(olga).data("POST", f"{path}/terminate-instances", {"confirmPlanName": "Billing"}, status=202)
    assert calling(vera).refusal("POST", f"{path}/withdraw-termination", status=403)
    assert offer(calling(olga).data("GET", "/executions")["items"][0], "withdraw-termination")["allowed"]

    shown = calling(olga).data("POST", f"{path}/withdraw-termination")

    assert offer(shown, "terminate-instances")["allowed"]
    assert not calling(olga).data("GET", f"{path}/termination-status")["isRequested"]
    assert calling(ada).refusal("POST", f"{path}/withdraw-termination", status=409)["code"] == "INVALID_STATE"


def test_whoever_started_it_is_refused_where_the_installation_wants_somebody_else(calling, ada, olga):
    update_settings(actor=ada, version=None, initiator_may_not_answer=True)
    drill = situations.execution(olga, status="PAUSED")
    situations.wave(drill, "WAITING", {}).gates.create(kind="PAUSE_BEFORE", question="?")
    path = f"/executions/{drill.pk}"

    error = calling(olga).refusal("POST", f"{path}/resume", status=403)
    assert error["code"] == "SECOND_PERSON_REQUIRED"
    assert offer(calling(olga).data("GET", path), "resume")["reason"] == error["message"]
    assert offer(calling(olga).data("GET", "/executions")["items"][0], "cancel")["allowed"]
    assert calling(ada).data("POST", f"{path}/resume")["nextDecision"] is None
