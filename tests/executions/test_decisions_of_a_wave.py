"""What a wave in flight needs next, case by case."""

from dataclasses import replace

import pytest

from executions.decisions import decide
from executions.decisions import wave as decisions
from executions.decisions.actions import Abandon, GiveUp, Judge, Progress, Reconcile, Send, TimeOut
from tests.executions.building import LIMITS, NOW, after, call, facts, wave

PLANNED, INTENT, SENT = (call(status=status) for status in ("PLANNED", "INTENT", "SENT"))
ENDED = call(job_ended_at=after(-60))
LONG_ENDED = call(job_ended_at=after(-121))
WAITING = call(2, "PLANNED", members=(2,), not_before=after(5))

CASES = {
    "a planned call is sent": (wave(calls=(PLANNED,)), {}, Send(1)),
    "a planned call waits until it is due": (wave(calls=(replace(PLANNED, not_before=after(5)),)), {}, None),
    "a planned call is sent when its time has come": (wave(calls=(replace(PLANNED, not_before=NOW),)), {}, Send(1)),
    "an intent is looked after, never sent": (wave(calls=(INTENT,)), {}, Reconcile(1)),
    "an intent is looked after again when due": (wave(calls=(replace(INTENT, not_before=after(5)),)), {}, None),
    "an intent waits for the answer about two jobs": (wave(calls=(INTENT,), gate="TWO_JOBS"), {}, None),
    "an intent is looked after when the question is answered": (
        wave(calls=(INTENT,), answers={"TWO_JOBS": "RESUME"}),
        {},
        Reconcile(1),
    ),
    "a cancelled execution sends nothing": (wave(calls=(PLANNED,)), {"status": "CANCELLING"}, Abandon(1)),
    "a cancelled execution does not wait to give up": (
        wave(calls=(replace(PLANNED, not_before=after(50)),)),
        {"status": "CANCELLING"},
        Abandon(1),
    ),
    "a cancelled execution still looks after intents": (wave(calls=(INTENT,)), {"status": "CANCELLING"}, Reconcile(1)),
    "a wave that timed out sends nothing": (wave(calls=(PLANNED,), outcome="FAILED"), {}, Abandon(1)),
    "a wave that timed out still looks after intents": (wave(calls=(INTENT,), outcome="FAILED"), {}, Reconcile(1)),
    "the second call is sent while the first waits": (
        wave(
            members=("PENDING", "PENDING"),
            calls=(replace(PLANNED, not_before=after(5)), call(2, "PLANNED", members=(2,))),
        ),
        {},
        Send(2),
    ),
    "a job that runs is waited for": (wave(status="POLLING", calls=(SENT,)), {}, None),
    "a job that runs shows": (wave(calls=(SENT,)), {}, Progress(1, "POLLING")),
    "an instance that is launched shows": (
        wave(status="POLLING", members=("IN_PROGRESS",), calls=(SENT,)),
        {},
        Progress(1, "LAUNCHING"),
    ),
    "a server that is open after its job has a time of grace": (wave(status="POLLING", calls=(ENDED,)), {}, None),
    "a server is not given up before DRS was asked after the grace": (
        wave(status="POLLING", calls=(replace(LONG_ENDED, heard_at=after(-10)),)),
        {},
        None,
    ),
    "a server that is open after the grace is given up": (
        wave(status="POLLING", calls=(LONG_ENDED,)),
        {},
        GiveUp(1),
    ),
    "a server that is launched is not given up": (
        wave(status="POLLING", members=("LAUNCHED",), calls=(LONG_ENDED,)),
        {},
        Judge(1, "COMPLETED", passes=True),
    ),
    "a server that waits in no job is not given up": (
        wave(status="LAUNCHING", members=("LAUNCHED", "PENDING"), calls=(LONG_ENDED, WAITING)),
        {},
        None,
    ),
    "a wave whose instances are checked shows": (
        wave(status="LAUNCHING", members=("LAUNCHED",), checks=["PENDING"], calls=(ENDED,)),
        {},
        Progress(1, "CHECKING"),
    ),
    "a wave whose instances are checked is waited for": (
        wave(status="CHECKING", members=("LAUNCHED",), checks=["PENDING"], calls=(ENDED,)),
        {},
        None,
    ),
    "a wave whose instances are checked for too long times out": (
        wave(status="CHECKING", members=("LAUNCHED",), checks=["PENDING"], calls=(ENDED,), deadline=NOW),
        {},
        TimeOut(1),
    ),
    "a wave that timed out is judged when its checks are over, not before": (
        wave(status="CHECKING", members=("LAUNCHED",), checks=["PENDING"], calls=(ENDED,), outcome="FAILED"),
        {},
        None,
    ),
    "a wave whose instances were checked is judged": (
        wave(status="CHECKING", members=("LAUNCHED",), checks=["PASSED"], calls=(ENDED,)),
        {},
        Judge(1, "COMPLETED", passes=True),
    ),
    "a wave is judged while a question about it is open that has answered itself": (
        wave(status="LAUNCHING", members=("LAUNCHED",), calls=(ENDED,), gate="UNHEARD"),
        {},
        Judge(1, "COMPLETED", passes=True),
    ),
    "a wave before its deadline is waited for": (
        wave(status="POLLING", calls=(SENT,), deadline=after(1)),
        {},
        None,
    ),
    "a wave at its deadline times out": (wave(status="POLLING", calls=(SENT,), deadline=NOW), {}, TimeOut(1)),
    "a wave times out once": (wave(status="POLLING", calls=(SENT,), deadline=NOW, outcome="FAILED"), {}, None),
    "a wave whose servers have ended does not time out": (
        wave(status="LAUNCHING", members=("LAUNCHED",), calls=(ENDED,), deadline=NOW),
        {},
        Judge(1, "COMPLETED", passes=True),
    ),
    "a wave times out while it does not know whether it launched": (
        wave(calls=(replace(INTENT, not_before=after(5)),), deadline=NOW),
        {},
        TimeOut(1),
    ),
    "the others in a wave are followed to their end before it is judged": (
        wave(
            status="LAUNCHING",
            members=("FAILED", "IN_PROGRESS"),
            calls=(call(members=(1, 2)),),
        ),
        {},
        None,
    ),
    "a job that runs is followed to its end when its servers have ended": (
        wave(status="LAUNCHING", members=("LAUNCHED",), calls=(SENT,)),
        {},
        None,
    ),
    "an unknown call is settled before the wave is judged": (
        wave(status="INITIATED", members=("LAUNCHED",), calls=(replace(INTENT, not_before=after(5)),)),
        {},
        None,
    ),
    "one failed server fails the wave": (
        wave(status="LAUNCHING", members=("LAUNCHED", "FAILED"), calls=(call(members=(1, 2), job_ended_at=NOW),)),
        {},
        Judge(1, "FAILED"),
    ),
    "a wave that timed out stays failed when its servers come late": (
        wave(status="LAUNCHING", members=("LAUNCHED",), calls=(ENDED,), outcome="FAILED"),
        {},
        Judge(1, "FAILED"),
    ),
    "a wave that was cancelled before anything was sent is cancelled": (
        wave(members=("SKIPPED",), calls=(call(status="ABANDONED"),)),
        {"status": "CANCELLING"},
        Judge(1, "CANCELLED"),
    ),
    "a wave of which a part was cancelled is partial": (
        wave(members=("LAUNCHED", "SKIPPED"), calls=(ENDED, call(2, "ABANDONED", members=(2,)))),
        {"status": "CANCELLING"},
        Judge(1, "PARTIAL", passes=True),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wave_in_flight_gets_what_it_needs(case):
    given, execution, expected = CASES[case]

    assert decisions.decide(given, facts(given, **execution)) == expected


def test_the_negative_control_sends_again_without_looking():
    blind = replace(facts(wave(calls=(INTENT,))), limits=replace(LIMITS, blind_resend=True))

    assert decide(blind) == Send(1)
    assert decide(replace(blind, status="CANCELLING", cancelled_by="olga")) == Abandon(1)


SILENCE = after(1800)
WAKE = {
    "long silence": (wave(calls=(SENT,)), [SILENCE]),
    "long silence since people were asked": (wave(calls=(SENT,), reassured_at=after(60)), [after(1860)]),
    "long silence about an intent": (wave(calls=(INTENT,)), [SILENCE]),
    "no silence while people are asked": (wave(calls=(SENT,), gate="UNHEARD"), []),
    "no silence about a call that was not sent": (wave(calls=(PLANNED,)), []),
    "no silence about a call that was given up": (wave(calls=(call(status="LOST"),)), []),
    "a deadline": (wave(calls=(SENT,), deadline=after(60)), [after(60), SILENCE]),
    "a deadline while people are asked": (wave(calls=(SENT,), deadline=after(60), gate="UNHEARD"), [after(60)]),
    "a deadline that has passed": (wave(calls=(SENT,), deadline=after(-60)), [SILENCE]),
    "a deadline that was used": (
        wave(calls=(SENT,), deadline=after(60), outcome="FAILED"),
        [SILENCE, after(60 + 14_400)],
    ),
    "a planned call": (wave(calls=(replace(PLANNED, not_before=after(7)),)), [after(7)]),
    "an intent": (wave(calls=(replace(INTENT, not_before=after(7)),)), [after(7), SILENCE]),
    "a call that was abandoned": (wave(calls=(call(status="ABANDONED", not_before=after(7)),)), []),
    "the grace after a job": (wave(calls=(ENDED,)), [after(60), SILENCE]),
    "no grace after a job that was judged": (wave(calls=(replace(ENDED, status="DONE"),)), []),
}


@pytest.mark.parametrize("case", WAKE)
def test_a_wave_is_looked_at_again_when_something_becomes_due_by_itself(case):
    given, expected = WAKE[case]

    assert decisions.wake_times(given, facts(given)) == expected


PROGRESS = {
    (("PENDING",), ("PLANNED",)): "INITIATED",
    (("PENDING",), ("INTENT",)): "INITIATED",
    (("PENDING",), ("SENT",)): "POLLING",
    (("PENDING", "PENDING"), ("SENT", "PLANNED")): "POLLING",
    (("IN_PROGRESS",), ("SENT",)): "LAUNCHING",
    (("LAUNCHED", "PENDING"), ("SENT",)): "LAUNCHING",
    (("FAILED", "PENDING"), ("SENT",)): "POLLING",
    (("FAILED",), ("ABANDONED",)): "INITIATED",
    (("FAILED",), ("LOST",)): "INITIATED",
    (("PENDING",), ("DONE", "PLANNED")): "POLLING",
    (("LAUNCHED", "PENDING"), ("DONE", "PLANNED")): "LAUNCHING",
}


@pytest.mark.parametrize(("given", "expected"), PROGRESS.items(), ids=str)
def test_a_wave_shows_how_far_its_jobs_have_come(given, expected):
    members, calls = given

    assert decisions.progress(wave(members=members, calls=tuple(call(status=each) for each in calls))) == expected


def test_a_wave_shows_checks_when_its_servers_have_come_to_their_end():
    open_server = wave(members=("LAUNCHED", "IN_PROGRESS"), checks=["PENDING"], calls=(call(members=(1, 2)),))
    none_open = wave(members=("LAUNCHED", "FAILED"), checks=["PENDING"], calls=(call(members=(1, 2)),))

    assert decisions.progress(open_server) == "LAUNCHING"
    assert decisions.progress(none_open) == "CHECKING"
