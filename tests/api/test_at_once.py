"""Many at the same moment: one start for one key, one winner for one version."""

from collections import Counter

import pytest

from executions.models import Execution
from tests import factories

MANY = 32


@pytest.fixture(autouse=True)
def no_hurry(settings):
    """The throttles let all of them through."""
    settings.API_AWS_BURST = settings.API_PRINCIPAL_BURST = 10_000


def test_of_32_starts_with_one_key_one_starts(at_once, calling, place, ada, olga):
    plan = factories.plan(ada, factories.group(ada, place), name="Billing")
    body = {"planId": str(plan.pk), "executionType": "DRILL"}

    def started(ask):
        """Ask until the first request is answered; return what was refused meanwhile, the answer, and how many ran."""
        refused = set()
        while (answer := ask.ask("POST", "/executions", body, key="one")).status_code == 409:
            assert answer["Retry-After"] == "1"
            refused.add(answer.json()["error"]["code"])
        return refused, answer, Execution.objects.count()

    ends = at_once(*(lambda ask=ask: started(ask) for ask in [calling(olga) for _ in range(MANY)]))

    assert {answer.status_code for _, answer, _ in ends} == {202}
    assert len({answer.json()["data"]["executionId"] for _, answer, _ in ends}) == 1
    assert {count for _, _, count in ends} == {1}
    assert set().union(*(refused for refused, _, _ in ends)) <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert sum("Idempotent-Replayed" not in answer for _, answer, _ in ends) == 1


def test_of_32_changes_with_one_version_one_wins(at_once, calling, place, ada):
    group = factories.group(ada, place)
    callers = [calling(ada) for _ in range(MANY)]
    path = f"/protection-groups/{group.pk}"

    answers = at_once(
        *(
            lambda ask=ask, number=number: ask.ask("PATCH", path, {"tier": f"t{number}"}, version=1)
            for number, ask in enumerate(callers)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: MANY - 1}
    assert {answer["ETag"] for answer in answers if answer.status_code == 200} == {'"2"'}
