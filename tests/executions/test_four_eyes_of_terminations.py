"""Four eyes: a termination is kept, and nothing is terminated until a second person asks for it too."""

from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.config.services import update_settings
from drsorch.errors import Conflict, Denied, Invalid, NotFound
from executions import services
from executions.models import Execution, Termination
from executions.termination import state_of_termination
from executions.turn import wake
from tests import factories
from tests.executions import situations
from tests.executions.driving import run, sentences, tick
from tests.executions.reading import page, sign_in, text_of
from tests.executions.test_four_eyes import with_token
from tests.executions.test_terminate import finish

pytestmark = pytest.mark.django_db


@pytest.fixture
def four_eyes(ada):
    """The installation wants a second person."""
    update_settings(actor=ada, version=None, four_eyes=True)


@pytest.fixture
def recovery(olga):
    """A recovery that has ended, with two instances."""
    ended = situations.execution(olga, mode="RECOVERY", status="COMPLETED")
    situations.wave(ended, "COMPLETED", situations.LAUNCHED, situations.LAUNCHED)
    return ended


def terminate(execution, actor, typed="Billing"):
    return services.terminate_instances(execution=execution, actor=actor, confirm_plan_name=typed)


@pytest.fixture
def asked(four_eyes, recovery, olga):
    """The same, olga having asked for the termination."""
    terminate(recovery, olga)
    return recovery


def test_nothing_is_terminated_until_a_second_person_confirms(aws, four_eyes, done, olga, ada):
    terminate(done, olga)
    for _ in range(3):
        wake([done.pk])
        tick(done)
    assert not any(job["type"] == "TERMINATE" for job in aws.jobs())
    assert not done.instances_terminated
    assert Termination.objects.get().is_waiting
    assert sentences(done)[-1].startswith("olga asked to terminate 2 recovery instances. Somebody else who may")

    terminate(done, ada)
    finish(done, aws)

    assert done.instances_terminated, sentences(done)
    assert "ada confirmed the termination of 2 recovery instances, as olga asked." in sentences(done)
    events = AuditEvent.objects.filter(action__in=["terminate_instances", "confirm_termination"]).order_by("pk")
    assert [(event.actor, event.action) for event in events] == [
        ("olga", "terminate_instances"),
        ("ada", "confirm_termination"),
    ]
    assert events[0].detail["instances"] == events[1].detail["instances"] != []


def test_without_the_option_it_begins_at_once(recovery, olga):
    assert not terminate(recovery, olga).is_waiting
    assert Termination.objects.get().calls.count() == 1


def test_the_same_person_does_not_confirm_whatever_the_door(asked, olga):
    for person in (olga, with_token(olga)):
        with pytest.raises(Denied, match="olga asked for the termination") as refusal:
            terminate(asked, person)
        assert refusal.value.code == "SECOND_PERSON_REQUIRED"
    assert Termination.objects.get().calls.count() == 0


def test_the_second_person_needs_the_permission_and_types_the_name_too(asked, ada, otto, vera, sam):
    elsewhere = factories.person("gina", Role.RECOVERY_MANAGER, everywhere=False)
    for person, refusal in ((otto, Denied), (vera, Denied), (sam, NotFound), (elsewhere, NotFound)):
        with pytest.raises(refusal):
            terminate(asked, person)
    with pytest.raises(Invalid, match="type the name of the plan"):
        terminate(asked, ada, typed="")
    assert Termination.objects.get().is_waiting


def test_of_two_who_confirm_the_second_hears_who_did(asked, ada):
    terminate(asked, ada)

    with pytest.raises(Conflict, match="are being terminated: olga asked for it, and ada confirmed it"):
        terminate(asked, factories.person("rita", Role.RECOVERY_MANAGER))
    assert Termination.objects.get().calls.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_does(at_once, asked, ada):
    second = factories.person("rita", Role.RECOVERY_MANAGER)
    own_copies = [Execution.objects.get(pk=asked.pk) for _ in range(2)]

    ends = at_once(partial(terminate, own_copies[0], ada), partial(terminate, own_copies[1], second))

    assert sorted(type(end).__name__ for end in ends) == ["Conflict", "Termination"]


def test_the_database_knows_that_they_are_two_and_that_nothing_is_done_before(asked, olga):
    for change in ({"confirmer": olga.user}, {"done_at": situations.ago(minutes=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Termination.objects.update(**change)


def test_who_asks_again_after_it_gave_up_needs_a_second_person_again(four_eyes, recovery, olga, ada):
    terminate(recovery, olga)
    terminate(recovery, ada)
    Termination.objects.update(gave_up_at=situations.ago(minutes=1))

    assert terminate(recovery, ada).is_waiting
    with pytest.raises(Denied, match="ada asked for the termination"):
        terminate(recovery, ada)
    assert not terminate(recovery, olga).is_waiting


def test_what_waits_goes_on_waiting_when_the_option_is_taken_back(asked, olga, ada):
    update_settings(actor=ada, version=None, four_eyes=False)

    with pytest.raises(Denied):
        terminate(asked, olga)


def test_the_page_says_what_it_waits_for_and_offers_it_to_others_only(client, four_eyes, recovery, olga, ada):
    assert "It begins when somebody else who may terminate has confirmed it." in text_of(client, olga, recovery)
    address = reverse("executions:terminate", args=[recovery.pk])
    said = sign_in(client, olga).post(address, {"confirmation": "Billing"}, follow=True).content.decode()
    assert "Kept, and nothing is terminated yet" in said

    own = text_of(client, olga, recovery)
    assert "Waits for a second person" in own
    assert "Nothing is terminated until somebody else who may terminate has confirmed it." in own
    assert page(recovery, olga).offers["terminate"].reason.startswith("olga asked for the termination, so somebody")
    assert page(recovery, olga).next_decision.startswith("Confirm the termination of 2 recovery instances")
    others = text_of(client, ada, recovery)
    assert "Confirm termination" in others
    assert "olga asked for it. You confirm it as the second person, and it begins." in others
    said = sign_in(client, ada).post(address, {"confirmation": "Billing"}, follow=True).content.decode()
    assert "are being terminated" in said
    assert "by ada" in text_of(client, ada, recovery)


def test_the_status_of_the_termination_says_so_to_programs(asked, ada):
    def state():
        return state_of_termination(Execution.objects.for_detail().get(pk=asked.pk))

    assert (state().is_requested, state().waits_for_confirmation, state().confirmed_by) == (True, True, "")
    terminate(asked, ada)
    assert (state().waits_for_confirmation, state().confirmed_by) == (False, "ada")
    assert state().confirmed_at is not None


def test_a_drill_s_instances_wait_too(aws, four_eyes, drill, olga):
    run(drill, aws)

    assert services.terminate_instances(execution=drill, actor=olga).is_waiting
