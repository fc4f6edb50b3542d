"""`manage.py run_plan`: the console's services from the command line."""

import pytest
from django.core.management import CommandError, call_command

from executions import progress
from executions.models import Execution
from tests import factories
from tests.executions.driving import breaks, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(place, ada):
    return factories.plan(ada, factories.group(ada, place, "db"), name="Databases")


def test_it_starts_a_drill_as_the_person_named(plan, olga, capsys):
    call_command("run_plan", "databases", "--as", "olga", "--drill", "--reason", "Quarterly")

    execution = Execution.objects.get()
    assert (execution.initiator, execution.source, execution.reason) == ("olga", "CLI", "Quarterly")
    assert str(execution.pk) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Nothing", "--as", "olga", "--drill"], "There is no recovery plan named Nothing"),
        (["Databases", "--as", "nobody", "--drill"], "There is no active user named nobody"),
        (["Databases", "--as", "vera", "--drill"], "drs:ExecuteRecovery"),
        (["Databases", "--as", "sam", "--drill"], "There is no recovery plan named Databases"),
        (["Databases", "--as", "olga", "--recovery"], "type the name of the plan, Databases"),
        (["Databases", "--as", "olga", "--recovery", "--confirm", "Data"], "type the name of the plan, Databases"),
        (["Databases", "--as", "olga", "--drill", "--launch-over", "nobody"], "“nobody”, to be launched over"),
        (["Databases", "--as", "olga", "--drill", "--at", "2999-01-01"], "is in the future"),
        (["Databases", "--as", "olga", "--drill", "--at", "yesterday"], "invalid _moment value"),
        (["Databases", "--as", "olga"], "--drill"),
    ],
)
def test_a_refusal_is_one_sentence_and_starts_nothing(plan, olga, vera, sam, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("run_plan", *arguments)

    assert not Execution.objects.exists()


def test_it_starts_a_recovery_with_the_consents_that_are_given(plan, olga, aws, place):
    breaks(factories.servers(place, tier="-db-1")[0])
    arguments = ["Databases", "--as", "olga", "--recovery", "--confirm", "Databases"]
    with pytest.raises(CommandError, match="does not replicate"):
        call_command("run_plan", *arguments)

    call_command("run_plan", *arguments, "--override", "The site is lost")

    execution = Execution.objects.get()
    assert (execution.mode, execution.override_reason) == ("RECOVERY", "The site is lost")


@pytest.fixture
def worker_in_pauses(monkeypatch, aws):
    """While the command pauses between two looks, a worker would have worked and AWS's time gone on."""

    def work(_seconds):
        step()
        aws.advance(60)

    monkeypatch.setattr(progress.time, "sleep", work)


@pytest.mark.usefixtures("worker_in_pauses")
def test_waiting_shows_the_timeline_and_ends_with_the_outcome(plan, olga, capsys):
    call_command("run_plan", "Databases", "--as", "olga", "--drill", "--wait")

    shown = capsys.readouterr().out
    assert "Wave 1, db us-east-1, started" in shown
    assert "Completed. 2 of 2 servers launched." in shown


@pytest.mark.usefixtures("worker_in_pauses")
def test_waiting_for_a_drill_that_fails_ends_with_an_error(plan, olga, aws, place):
    for server in factories.servers(place, tier="-db-"):
        aws.fail_server(place.account_id, server.region, server.source_server_id, at="LAUNCH")

    with pytest.raises(CommandError, match=r"ended failed: 0 of 2 servers launched"):
        call_command("run_plan", "Databases", "--as", "olga", "--drill", "--wait")
