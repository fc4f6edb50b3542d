"""The demo's second act: its rules, and whether it would notice an untrue story."""

import subprocess
import sys

import pytest

from drsorch.simulator.timeline import LaunchPlan, launch_steps
from executions.demo.chaos import FASTEST, SIGNATURE_WINDOW, TIMES, Chaos, shrunk_times, untruths
from executions.demo.children import Children
from executions.models import ServerRun
from tests.executions.driving import start_outside


def test_the_shrunk_times_keep_the_rule_against_late_calls():
    job = launch_steps([LaunchPlan("s-1", "CONTINUOUS", has_earlier_instance=False, seed=0)])[-1].offset / FASTEST
    called = TIMES["AWS_ONCE_CONNECT_TIMEOUT_SECONDS"] + TIMES["AWS_ONCE_READ_TIMEOUT_SECONDS"]

    assert TIMES["ENGINE_SETTLE_SECONDS"] + job > SIGNATURE_WINDOW
    assert TIMES["ENGINE_SEND_WITHIN_SECONDS"] + called < TIMES["ENGINE_SETTLE_SECONDS"]
    assert TIMES["ENGINE_LEASE_SECONDS"] > called
    assert shrunk_times(30)["ENGINE_SETTLE_SECONDS"] == "24"


@pytest.mark.django_db
def test_a_true_story_agrees_with_the_endpoint(aws, done):
    assert untruths(done, aws.url) == ([], "2 servers in 1 job: none started twice, 2 launched, as shown.")


@pytest.mark.django_db
def test_an_untrue_status_is_found(aws, done):
    row = ServerRun.objects.first()
    ServerRun.objects.filter(pk=row.pk).update(launch_status="FAILED")

    wrong, _ = untruths(done, aws.url)

    assert wrong == [f"{row.name}: AWS says ['LAUNCHED'], we say FAILED."]


@pytest.mark.django_db
def test_a_server_that_was_started_twice_is_found(aws, place, done):
    row = ServerRun.objects.first()
    start_outside(place, [row.source_server_id], tags={"drsorch:execution": str(done.pk)})

    wrong, _ = untruths(done, aws.url)

    assert f"{row.name} was started 2 times." in wrong


@pytest.mark.django_db
def test_trouble_is_made_when_its_time_has_come(aws, drill, olga, tmp_path):
    chaos = Chaos(aws.url, Children(tmp_path), _Silent(), olga)
    chaos.begin(drill)
    planned = len(chaos.left)

    chaos.step()

    assert [rule["kind"] for rule in aws.faults()] == ["cut_after", "launch_failure"]
    assert len(chaos.left) == planned - 2


def test_a_killed_child_is_started_again(tmp_path):
    children = Children(tmp_path)
    children.start("sleeper", ["-c", "import time; time.sleep(60)"])
    first = children.running["sleeper"].pid

    children.kill("sleeper")

    assert children.running["sleeper"].pid != first
    children.check()
    children.stop()


def test_chaos_refuses_jobs_that_would_end_before_its_limits():
    command = [sys.executable, "manage.py", "demo", "--chaos", "--once", "--speed", "600", "--port", "8499"]
    environment = {"DRSORCH_ENVIRONMENT": "demo", "AWS_ENDPOINT_URL": "http://127.0.0.1:45699", "PATH": ""}

    refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert refused.returncode == 1
    assert "--chaos needs a --speed above 0 and up to 60" in refused.stderr


class _Silent:
    def print(self, *_, **__):
        """Say nothing."""
