"""Four eyes: a recovery stops before anything is launched until a second person, through whatever door, confirms it."""

from datetime import timedelta
from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from drsorch.access import tokens
from drsorch.access.requests import actor_with, actor_with_jwt
from drsorch.access.roles import Permission, Role
from drsorch.audit.actor import SCHEDULE
from drsorch.audit.models import AuditEvent
from drsorch.config.services import update_settings
from drsorch.errors import Conflict, Denied, Invalid, NotFound
from executions import services
from executions.models import Execution, Gate
from tests import factories
from tests.executions.driving import run, sentences, tick
from tests.executions.reading import page, sign_in, text_of
from tests.executions.starting import recover

pytestmark = pytest.mark.django_db
SCOPES = [
    Permission.EXECUTE_RECOVERY,
    Permission.MANAGE_EXECUTION,
    Permission.TERMINATE_INSTANCES,
    Permission.VIEW_RESOURCES,
]


@pytest.fixture
def four_eyes(ada):
    """The installation wants a second person."""
    update_settings(actor=ada, version=None, four_eyes=True)


@pytest.fixture
def recovery(four_eyes, small, olga):
    """A recovery that olga has started, and that the engine has not taken."""
    return recover(small, olga)


def confirm(execution, actor, answer="CONFIRM"):
    gate = Gate.objects.get(wave__execution=execution)
    return services.decide_gate(execution=execution, gate=gate.pk, answer=answer, actor=actor)


def with_token(person):
    """The same person, through a token."""
    soon = timezone.now() + timedelta(days=1)
    token, _ = tokens.issue_token(owner=person.user, actor=person, name="CI", scopes=SCOPES, expires_at=soon)
    return actor_with(token)


def test_nobody_else_is_asked_unless_the_installation_wants_it(small, olga):
    recover(small, olga)

    assert not Gate.objects.exists()


def test_a_drill_needs_nobody_else(four_eyes, drill):
    assert not Gate.objects.exists()


def test_nothing_is_launched_until_a_second_person_confirms(aws, recovery, ada):
    run(recovery, aws)
    gate = Gate.objects.get()
    assert (recovery.status, gate.kind, recovery.waves.get().status) == ("PAUSED", "FOUR_EYES", "WAITING")
    assert gate.question.startswith("olga started this recovery. Nothing is launched until a second person")
    assert aws.jobs() == []

    confirm(recovery, ada)

    assert run(recovery, aws).status == "COMPLETED", sentences(recovery)
    assert "ada confirmed the recovery that olga started." in sentences(recovery)
    event = AuditEvent.objects.get(action="decide_gate")
    assert (event.actor, event.detail["gate"], event.detail["answer"]) == ("ada", "FOUR_EYES", "CONFIRM")
    assert AuditEvent.objects.get(action="start_execution").detail["four_eyes"]


def test_it_may_be_confirmed_before_the_engine_has_taken_it(aws, recovery, ada):
    confirm(recovery, ada)

    assert run(recovery, aws).status == "COMPLETED", sentences(recovery)


def test_it_holds_every_wave_also_of_those_that_run_at_the_same_time(aws, four_eyes, two_waves, olga, ada):
    plan = two_waves
    plan.waves.get(number=2).depends_on.clear()
    type(plan).objects.filter(pk=plan.pk).update(parallel_waves=True)
    plan.refresh_from_db()
    recovery = recover(plan, olga)

    tick(recovery)
    assert (recovery.status, aws.jobs()) == ("PAUSED", [])
    notes = [[note.text for note in row.notes] for row in page(recovery, ada).waves]
    assert notes == [[], ["Held until a second person has confirmed the recovery."]]
    confirm(recovery, ada)
    tick(recovery)

    assert len(aws.jobs()) == 2


@pytest.mark.parametrize("door", [lambda olga: olga, with_token, lambda olga: actor_with_jwt(olga.user, "jti")])
def test_the_same_person_does_not_confirm_whatever_the_door(recovery, olga, door):
    with pytest.raises(Denied, match="olga started this recovery, so somebody else has to confirm it") as refusal:
        confirm(recovery, door(olga))

    assert (refusal.value.code, refusal.value.details) == ("SECOND_PERSON_REQUIRED", {"initiator": "olga"})
    assert Gate.objects.get().answered_at is None


