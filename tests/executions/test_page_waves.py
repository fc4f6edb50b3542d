"""What the execution page says of waves and servers: why they wait, how they went, what was tried before."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.executions import situations
from tests.executions.reading import page
from tests.executions.situations import FAILED, LAUNCHED, UNFIT, ago, execution, wave

pytestmark = pytest.mark.django_db


def said(row):
    return [note.text for note in row.notes]


# ---- Waves


def test_a_wave_with_an_open_question_waits_whatever_its_servers_do(olga):
    rows = page(situations.failed_wave(olga), olga).waves

    assert [row.shown.label for row in rows] == [
        "Completed",
        "Waiting for a decision",
        "Checking",
        "Pending",
        "Pending",
    ]


def test_the_terms_of_a_wave_are_short_phrases(olga):
    rows = page(situations.failed_wave(olga), olga).waves

    assert rows[1].terms == ["after wave 1", "at most 5 at once", "asks when it fails", "times out after 60 min"]
    assert rows[2].terms[1:3] == ["one after the other", "EC2 checks required"]
    assert rows[3].terms[-1] == "then waits 5 min"
    assert [row.stops_after for row in rows] == [False, False, False, True, False]


def test_independent_waves_do_not_wait_for_each_other(olga):
    drill = execution(olga, parallel_waves=True)
    wave(drill, "LAUNCHING", {})
    wave(drill, "PENDING", {})
    wave(drill, "PENDING", {}, depends_on=[1, 2])

    rows = page(drill, olga).waves

    assert [said(row) for row in rows[1:]] == [["Runs next."], ["Runs after waves 1 and 2."]]


def test_waves_that_run_one_at_a_time_name_what_goes_before(olga):
    drill = execution(olga)
    wave(drill, "LAUNCHING", {})
    wave(drill, "PENDING", {})

    assert said(page(drill, olga).waves[1]) == ["Runs after wave 1: waves run one at a time."]

    drill.waves.update(outcome="FAILED")  # it has timed out: it is followed, but no longer waited for
    assert said(page(drill, olga).waves[1]) == ["Runs next."]


def test_a_question_about_another_wave_holds_those_that_run_one_at_a_time(olga):
    drill = execution(olga)
    wave(drill, "WAITING", {}).gates.create(kind="PROBLEM", question="?")
    wave(drill, "PENDING", {})

    assert said(page(drill, olga).waves[1]) == ["Waits for the decision about wave 1: waves run one at a time."]


def test_a_pause_on_request_holds_independent_waves_too(olga):
    drill = execution(olga, parallel_waves=True)
    wave(drill, "WAITING", {}).gates.create(kind="PAUSE_REQUESTED", question="?")
    wave(drill, "PENDING", {})

    assert said(page(drill, olga).waves[1]) == ["Held by the pause before wave 1."]


def test_a_wait_after_a_wave_is_counted_down(olga):
    drill = execution(olga)
    wave(drill, "COMPLETED", LAUNCHED, wait_seconds=300)  # it has ended 2 minutes ago
    wave(drill, "PENDING", {}, depends_on=[1])

    note = page(drill, olga).waves[1].notes[0]

    assert note.text == "The plan waits before this wave. It starts in"
    assert timedelta(seconds=170) < note.until - timezone.now() <= timedelta(seconds=180)


def test_a_wave_whose_servers_are_busy_says_so_and_when_it_looks_again(olga):
    drill = execution(olga)
    again = timezone.now() + timedelta(seconds=8)
    wave(drill, "PENDING", {}, reason="batch-01 is in DRS job drsjob-1.", look_again_at=again)

    note = page(drill, olga).waves[0].notes[0]

    assert (note.text, note.until, note.tone) == ("batch-01 is in DRS job drsjob-1. Looking again in", again, "warn")


def test_calls_that_wait_for_a_slot_say_so_once(olga):
    drill = execution(olga)
    run = wave(drill, "INITIATED", {}, {})
    full = "Waiting for a free DRS job slot: 20 of 20 in use."
    for _ in range(2):
        run.launches.create(
            account=run.servers.first().account,
            region="us-east-1",
            queued_at=ago(seconds=9),
            reason=full,
        )

    notes = page(drill, olga).waves[0].notes

    assert [(note.tone, note.text) for note in notes] == [
        ("pending", "Waiting for a free DRS job slot: 20 of 20 in use.")
    ]


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"launch_order": "SEQUENTIAL"}, "2 servers wait for their turn: they are launched in order."),
        ({"max_parallel": 1}, "2 servers wait for their turn: at most 1 are launched at once."),
        ({}, None),
    ],
)
def test_servers_that_wait_for_those_before_them_are_counted(olga, terms, sentence):
    drill = execution(olga)
    waiting = {"started_at": None}
    wave(drill, "LAUNCHING", {"launch_status": "IN_PROGRESS"}, waiting, waiting, **terms)

    assert said(page(drill, olga).waves[0]) == ([sentence] if sentence else [])


def test_a_wave_says_what_was_decided_and_why_others_run_although_it_failed(olga):
    drill = execution(olga)
    asked = wave(drill, "FAILED", LAUNCHED, FAILED, reason="1 of 2 servers launched.", on_failure="ASK", is_passed=True)
    asked.gates.create(
        kind="FAILURE", question="?", answer="CONTINUE", note="Batch can wait", answered_at=ago(), answered_name="olga"
    )
    wave(drill, "FAILED", FAILED, reason="0 of 1 servers launched.", on_failure="CONTINUE", is_passed=True)

    rows = page(drill, olga).waves

    decided = "olga answered “continue with the next waves”. Reason: Batch can wait"
    assert said(rows[0]) == [decided, "1 server was not launched."]
    assert said(rows[1])[-1] == "The waves that run after it start although it failed: the plan says so."


def test_a_wave_that_failed_its_checks_says_so_beyond_its_count(olga):
    drill = execution(olga)
    wave(drill, "PARTIAL", LAUNCHED, UNFIT, reason="2 of 2 servers launched. 1 did not pass its checks.")

    assert said(page(drill, olga).waves[0]) == ["1 did not pass its checks."]


# ---- Servers


def servers(execution, actor):
    return page(execution, actor).waves[0].servers


def test_an_optional_server_whose_checks_failed_says_what_ec2_said(olga):
    drill = execution(olga)
    wave(drill, "CHECKING", {**LAUNCHED, "check_result": "PENDING"}, UNFIT)

    fine, unfit = servers(drill, olga)

    assert (fine.is_optional, fine.check.phrase, fine.notes) == (False, "Being checked", [])
    assert (unfit.is_optional, unfit.check.phrase) == (True, "Checks failed")
    assert [note.text for note in unfit.notes] == [UNFIT["check_reason"]]


def test_an_instance_that_was_terminated_behind_our_back_is_named(olga):
    drill = execution(olga)
    why = "Recovery instance i-1 was terminated outside of this execution."
    wave(drill, "LAUNCHING", {"launch_status": "TERMINATED", "error": why})

    assert [(note.tone, note.text) for note in servers(drill, olga)[0].notes] == [("warn", why)]


def test_a_server_that_was_left_out_of_a_wave_that_ran_says_why(olga):
    drill = execution(olga)
    why = "Not launched. A critical server that is launched before failed."
    wave(drill, "FAILED", FAILED, {"launch_status": "SKIPPED", "error": why})
    wave(drill, "SKIPPED", {"launch_status": "SKIPPED", "error": "Wave 1 failed."}, reason="Wave 1 failed.")

    rows = page(drill, olga).waves

    assert [note.text for note in rows[0].servers[1].notes] == [why]
    assert rows[1].servers[0].notes == []  # its wave says it, once for all
    assert said(rows[1]) == ["Wave 1 failed."]


def test_earlier_attempts_are_kept_with_how_they_ended(olga):
    row = page(situations.failed_wave(olga), olga).waves[1].servers[1]

    assert (row.run.attempt, [each.attempt.number for each in row.attempts]) == (2, [1])
    assert row.attempts[0].status.label == "Failed"
    assert row.attempts[0].attempt.error == "SNAPSHOT_FAIL: No snapshot within 10 minutes."


@pytest.mark.parametrize(
    ("chosen", "point_in_time", "sentence"),
    [
        ({}, None, ""),
        ({}, ago(hours=1), "Latest snapshot"),
        ({"snapshot_id": "pit-1"}, ago(hours=1), "Snapshot pit-1"),
        ({"snapshot_id": "pit-1", "snapshot_at": 4}, None, "Snapshot pit-1, 4 h 00 min old at its launch"),
        ({"snapshot_at": 1}, None, "Latest snapshot, 1 h 00 min old at its launch"),
    ],
)
def test_a_server_says_which_snapshot_it_is_launched_from_and_how_old_that_was(olga, chosen, point_in_time, sentence):
    started = ago(minutes=10)
    if "snapshot_at" in chosen:
        chosen = {**chosen, "snapshot_at": started - timedelta(hours=chosen["snapshot_at"])}
    drill = execution(olga, point_in_time=point_in_time)
    wave(drill, "LAUNCHING", {"started_at": started, **chosen})

    assert servers(drill, olga)[0].snapshot == sentence


def test_the_age_of_a_snapshot_that_is_later_than_its_launch_by_our_clock_is_not_made_up(olga):
    drill, later = execution(olga), timezone.now() + timedelta(hours=1)
    wave(drill, "LAUNCHING", {"started_at": timezone.now(), "snapshot_id": "pit-1", "snapshot_at": later})

    said = f"Snapshot pit-1, taken at {later:%H:%M:%S} UTC by DRS's clock, which is ahead of ours"
    assert servers(drill, olga)[0].snapshot == said


# ---- The whole execution


def test_waves_that_run_at_the_same_time_are_all_named(olga):
    drill = execution(olga, parallel_waves=True)
    wave(drill, "LAUNCHING", {})
    wave(drill, "CHECKING", LAUNCHED)
    wave(drill, "PENDING", {}, depends_on=[1])

    assert page(drill, olga).status_line == "Launching, waves 1 and 2 of 3"


def test_the_next_decision_is_foretold_from_the_plan(olga):
    drill = execution(olga)
    wave(drill, "LAUNCHING", {}, pause_after=True)
    wave(drill, "PENDING", {}, pause_before=True)

    assert page(drill, olga).next_decision == "After wave 1, Databases: go on, or cancel."

    drill.waves.filter(number=1).update(pause_after=False)
    assert page(drill, olga).next_decision == "Before wave 2, Applications: go on, skip it, or cancel."


def test_a_termination_that_stopped_trying_can_be_asked_for_again(olga):
    drill = execution(olga, status="COMPLETED")
    run = wave(drill, "COMPLETED", LAUNCHED, LAUNCHED)
    situations.give_up_terminating(drill, run)

    shown = page(drill, olga)

    assert shown.has_ended
    assert (shown.termination.tone, shown.termination.gone, shown.termination.total) == ("error", 1, 2)
    assert [run.name for run in shown.termination.left] == ["databases-02"]
    assert shown.offers["terminate"].allowed
    assert shown.next_decision == "Terminate 1 recovery instance, which costs money until then."
