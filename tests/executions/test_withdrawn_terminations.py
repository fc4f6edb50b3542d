"""A termination that waits for a second person is withdrawn: by whoever asked, or by who will not confirm it."""

from functools import partial

import pytest
from django.urls import reverse

from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent
from drsorch.config.services import update_settings
from drsorch.errors import Conflict, Denied, NotFound
from executions import services
from executions.models import Execution, Termination
from executions.turn import wake
from tests import factories
from tests.executions import situations
from tests.executions.driving import run, sentences, tick
from tests.executions.reading import sign_in, text_of
from tests.executions.test_four_eyes_of_terminations import terminate

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(ada, olga):
    """A recovery that has ended, with two instances; olga has asked for their termination, which waits."""
    update_settings(actor=ada, version=None, four_eyes=True)
    ended = situations.execution(olga, mode="RECOVERY", status="COMPLETED")
    situations.wave(ended, "COMPLETED", situations.LAUNCHED, situations.LAUNCHED)
    terminate(ended, olga)
    return ended


def withdraw(execution, actor):
    return services.withdraw_termination(execution=execution, actor=actor)


@pytest.mark.parametrize("who", ["olga", "ada"])
def test_who_asked_and_who_will_not_confirm_withdraw_it_and_it_may_be_asked_for_again(asked, request, olga, who):
    withdraw(asked, request.getfixturevalue(who))

    assert not Termination.objects.exists()
    assert sentences(asked)[-1] == f"{who} withdrew the termination that olga asked for. Nothing was terminated."
    event = AuditEvent.objects.first()
    assert (event.actor, event.action, event.object_id) == (who, "withdraw_termination", str(asked.pk))
    assert event.before == {"requested_by": "olga", "needs_confirmation": True}
    assert terminate(asked, olga).is_waiting


def test_nothing_is_terminated_afterwards(aws, ada, drill, olga):
    update_settings(actor=ada, version=None, four_eyes=True)
    run(drill, aws)
    services.terminate_instances(execution=drill, actor=olga)
    withdraw(drill, olga)

    for _ in range(3):
        wake([drill.pk])
        tick(drill)

    assert not any(job["type"] == "TERMINATE" for job in aws.jobs())


def test_one_that_was_asked_for_again_leaves_what_the_earlier_one_did(client, asked, olga, ada):
    terminate(asked, ada)
    Termination.objects.update(gave_up_at=situations.ago(minutes=1))
    terminate(asked, olga)

    withdraw(asked, olga)

    kept = Termination.objects.get()
    assert (kept.is_waiting, kept.calls.count()) == (False, 1)
    shown = text_of(client, olga, asked)
    assert "olga withdrew the termination that olga asked for. What an earlier one left behind is still there." in shown
    assert "Terminate again" in shown


def test_who_may_not_terminate_does_not_withdraw(asked, otto, vera, sam):
    elsewhere = factories.person("gina", Role.RECOVERY_MANAGER, everywhere=False)
    for person, refusal in ((otto, Denied), (vera, Denied), (sam, NotFound), (elsewhere, NotFound)):
        with pytest.raises(refusal):
            withdraw(asked, person)
    assert Termination.objects.get().is_waiting


def test_what_does_not_wait_is_not_withdrawn(asked, olga, ada):
    terminate(asked, ada)

    with pytest.raises(Conflict, match="No termination of its instances waits for a second person"):
        withdraw(asked, olga)
    assert Termination.objects.get().calls.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_confirming_and_withdrawing_at_once_one_is_done(at_once, asked, olga, ada):
    own_copies = [Execution.objects.get(pk=asked.pk) for _ in range(2)]

    ends = at_once(partial(terminate, own_copies[0], ada), partial(withdraw, own_copies[1], olga))

    # Withdrawn first, ada has asked anew herself; confirmed first, there is nothing to withdraw.
    assert (isinstance(ends[1], Conflict), ends[0].is_waiting) in {(True, False), (False, True)}


def test_the_page_offers_it_while_it_waits(client, asked, olga, ada):
    address = reverse("executions:withdraw", args=[asked.pk])
    for person in (olga, ada):
        assert f'action="{address}"' in text_of(client, person, asked)

    said = sign_in(client, olga).post(address, follow=True).content.decode()

    assert "The termination was withdrawn. Nothing was terminated." in said
    assert address not in said
