"""Events from EventBridge: four layers, each refusal recorded, each event once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from drsorch.access.roles import Permission, Right
from drsorch.audit.actor import Source
from drsorch.audit.models import AuditEvent
from drsorch.errors import Denied, Invalid, UserError
from protection.events import receive_event
from protection.models import AccountRegion, ReceivedEvent, TargetAccount
from protection.services import register_account
from tests import factories

pytestmark = pytest.mark.django_db
RULE = "aws-drs-orchestrator-tag-sync-prod"
ARN = f"arn:aws:events:us-east-1:111111111111:rule/{RULE}"


def with_token(person, address="10.1.2.3", scopes=tuple(Permission), account_ids=None):
    """The person's token, used from `address`."""
    right = Right(frozenset(scopes), account_ids)
    return replace(person, source=Source.API, address=address, right=right)


@pytest.fixture
def sender(ada):
    """A program with a token that may."""
    return with_token(ada, scopes=(Permission.UPDATE_PROTECTION_GROUP, Permission.VIEW_RESOURCES))


@pytest.fixture(autouse=True)
def accounts(ada):
    """Two accounts with three Regions."""
    regions = [factories.REGION, factories.OTHER_REGION]
    register_account(actor=ada, account_id=factories.HUB, name="Hub", regions=regions)
    register_account(actor=ada, account_id=factories.TARGET, name="Target", regions=regions[:1])


def event(**members):
    """A scheduled event as EventBridge sends it; a member given as None is left out."""
    whole = {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "111111111111",
        "time": f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}",
        "region": "us-east-1",
        "resources": [ARN],
        "detail": {},
    } | members
    return {name: value for name, value in whole.items() if value is not None}


def told():
    """The audit events about received events, oldest first: outcome and layer."""
    rows = AuditEvent.objects.filter(action="receive_event").order_by("pk")
    return [(row.outcome, row.detail.get("layer")) for row in rows]


def tasks():
    return OrmQ.objects.count()


def test_an_event_asks_for_every_region_to_be_synchronised(sender):
    receipt = receive_event(actor=sender, event=event())

    assert (receipt.rule, receipt.regions, receipt.is_repeated) == (RULE, 3, False)
    assert tasks() == 3
    assert told() == [("ALLOWED", None)]
    assert AuditEvent.objects.filter(action="request_sync", actor="ada").count() == 2


def test_accounts_are_rung_for_in_the_order_in_which_an_import_locks_them(sender):
    TargetAccount.objects.filter(account_id=factories.HUB).update(name="Zebra")
    receive_event(actor=sender, event=event())

    rung = AuditEvent.objects.filter(action="request_sync").order_by("sequence").values_list("account", flat=True)
    assert list(rung) == sorted([factories.HUB, factories.TARGET])


def test_the_same_event_again_starts_nothing(sender):
    receive_event(actor=sender, event=event())
    receipt = receive_event(actor=sender, event=event())

    assert (receipt.regions, receipt.is_repeated) == (3, True)
    assert tasks() == 3


def test_of_the_same_event_twice_at_once_one_starts_something(at_once, sender):
    def receive():
        return receive_event(actor=sender, event=event()), tasks()

    ends = at_once(receive, receive)

    assert sorted(receipt.is_repeated for receipt, _ in ends) == [False, True]
    assert [(receipt.regions, count) for receipt, count in ends] == [(3, 3)] * 2


def test_another_event_starts_it_again_but_for_what_waits_for_the_worker(sender):
    receive_event(actor=sender, event=event())
    AccountRegion.objects.filter(region=factories.OTHER_REGION).update(sync_asked_at=None)  # the worker has begun it

    assert receive_event(actor=sender, event=event(id="another")).regions == 3
    assert tasks() == 4
    AccountRegion.objects.update(sync_asked_at=None)
    receive_event(actor=sender, event=event(id="a-third"))
    assert tasks() == 7


def test_the_rule_may_be_named_in_the_detail(sender):
    receipt = receive_event(actor=sender, event=event(resources=None, detail={"rule-name": RULE}))
    assert receipt.rule == RULE


def test_a_rule_of_another_bus_has_its_name_after_the_bus(sender):
    arn = f"arn:aws:events:us-east-1:111111111111:rule/own-bus/{RULE}"
    assert receive_event(actor=sender, event=event(resources=[arn])).rule == RULE


