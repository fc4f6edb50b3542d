"""Termination on the execution page: how it is confirmed, what is proven gone, and what was left."""

import pytest
from django.urls import reverse

from executions import services
from executions.models import Execution, ServerRun
from tests.executions import situations
from tests.executions.driving import run, step
from tests.executions.reading import sign_in, text_of

pytestmark = pytest.mark.django_db


def test_a_termination_counts_the_instances_that_are_proven_gone(client, olga, plan, aws):
    execution = run(services.start_execution(plan=plan, actor=olga), aws, by=300)
    services.cancel_execution(execution=execution, actor=olga)
    execution = run(execution, aws)
    assert "Terminate 2 recovery instances, which cost money until then." in text_of(client, olga, execution)

    services.terminate_instances(execution=execution, actor=olga)
    step()
    text = text_of(client, olga, execution)

    assert "0 of 2 gone in us-east-1 of Target (222222222222)" in text
    assert aws.jobs()[-1]["jobID"] in text


def test_instances_of_a_recovery_are_not_terminated_without_the_typed_name(client, olga):
    recovery = situations.execution(olga, mode="RECOVERY", status="COMPLETED")
    situations.wave(recovery, "COMPLETED", situations.LAUNCHED)
    sign_in(client, olga)
    url = reverse("executions:terminate", args=[recovery.pk])

    refused = client.post(url, {"confirmation": "billings"}, follow=True).content.decode()

    assert "Nothing was terminated. These are recovered servers" in refused
    assert not hasattr(Execution.objects.get(), "termination")
    client.post(url, {"confirmation": "Billing"})
    assert Execution.objects.get().termination.requested_by == "olga"


def test_a_termination_that_stopped_trying_says_what_stayed_and_offers_to_ask_again(client, olga):
    drill = situations.execution(olga, status="COMPLETED")
    situations.give_up_terminating(drill, situations.wave(drill, "COMPLETED", situations.LAUNCHED, situations.LAUNCHED))

    text = text_of(client, olga, drill)

    assert "Stopped trying: instances are left" in text
    assert "stayed after 3 DRS jobs" in text
    left = ServerRun.objects.get(launch_status="LAUNCHED")
    assert f'1 instance runs on and costs money: {left.name} <span class="mono">{left.recovery_instance_id}' in text
    assert "Terminate again" in text
    client.post(reverse("executions:terminate", args=[drill.pk]))
    assert "Terminating" in text_of(client, olga, drill)


def test_the_instances_of_a_drill_are_terminated_after_a_confirmation_and_of_a_recovery_after_typing(client, olga):
    for mode, is_typed in (("DRILL", False), ("RECOVERY", True)):
        ended = situations.execution(olga, mode=mode, status="COMPLETED")
        dialog = text_of(client, olga, ended).split('<dialog id="terminate"')[1].split("</dialog>")[0]

        assert ('name="confirmation"' in dialog) == is_typed
