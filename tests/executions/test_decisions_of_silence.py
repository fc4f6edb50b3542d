"""What is asked and done when DRS tells nothing of a job, or of two jobs for one launch."""

from dataclasses import replace

import pytest

from executions.decisions import decide
from executions.decisions.actions import Ask, LoseSight, Pause, Progress, Reconcile, Wait
from tests.executions.building import NOW, after, call, facts, wave

RECHECK = Wait(after(30))
SILENT = call(heard_at=after(-1800))
HEARD = call(heard_at=after(-1799))
LOST = {"answers": {"UNHEARD": "GIVE_UP"}, "reassured_at": after(-1)}
LONG_AGO = after(-1801)

SILENCES = {
    "people are asked when DRS has been silent about a job for long": ({"calls": (SILENT,)}, Ask(1, "UNHEARD")),
    "nobody is asked a second before": ({"calls": (HEARD,)}, Wait(after(1))),
    "people are asked about a call whose job is not known": (
        {"calls": (replace(SILENT, status="INTENT", not_before=after(9)),), "status": "INITIATED"},
        Ask(1, "UNHEARD"),
    ),
    "nobody is asked about a call that was not sent": (
        {"calls": (replace(SILENT, status="PLANNED", not_before=after(9)),), "status": "INITIATED"},
        Wait(after(9)),
    ),
    "people are asked about a job that has ended, when DRS was not asked since about a server it left": (
        {"calls": (replace(SILENT, job_ended_at=SILENT.heard_at),)},
        Ask(1, "UNHEARD"),
    ),
    "people are asked once": ({"calls": (SILENT,), "gate": "UNHEARD"}, Pause(1)),
    "people who looked are asked again only after long": (
        {"calls": (SILENT,), "answers": {"UNHEARD": "LOOK_AGAIN"}, "reassured_at": after(-1790)},
        Wait(after(10)),
    ),
    "people who looked are asked again after long": (
        {"calls": (SILENT,), "answers": {"UNHEARD": "LOOK_AGAIN"}, "reassured_at": after(-1800)},
        Ask(1, "UNHEARD"),
    ),
    "what people gave up on is followed no more": (
        {"calls": (replace(SILENT, heard_at=LONG_AGO),), **LOST},
        LoseSight(1),
    ),
    "a call whose job is not known is followed no more": (
        {"calls": (call(status="INTENT", heard_at=LONG_AGO),), **LOST},
        LoseSight(1),
    ),
    "what was heard of before people gave up goes on": ({"calls": (call(heard_at=after(-5)),), **LOST}, RECHECK),
    "what was heard of since people gave up goes on": ({"calls": (call(),), **LOST}, RECHECK),
    "what had been silent for less than long when people gave up goes on": (
        {"calls": (replace(SILENT, heard_at=after(-1790)),), **LOST},
        RECHECK,
    ),
    "a job that has ended, and left a server, is given up too": (
        {"calls": (replace(SILENT, heard_at=LONG_AGO, job_ended_at=LONG_AGO),), **LOST},
        LoseSight(1),
    ),
    "what people only looked at is not given up": (
        {"calls": (replace(SILENT, heard_at=LONG_AGO),), "answers": {"UNHEARD": "LOOK_AGAIN"}, "reassured_at": NOW},
        RECHECK,
    ),
    "two jobs are looked after when people have seen both": (
        {"calls": (call(status="INTENT"),), "answers": {"TWO_JOBS": "RESUME"}},
        Reconcile(1),
    ),
    "two jobs wait for people": (
        {"calls": (call(status="INTENT"),), "status": "INITIATED", "gate": "TWO_JOBS"},
        Pause(1),
    ),
    "another question does not keep a call from being looked after": (
        {"calls": (call(status="INTENT"),), "gate": "UNHEARD"},
        Reconcile(1),
    ),
    "a job that is heard of again shows while the question is open": (
        {"calls": (call(),), "members": ("IN_PROGRESS",), "gate": "UNHEARD"},
        Progress(1, "LAUNCHING"),
    ),
}


@pytest.mark.parametrize("case", SILENCES)
def test_people_decide_on_what_drs_does_not_tell(case):
    given, expected = SILENCES[case]

    assert decide(facts(wave(**({"status": "POLLING"} | given)))) == expected


def test_people_are_asked_about_a_silent_job_also_after_they_cancelled():
    given = facts(wave(status="POLLING", calls=(SILENT,)), status="CANCELLING", cancelled_by="olga")

    assert decide(given) == Ask(1, "UNHEARD")
