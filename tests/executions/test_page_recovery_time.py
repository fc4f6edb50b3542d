"""What the execution page says of the plan's RTO: counted down, then judged."""

from datetime import timedelta

import pytest

from tests.executions.reading import page
from tests.executions.situations import ago, execution

pytestmark = pytest.mark.django_db

RTO = {"rto_minutes": 30}


@pytest.mark.parametrize(
    ("fields", "tone", "text", "minutes"),
    [
        (RTO, "info", "", 30),
        (RTO | {"created_at": ago(minutes=31)}, "error", "", 30),
        (RTO | {"status": "PARTIAL"}, "warn", "Not reached: not all went well", None),
    ],
)
def test_the_rto_is_counted_down_from_the_start(olga, fields, tone, text, minutes):
    drill = execution(olga, **fields)
    rto = page(drill, olga).recovery_time

    assert (rto.label, rto.tone, rto.text) == ("RTO of 30 min", tone, text)
    assert rto.due_at == (drill.created_at + timedelta(minutes=minutes) if minutes else None)


def test_a_plan_without_an_rto_has_nothing_to_count(olga):
    assert page(execution(olga), olga).recovery_time is None


@pytest.mark.parametrize(("took", "text"), [(20, "Met, 10 min 00 s to spare"), (35, "Missed by 5 min 00 s")])
def test_the_rto_is_judged_in_the_end(olga, took, text):
    begun = ago(minutes=50)
    ended = {"status": "COMPLETED", "created_at": begun, "ended_at": begun + timedelta(minutes=took)}

    assert page(execution(olga, **RTO, **ended), olga).recovery_time.text == text
