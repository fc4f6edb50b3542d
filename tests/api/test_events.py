"""Events of EventBridge through the API: with a token, from an address that is allowed; each refusal is recorded."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from rest_framework.test import APIClient

from drsorch.access.roles import Permission
from drsorch.access.tokens import issue_token
from drsorch.audit.models import AuditEvent
from protection.models import ReceivedEvent
from tests.api.test_bad_input import BODIES
from tests.protection.test_events import accounts, event  # noqa: F401 - a fixture for every test here

pytestmark = pytest.mark.django_db
PATH = "/events/eventbridge"
INSIDE, OUTSIDE = "10.1.2.3", "8.8.8.8"


@pytest.fixture
def sender(ada, calling):
    """Ask with a token that may send events, from `address`."""

    def make(address=INSIDE, scopes=(Permission.UPDATE_PROTECTION_GROUP, Permission.VIEW_RESOURCES), **narrowed):
        soon = timezone.now() + timedelta(days=1)
        name = f"events {address} {len(scopes)} {len(narrowed)}"
        _, text = issue_token(owner=ada.user, actor=ada, name=name, scopes=scopes, expires_at=soon, **narrowed)
        return from_address(calling(), address, text)

    return make


def from_address(caller, address, text):
    caller.client = APIClient(HTTP_AUTHORIZATION=f"Bearer {text}", REMOTE_ADDR=address)
    return caller


def refusals():
    """What the trail says of refused events: the layer, the actor, where from."""
    rows = AuditEvent.objects.filter(action="receive_event", outcome="DENIED").order_by("pk")
    return [(row.detail["layer"], row.actor, row.address, row.source) for row in rows]


def tasks():
    return OrmQ.objects.count()


def test_an_event_is_taken_once_and_all_regions_are_read(sender):
    ask, sent = sender(), event()

    first, again = (ask.data("POST", PATH, sent, status=202) for _ in range(2))

    assert (first["eventId"], first["regions"], first["repeated"]) == (sent["id"], 3, False)
    assert (again["regions"], again["repeated"]) == (3, True)
    told = AuditEvent.objects.get(action="receive_event")
    assert (told.outcome, told.actor, told.source, told.address) == ("ALLOWED", "ada", "EVENTBRIDGE", INSIDE)
    assert refusals() == []


def test_the_one_permission_that_is_documented_is_enough(sender):
    ask = sender(scopes=(Permission.UPDATE_PROTECTION_GROUP,))

    assert ask.data("POST", PATH, event(), status=202)["regions"] == 3
    assert tasks() == 3


def test_another_address_is_refused_and_recorded_with_it(sender):
    error = sender(OUTSIDE).refusal("POST", PATH, event(), status=403)

    assert (error["code"], error["details"]["layer"]) == ("EVENT_REFUSED", "address")
    assert refusals() == [("address", "ada", OUTSIDE, "EVENTBRIDGE")]


def test_an_address_that_is_only_claimed_does_not_count(sender):
    ask = sender(OUTSIDE)
    ask.refusal("POST", PATH, event(), status=403, headers={"X-Forwarded-For": INSIDE})
    assert refusals() == [("address", "ada", OUTSIDE, "EVENTBRIDGE")]


def test_nobody_and_wrong_tokens_are_refused_and_recorded(sender, calling):
    text = "drs_1_" + "x" * 43
    from_address(calling(), INSIDE, text).refusal("POST", PATH, event(), status=401)
    calling().refusal("POST", PATH, event(), status=401)

    assert refusals() == [
        ("token", "anonymous", INSIDE, "EVENTBRIDGE"),
        ("token", "anonymous", "127.0.0.1", "EVENTBRIDGE"),
    ]
    assert text not in json.dumps(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_a_token_that_may_not_is_refused_and_recorded(sender, calling, ada):
    sender(scopes=(Permission.VIEW_RESOURCES,)).refusal("POST", PATH, event(), status=403)
    narrowed = sender(account_ids=["111111111111"])
    narrowed.refusal("POST", PATH, event(), status=403)
    calling(ada).refusal("POST", PATH, event(), status=403)  # a person with a session

    assert [layer for layer, *_ in refusals()] == ["token"] * 3
    assert not ReceivedEvent.objects.exists()


@pytest.mark.parametrize(("what", "text"), BODIES, ids=[what for what, _ in BODIES])
def test_a_body_that_cannot_be_right_is_refused_and_recorded_once(sender, what, text):
    ask, before = sender(), tasks()

    answer = ask.client.generic("POST", f"/api/v1{PATH}", text, "application/json")

    assert answer.status_code == 400, answer.content
    assert refusals() == [("structure", "ada", INSIDE, "EVENTBRIDGE")]
    assert tasks() == before


def test_another_content_type_or_parameter_is_refused_and_recorded(sender):
    ask = sender()
    assert ask.client.generic("POST", f"/api/v1{PATH}", "a=b", "text/plain").status_code == 415
    ask.refusal("POST", f"{PATH}?colour=red", event(), status=400)

    assert [layer for layer, *_ in refusals()] == ["structure"] * 2


def test_an_event_of_another_rule_is_refused_and_recorded(sender):
    error = sender().refusal("POST", PATH, event(resources=["arn:aws:events:r:a:rule/other"]), status=403)

    assert error["details"]["layer"] == "rule"
    assert [layer for layer, *_ in refusals()] == ["rule"]
