"""Before each wave the policy is asked again whether whoever started the execution is active, and still may run it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drsorch.access import tokens
from drsorch.access.models import OrgWideGrant
from drsorch.access.requests import actor_with
from drsorch.access.roles import Permission, Role
from drsorch.errors import Conflict, Denied
from executions import initiator, services
from executions.models import Execution, Gate
from tests.executions.driving import run, sentences, tick
from tests.executions.starting import recover

pytestmark = pytest.mark.django_db
SCOPES = [Permission.EXECUTE_RECOVERY, Permission.MANAGE_EXECUTION, Permission.VIEW_RESOURCES]


def deactivated(person):
    person.user.is_active = False
    person.user.save(update_fields=["is_active"])


def without_the_role(person):
    person.user.groups.set(Group.objects.filter(name=Role.READ_ONLY))


def without_the_grant(person):
    OrgWideGrant.objects.filter(user=person.user).delete()


def removed(person):
    person.user.delete()


LOSSES = {
    deactivated: "is no longer active here",
    without_the_role: "may no longer execute it",
    without_the_grant: "may no longer execute it",
    removed: "is no longer active here",
}


def until_wave_two(execution, aws):
    """Drive until the plan pauses before the second wave."""
    assert run(execution, aws).status == "PAUSED", sentences(execution)
    return execution


@pytest.fixture
def halfway(plan, olga, aws):
    """A drill of olga's whose first wave has completed, paused before the second."""
    return until_wave_two(services.start_execution(plan=plan, actor=olga), aws)


@pytest.fixture
def recovery(plan, olga, aws):
    """A recovery of olga's that has come as far."""
    return until_wave_two(recover(plan, olga), aws)


def asked(execution, actor, aws):
    """Let somebody resume, and return the question that people are asked instead of the launch."""
    services.resume_execution(execution=execution, actor=actor)
    run(execution, aws)
    return Gate.objects.get(answered_at=None)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_wave_does_not_start_when_its_initiator_may_not_run_it_any_more(aws, halfway, olga, ada, loss):
    loss(olga)

    gate = asked(halfway, ada, aws)

    assert (halfway.status, gate.kind) == ("PAUSED", "PROBLEM")
    assert f"olga, who started this drill, {LOSSES[loss]}" in gate.question
    assert [found["code"] for found in gate.details] == ["INITIATOR"]
    assert len(aws.jobs()) == 1


def test_a_drill_goes_on_when_the_access_is_given_back_and_not_in_spite_of_it(aws, halfway, olga, ada):
    deactivated(olga)
    gate = asked(halfway, ada, aws)
    with pytest.raises(Conflict, match="A drill is not launched in spite of problems"):
        services.decide_gate(execution=halfway, gate=gate.pk, answer="ACCEPT", actor=ada, note="Never mind.")

    olga.user.is_active = True
    olga.user.save()
    services.decide_gate(execution=halfway, gate=gate.pk, answer="LOOK_AGAIN", actor=ada)

    assert run(halfway, aws).status == "COMPLETED", sentences(halfway)


def test_a_recovery_goes_on_when_somebody_who_may_execute_it_takes_it_on(aws, recovery, olga, ada, vera, otto):
    deactivated(olga)
    gate = asked(recovery, ada, aws)
    assert "Somebody else who may execute it has to take it on, or cancel it." in gate.question
    for person in (vera, otto):
        with pytest.raises(Denied):
            services.decide_gate(execution=recovery, gate=gate.pk, answer="ACCEPT", actor=person, note="I do.")

    services.decide_gate(execution=recovery, gate=gate.pk, answer="ACCEPT", actor=ada, note="I take it on.")

    assert run(recovery, aws).status == "COMPLETED", sentences(recovery)


def test_it_is_cancelled_like_any_other(aws, recovery, olga, ada):
    deactivated(olga)
    gate = asked(recovery, ada, aws)

    services.decide_gate(execution=recovery, gate=gate.pk, answer="CANCEL", actor=ada)

    assert run(recovery, aws).status == "PARTIAL"


def test_a_token_that_was_revoked_since_stops_nothing(aws, plan, olga):
    soon = timezone.now() + timedelta(days=1)
    token, _ = tokens.issue_token(owner=olga.user, actor=olga, name="CI", scopes=SCOPES, expires_at=soon)
    drill = until_wave_two(services.start_execution(plan=plan, actor=actor_with(token)), aws)
    tokens.revoke_token(token=token, actor=olga)

    services.resume_execution(execution=drill, actor=olga)

    assert run(drill, aws).status == "COMPLETED", sentences(drill)


def test_what_the_installation_starts_by_itself_has_nobody_to_ask_about(drill):
    Execution.objects.filter(pk=drill.pk).update(initiated_by=None, source="SCHEDULE")
    drill.refresh_from_db()

    assert initiator.findings_about(drill) == []


def test_the_question_costs_at_most_three_queries(drill):
    with CaptureQueriesContext(connection) as queries:
        assert initiator.findings_about(drill) == []

    assert len(queries) <= 3, [query["sql"] for query in queries]


def test_a_first_wave_is_asked_about_too(aws, drill, olga):
    deactivated(olga)

    tick(drill)

    assert Gate.objects.get().kind == "PROBLEM"
    assert aws.jobs() == []
