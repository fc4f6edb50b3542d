"""The seal covers the same bytes wherever and whenever an event is read."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from drsorch.audit import chain
from drsorch.audit import record as recording
from drsorch.audit.models import AuditEvent
from drsorch.audit.record import BrokenChain, record
from drsorch.audit.verify import verify
from tests import factories

KEY = "a key"
FACTS = {"sequence": 1, "at": datetime(2026, 3, 1, 12, 30, tzinfo=UTC), "actor": "ada", "detail": {"b": 1, "a": [2]}}
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


def test_the_bytes_of_an_event_are_these_and_stay_these():
    assert chain.canonical(FACTS) == (
        b'{"actor":"ada","at":"2026-03-01T12:30:00.000000+00:00","detail":{"a":[2],"b":1},"sequence":1}'
    )
    assert chain.seal(FACTS, KEY) == "f412b988a127e74ba359907b35cb38347c39512fe96fc797ea3bf693f1af4901"


def test_a_time_is_the_same_in_every_time_zone_and_differs_by_the_microsecond():
    elsewhere = FACTS["at"].astimezone(timezone(timedelta(hours=5, minutes=30)))
    later = FACTS["at"] + timedelta(microseconds=1)

    assert chain.canonical(FACTS | {"at": elsewhere}) == chain.canonical(FACTS)
    assert chain.canonical(FACTS | {"at": later}) != chain.canonical(FACTS)


@pytest.mark.parametrize(("number", "same"), [(1e2, 100), (1.0, 1), (-0.0, 0), (1e22, 10**22), (0.1, 0.1)])
def test_a_number_is_spelled_as_postgresql_gives_it_back(number, same):
    assert repr(chain.plain(number)) == repr(same)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_no_evidence(value):
    with pytest.raises(ValueError, match="not a finite number"):
        chain.plain({"deep": [value]})


def test_what_is_not_json_is_no_evidence():
    with pytest.raises(TypeError, match="is not JSON"):
        chain.plain({"at": datetime.now(UTC)})


def test_what_no_database_keeps_is_left_out_of_text():
    assert chain.plain({"a\0b": "c\0\ud800d"}) == {"ab": "c?d"}


@given(JSON)
def test_what_was_made_plain_once_stays_as_it_is(value):
    once = chain.plain(value)

    assert chain.plain(once) == once
    assert chain.canonical({"detail": {"value": value}}) == chain.canonical({"detail": {"value": once}})


@pytest.mark.django_db
def test_hard_values_fit_their_seal_when_they_are_read_again(ada):
    hard = {
        "numbers": [1e2, 1.0, -0.0, 0.1, 1e-7, 1e300, 2**70, 5e-324],
        "words": ["", "\0", "é\u2028😀", '"\\', "e\u0301"],
        "keys": {"b": 1, "a": {"é": None, "": True}, "ab": []},
    }
    with transaction.atomic():
        record(ada, "create_plan", ada.user, before=hard, after=hard, **hard)

    assert verify().is_good


@pytest.mark.django_db
def test_what_is_too_long_for_its_column_is_cut_and_sealed_as_it_is_kept(ada):
    ada.user.username = "u" * 300
    with transaction.atomic():
        event = record(ada, "a" * 100, ada.user)

    assert (len(event.action), len(event.object_name)) == (64, 255)
    assert verify().is_good


@pytest.mark.django_db
def test_each_event_has_the_next_number_and_the_seal_of_the_one_before(events):
    assert [event.sequence for event in events] == list(range(1, 10))
    assert [event.previous_hash for event in events] == ["", *(event.hmac for event in events[:-1])]


@pytest.mark.django_db
def test_a_rolled_back_event_leaves_no_gap(ada):
    for fails in (False, True, False):
        try:
            with transaction.atomic():
                record(ada, "create_plan", ada.user)
                if fails:
                    raise RuntimeError
        except RuntimeError:
            continue

    assert list(AuditEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]
    assert verify().is_good


@pytest.mark.django_db
def test_nothing_is_appended_to_a_chain_without_its_head(events, unguarded, ada):
    unguarded(("DELETE FROM audit_audithead",))

    with pytest.raises(BrokenChain, match="has lost its head"), transaction.atomic():
        record(ada, "create_plan", ada.user)


def test_writers_who_append_at_once_make_one_chain(at_once):
    ada, writers, each = factories.person("ada"), 4, 25

    def write():
        for number in range(each):
            with transaction.atomic():
                record(ada, "create_plan", ada.user, number=number)
        return verify()

    last = max(at_once(*[write] * writers), key=lambda report: report.sequence)

    assert (last.problems, last.events) == ([], writers * each)


@pytest.mark.django_db
def test_an_append_takes_two_queries(ada, django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(2):
        record(ada, "create_plan", ada.user)


def test_the_seal_covers_every_column_but_the_key_and_itself_and_what_follows_from_others():
    columns = {field.attname for field in AuditEvent._meta.concrete_fields if not field.generated}

    assert columns - set(chain.FACTS) == {"id", "hmac"}
    assert recording.WIDTHS["actor"] == 150