@pytest.mark.parametrize(
    ("members", "layer"),
    [
        ({"id": None}, "structure"),
        ({"id": ""}, "structure"),
        ({"id": "x" * 65}, "structure"),
        ({"id": 7}, "structure"),
        ({"id": "a\nb"}, "structure"),
        ({"source": None}, "structure"),
        ({"source": "aws.ec2"}, "structure"),
        ({"detail-type": "EC2 Instance State-change Notification"}, "structure"),
        ({"detail": None}, "structure"),
        ({"detail": "rule"}, "structure"),
        ({"detail": {"a": {"b": 1.5}}}, "structure"),
        ({"time": None}, "structure"),
        ({"time": "yesterday"}, "structure"),
        ({"time": 5}, "structure"),
        ({"time": f"{timezone.now() - timedelta(hours=26):%Y-%m-%dT%H:%M:%SZ}"}, "structure"),
        ({"time": f"{timezone.now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}, "structure"),
        ({"resources": None}, "rule"),
        ({"resources": []}, "rule"),
        ({"resources": "text"}, "rule"),
        ({"resources": [7]}, "rule"),
        ({"resources": [ARN + "-x"]}, "rule"),
        ({"resources": [ARN + "\n"]}, "rule"),
        ({"resources": ["arn:aws:events:us-east-1:111111111111:rule/other"]}, "rule"),
        ({"resources": [f"arn:aws:s3:::rule/{RULE}"]}, "rule"),
        ({"resources": [RULE]}, "rule"),
        ({"resources": None, "detail": {"rule-name": ["x"]}}, "rule"),
    ],
)
def test_what_is_no_event_of_ours_is_refused_and_recorded(sender, members, layer):
    with pytest.raises(UserError) as refusal:
        receive_event(actor=sender, event=event(**members))

    assert isinstance(refusal.value, Invalid if layer == "structure" else Denied)
    assert told() == [("DENIED", layer)]
    assert tasks() == 0
    assert not ReceivedEvent.objects.exists()


@pytest.mark.parametrize("sent", [None, [], "text", 5, {}])
def test_something_else_than_an_event_is_refused_and_recorded(sender, sent):
    with pytest.raises(Invalid):
        receive_event(actor=sender, event=sent)
    assert told() == [("DENIED", "structure")]


@pytest.mark.parametrize("address", ["8.8.8.8", "11.0.0.1", "", "nonsense", "2001:db8::1", "::ffff:8.8.8.8"])
def test_another_address_is_refused_and_recorded_whatever_the_event_says(sender, address):
    with pytest.raises(Denied, match="not accepted from"):
        receive_event(actor=replace(sender, address=address), event=event(**{"source-ip": "10.0.0.1"}))
    assert told() == [("DENIED", "address")]
    assert AuditEvent.objects.first().address == address


@pytest.mark.parametrize("address", ["172.31.255.255", "192.168.0.9", "::ffff:10.0.0.1"])
def test_the_allowed_ranges_let_pass(sender, address):
    assert receive_event(actor=replace(sender, address=address), event=event()).regions == 3


def test_a_session_a_token_without_the_scope_and_a_narrowed_one_are_refused_and_recorded(ada, vera):
    without = with_token(ada, scopes=(Permission.VIEW_RESOURCES,))
    narrowed = with_token(ada, account_ids=frozenset({factories.HUB}))
    for actor in (replace(ada, address="10.1.2.3"), without, narrowed, with_token(vera)):
        with pytest.raises(Denied):
            receive_event(actor=actor, event=event())
    assert told() == [("DENIED", "token")] * 4
    assert tasks() == 0


def test_without_a_range_nothing_is_accepted(sender, settings):
    settings.EVENTS_ALLOWED_CIDRS = []
    with pytest.raises(Denied, match="not accepted from"):
        receive_event(actor=sender, event=event())


def test_old_ids_are_forgotten(sender):
    ReceivedEvent.objects.create(event_id="old", rule=RULE, received_at=timezone.now() - timedelta(days=8))
    receive_event(actor=sender, event=event())
    assert [row.event_id for row in ReceivedEvent.objects.all()] == [event()["id"]]


def test_nothing_that_was_sent_is_kept_of_a_refused_event_but_its_id_and_rule(sender):
    with pytest.raises(Denied):
        receive_event(actor=sender, event=event(resources=["arn:aws:events:r:a:rule/other"], detail={"x": "canary"}))
    assert "canary" not in repr([vars(row) for row in AuditEvent.objects.all()])
