"""Where the installation wants it, whoever starts an execution does not answer its questions; they stop it as ever."""

import pytest
from django.urls import reverse

from drsorch.access.roles import Role
from drsorch.config.services import update_settings
from drsorch.errors import Denied
from executions import services
from executions.models import Gate
from executions.services import offers
from tests import factories
from tests.executions import situations
from tests.executions.reading import page, queries_of, sign_in, text_of
from tests.executions.test_four_eyes import with_token

pytestmark = pytest.mark.django_db
REFUSED = "olga started this execution, and in this installation whoever starts one does not answer its questions"


@pytest.fixture
def barred(ada):
    """The installation wants somebody else to answer."""
    update_settings(actor=ada, version=None, initiator_may_not_answer=True)


@pytest.fixture
def paused(olga):
    """A drill of olga's that pauses before its wave."""
    drill = situations.execution(olga, status="PAUSED")
    situations.wave(drill, "WAITING", {}).gates.create(kind="PAUSE_BEFORE", question="?")
    return drill


def decide(execution, actor, answer="RESUME", note=""):
    gate = Gate.objects.get(answered_at=None)
    return services.decide_gate(execution=execution, gate=gate.pk, answer=answer, actor=actor, note=note)


def test_one_answers_ones_own_questions_unless_the_installation_wants_otherwise(paused, olga):
    decide(paused, olga)

    assert Gate.objects.get().answered_by == olga.user


def test_whoever_started_it_answers_nothing_whatever_the_door(barred, paused, olga):
    for person in (olga, with_token(olga)):
        for refused in (
            lambda by=person: decide(paused, by),
            lambda by=person: decide(paused, by, "SKIP", "Enough."),
            lambda by=person: services.resume_execution(execution=paused, actor=by),
        ):
            with pytest.raises(Denied, match=REFUSED) as refusal:
                refused()
            assert refusal.value.code == "SECOND_PERSON_REQUIRED"
            assert "drs:ManageExecution and drs:ExecuteRecovery on it does" in refusal.value.message
    assert Gate.objects.get().answered_at is None


def test_nor_a_retry(barred, failed, olga, ada):
    with pytest.raises(Denied, match=REFUSED):
        services.retry_wave(execution=failed, number=2, actor=olga)


def test_an_administrator_who_started_it_is_no_exception(barred, ada):
    drill = situations.execution(ada, status="PAUSED")
    situations.wave(drill, "WAITING", {}).gates.create(kind="PAUSE_BEFORE", question="?")

    with pytest.raises(Denied, match="ada started this execution"):
        decide(drill, ada)


def test_somebody_else_answers(barred, paused):
    rita = factories.person("rita", Role.RECOVERY_MANAGER)
    decide(paused, rita)

    assert Gate.objects.get().answered_by == rita.user


def test_who_may_not_decide_anyway_hears_that_first(barred, paused, vera):
    with pytest.raises(Denied, match="needs the permission"):
        decide(paused, vera)


@pytest.mark.parametrize("at_the_gate", [True, False])
def test_they_cancel_as_ever(barred, paused, olga, at_the_gate):
    if at_the_gate:
        decide(paused, olga, "CANCEL")
    else:
        services.cancel_execution(execution=paused, actor=olga)

    paused.refresh_from_db()
    assert paused.cancelled_by == "olga"


def test_they_pause_as_ever(barred, olga):
    drill = situations.execution(olga, status="LAUNCHING")
    situations.wave(drill, "PENDING", {})

    services.pause_execution(execution=drill, actor=olga)

    assert drill.pause_requested_by == "olga"


def test_the_offers_and_the_page_say_so_before(client, barred, paused, olga, ada):
    said = {offer.action: offer.reason for offer in offers(paused, olga)}
    assert said["resume"].startswith(REFUSED)
    assert said["decide"] == said["resume"]
    assert said["cancel"] == ""
    options = {option.answer: option.reason for option in page(paused, olga).questions[0].options}
    assert options["RESUME"].startswith(REFUSED)
    assert options["CANCEL"] == ""
    assert REFUSED in text_of(client, olga, paused)
    assert REFUSED not in text_of(client, ada, paused)

    address = reverse("executions:decide", args=[paused.pk, Gate.objects.get().pk])
    said = sign_in(client, olga).post(address, {"answer": "RESUME"}, follow=True).content.decode()
    assert REFUSED in said
    assert Gate.objects.get().answered_at is None


def test_the_page_asks_for_the_option_with_the_execution_itself(client, paused, ada, olga):
    sign_in(client, olga)
    before = queries_of(client, paused.get_absolute_url())
    update_settings(actor=ada, version=None, initiator_may_not_answer=True)

    assert queries_of(client, paused.get_absolute_url()) == before