def test_who_started_it_with_a_token_does_not_confirm_it_at_the_console(four_eyes, small, olga):
    recovery = recover(small, with_token(olga))

    with pytest.raises(Denied, match="somebody else has to confirm it"):
        confirm(recovery, olga)


def test_only_who_may_execute_it_confirms_it(recovery, otto, vera, sam):
    elsewhere = factories.person("gina", Role.RECOVERY_MANAGER, everywhere=False)
    for person, refusal in ((otto, Denied), (vera, Denied), (sam, NotFound), (elsewhere, NotFound), (SCHEDULE, Denied)):
        with pytest.raises(refusal):
            confirm(recovery, person)
    assert Gate.objects.get().answered_at is None


def test_no_other_answer_and_no_resume_goes_round_it(recovery, ada):
    for go_round in (
        lambda: confirm(recovery, ada, "SKIP"),
        lambda: confirm(recovery, ada, "RESUME"),
        lambda: services.resume_execution(execution=recovery, actor=ada),
        lambda: services.retry_wave(execution=recovery, number=1, actor=ada),
    ):
        with pytest.raises((Invalid, Conflict), match=r"does not answer this question|needs a decision"):
            go_round()
    assert Gate.objects.get().answered_at is None


@pytest.mark.parametrize("at_the_gate", [True, False])
def test_cancelling_needs_nobody_else(aws, recovery, olga, at_the_gate):
    tick(recovery)
    if at_the_gate:
        confirm(recovery, olga, "CANCEL")
    else:
        services.cancel_execution(execution=recovery, actor=olga)

    assert run(recovery, aws).status == "CANCELLED"
    assert aws.jobs() == []


def test_what_waits_goes_on_waiting_when_the_option_is_taken_back(aws, recovery, ada):
    update_settings(actor=ada, version=None, four_eyes=False)

    assert run(recovery, aws).status == "PAUSED"
    assert aws.jobs() == []


def test_the_page_asks_everybody_and_lets_only_the_second_person_confirm(client, recovery, olga, ada):
    tick(recovery)
    own = text_of(client, olga, recovery)
    assert "olga started this recovery, so somebody else has to confirm it" in own
    assert "Confirm this recovery?" not in own

    others = text_of(client, ada, recovery)
    assert "2 servers in 1 wave</strong> will be launched for real by this recovery, which olga started" in others
    gate = Gate.objects.get()
    client.post(reverse("executions:decide", args=[recovery.pk, gate.pk]), {"answer": "CONFIRM", "note": "Agreed"})

    gate.refresh_from_db()
    assert (gate.answer, gate.answered_by, gate.note) == ("CONFIRM", ada.user, "Agreed")


def test_the_page_that_starts_it_says_so_before(client, four_eyes, small, olga):
    sign_in(client, olga)
    address = reverse("executions:start", args=[small.pk])

    said = [client.get(address, {"mode": mode}).content.decode() for mode in ("RECOVERY", "DRILL")]

    assert ["has confirmed the recovery." in text for text in said] == [True, False]


def test_the_pages_say_that_a_drill_is_cancelled_before_anybody_confirms(client, four_eyes, drill, small, olga, ada):
    address = reverse("executions:start", args=[small.pk])
    before = sign_in(client, olga).get(address, {"mode": "RECOVERY"}).content.decode()
    assert "The drill is cancelled when you start, before anybody confirms" in before

    recovery = recover(small, olga, preempt=True)

    drill.refresh_from_db()
    assert drill.cancelled_by == "olga"
    said = f"{drill} ({drill.short_id}) was cancelled for it when it was started, and stays so if you do not confirm."
    assert said in text_of(client, ada, recovery)


def test_of_two_who_confirm_the_second_hears_who_did(recovery, ada):
    second = factories.person("rita", Role.RECOVERY_MANAGER)
    confirm(recovery, ada)

    with pytest.raises(Conflict, match="ada has answered this question already: “confirm the recovery”"):
        confirm(recovery, second)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_does(at_once, recovery, ada):
    second = factories.person("rita", Role.RECOVERY_MANAGER)
    own_copies = [Execution.objects.get(pk=recovery.pk) for _ in range(2)]

    ends = at_once(partial(confirm, own_copies[0], ada), partial(confirm, own_copies[1], second))

    assert sorted(type(end).__name__ for end in ends) == ["Conflict", "Execution"]
