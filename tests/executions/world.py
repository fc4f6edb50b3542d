"""An execution as its rows would be, moved by the decisions, by people, and by a DRS that is moody at first."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from executions.decisions import actions as do
from executions.decisions import decide, order
from executions.decisions.facts import CallFacts
from executions.states import ACTIVE, MOVES, OPEN_CALL, OPEN_SERVER, RUNNING, UNSTARTED_WAVE, WAVE_MOVES
from tests.executions import world_rules as rules
from tests.executions.building import NOW, facts
from tests.executions.world_people import People

CALM_AFTER = 150
ROUNDS = 700
SHOWN = {"INITIATED": "INITIATED", "POLLING": "POLLING", "LAUNCHING": "LAUNCHING", "CHECKING": "LAUNCHING"}


@dataclass(frozen=True)
class Plan:
    """What runs: its waves, whether at the same time, their waits, which are checked, where each server is."""

    waves: tuple
    parallel: bool
    timeout_minutes: int
    wait_seconds: dict
    checked: frozenset
    regions: dict
    four_eyes: bool = False


class World:
    """Facts, and what changes them."""

    def __init__(self, plan, dice, *, is_answering=True):
        self.plan, self.dice = plan, dice
        self.facts = facts(*plan.waves, status="PENDING", parallel_waves=plan.parallel)
        if plan.four_eyes:
            self.put(replace(self.wave(1), gate="FOUR_EYES", status="WAITING"))
        self.people = People(self, is_answering=is_answering)
        self.fault = dice.choice([0.05, 0.3, 1])
        self.silent_until = NOW
        self.numbers = count(1)
        self.started, self.twins = set(), set()
        self.rounds, self.is_left_to_people = 0, False

    def run(self):
        """Decide and do until the execution has ended, or nothing but people can move it."""
        while self.facts.status in ACTIVE and self.rounds < ROUNDS and not self.is_left_to_people:
            self.rounds += 1
            self.people.interfere()
            before, action = self.facts, decide(self.facts)
            rules.check_action(self, action)
            if isinstance(action, do.Wait):
                self.wait(action)
            else:
                getattr(self, type(action).__name__)(action)
                assert self.facts != before, action
            rules.check_state(self.facts)

    @property
    def is_calm(self):
        """Faults end."""
        return self.rounds > CALM_AFTER

    def is_true(self, chance=0.5):
        """True now and then, and always when faults have ended."""
        return self.is_calm or self.dice.random() < chance

    def one_of(self, good, *bad):
        """Anything at first, only what is good when faults have ended."""
        is_good = self.is_calm or self.dice.random() > self.fault
        return good if is_good else self.dice.choice([good, *bad])

    # What happens while the engine waits

    def wait(self, action):
        """Let somebody answer, or time pass until something is due; the wake-up may come late."""
        if self.people.answer(must=action.until is None):
            return
        if action.until is None:
            self.is_left_to_people = True
            return
        late = timedelta(seconds=self.one_of(0, 0, 0, 7, 700))
        self.facts = replace(self.facts, now=action.until + late)
        if self.facts.now >= self.silent_until:
            for wave in self.facts.waves:
                self.put(self.drs(wave))
            if not self.is_calm and self.dice.random() < 0.1:
                self.silent_until = self.facts.now + timedelta(seconds=self.dice.randint(60, 5000))

    def drs(self, wave):
        """Some servers of jobs that run come to an end, also a little later; some checks have a result."""
        servers = {server.pk: self.checked(server) for server in wave.servers}
        for pk in (pk for call in wave.calls if call.status == "SENT" for pk in call.servers):
            if servers[pk].status in OPEN_SERVER and self.is_true():
                servers[pk] = self.reported(wave, servers[pk])
        return replace(wave, servers=tuple(servers.values()), calls=tuple(map(self.heard, wave.calls)))

    def heard(self, call):
        if call.status != "SENT" or call.job_ended_at is not None:
            return call
        return replace(call, heard_at=self.facts.now, job_ended_at=self.facts.now if self.is_true(0.3) else None)

    def reported(self, wave, server):
        status = self.one_of("LAUNCHED", "LAUNCHED", "IN_PROGRESS", "FAILED")
        is_checked = status == "LAUNCHED" and wave.number in self.plan.checked
        check = self.one_of("PENDING", "PENDING", "NOT_APPLICABLE") if is_checked else "NONE"
        return replace(server, status=status, check=check)

    def checked(self, server):
        if server.check == "PENDING" and self.is_true():
            return replace(server, check=self.one_of("PASSED", "FAILED", "UNKNOWN"))
        return server

    # What the engine does

    def Begin(self, _):
        self.move("INITIATED")

    def Ask(self, action):
        self.open_gate(action.wave, action.kind)

    def Pause(self, _):
        self.move("PAUSED")

    def Look(self, action):
        found = self.one_of("NOTHING", "NOTHING", "PROBLEM", "BUSY")
        wave = self.wave(action.wave)
        if found == "PROBLEM":
            self.open_gate(action.wave, "PROBLEM")
        elif found == "BUSY":
            self.put(replace(wave, look_again_at=self.later(2, 60)))
        else:
            self.put(replace(wave, looked_at=self.facts.now, look_again_at=None))

    def StartWave(self, action):
        wave = self.wave(action.wave)
        self.started.add(wave.number)
        self.show(wave, "INITIATED", deadline=self.deadline(), look_again_at=None, calls=self.planned(wave))
        if self.facts.status not in RUNNING:
            self.move("INITIATED")

    def PlanLaunches(self, action):
        wave = self.wave(action.wave)
        self.put(replace(wave, calls=wave.calls + self.planned(wave)))

    def planned(self, wave):
        """Calls for the open servers of a wave that are in none."""
        taken = {pk for call in wave.calls if call.status in OPEN_CALL for pk in call.servers}
        servers = [each.pk for each in wave.servers if each.status in OPEN_SERVER and each.pk not in taken]
        placed = [(pk, 1, self.plan.regions[pk]) for pk in servers]
        split = order.in_sequence(placed) if wave.is_sequential else order.split(placed, min(2, wave.max_parallel or 2))
        return tuple(CallFacts(next(self.numbers), "PLANNED", tuple(members)) for _, _, members in split)

    def Send(self, action):
        fate = self.one_of("SENT", "SENT", "SENT", "INTENT", "PLANNED", "ABANDONED")
        if fate in {"SENT", "INTENT"}:
            self.call(action.call, status=fate, not_before=None, heard_at=self.facts.now)
        elif fate == "PLANNED":
            self.call(action.call, not_before=self.later(5, 60))
        else:
            self.call(action.call, status=fate)
            self.end_servers(action.call, "FAILED")

    def Reconcile(self, action):
        wave = next(wave for wave in self.facts.waves if any(call.pk == action.call for call in wave.calls))
        if self.facts.now < self.silent_until:
            self.call(action.call, not_before=self.later(5, 60))
            return
        fate = self.one_of("SENT", "SENT", "INTENT", "PLANNED", "TWO_JOBS")
        is_asked = self.facts.status in RUNNING and not wave.gate and action.call not in self.twins
        if fate == "TWO_JOBS" and is_asked:
            self.twins.add(action.call)
            self.open_gate(wave.pk, "TWO_JOBS")
        elif fate == "INTENT":
            self.call(action.call, not_before=self.later(5, 5))
        else:
            self.call(action.call, status="PLANNED" if fate == "PLANNED" else "SENT", not_before=None)

    def Abandon(self, action):
        wave = next(wave for wave in self.facts.waves if any(call.pk == action.call for call in wave.calls))
        self.call(action.call, status="ABANDONED")
        self.end_servers(action.call, "FAILED" if wave.outcome and not self.facts.cancelled_by else "SKIPPED")

    def GiveUp(self, action):
        self.end_servers(action.call, "FAILED")

    def LoseSight(self, action):
        self.call(action.call, status="LOST", job_ended_at=self.facts.now)
        self.end_servers(action.call, "FAILED")

    def Progress(self, action):
        self.show(self.wave(action.wave), action.status)
        if self.facts.status in RUNNING and self.facts.status != SHOWN[action.status]:
            self.move(SHOWN[action.status])

    def TimeOut(self, action):
        self.put(replace(self.wave(action.wave), outcome="FAILED", is_passed=action.passes))

    def Judge(self, action):
        wave = self.wave(action.wave)
        calls = tuple(replace(call, status="DONE") if call.status == "SENT" else call for call in wave.calls)
        self.end_wave(replace(wave, calls=calls), action.status, passes=action.passes)

    def Skip(self, action):
        for pk in action.waves:
            self.drop(self.wave(pk), "SKIPPED", passes=action.passes)

    def Cancel(self, _):
        for wave in self.facts.waves:
            if wave.status in UNSTARTED_WAVE:
                self.drop(wave, "CANCELLED")
            elif wave.gate:
                self.put(replace(wave, gate="", answers=(*wave.answers, (wave.gate, "CANCEL"))))
        self.move("CANCELLING")

    def Finish(self, action):
        self.move(action.status)

    # Rows

    def move(self, status):
        assert status in MOVES[self.facts.status], (self.facts.status, status)
        self.facts = replace(self.facts, status=status)

    def show(self, wave, status, **changes):
        assert status in WAVE_MOVES[wave.status], (wave.status, status)
        self.put(replace(wave, status=status, **changes))

    def open_gate(self, pk, kind):
        wave = self.wave(pk)
        assert not wave.gate
        self.put(replace(wave, gate=kind, status="WAITING" if wave.is_unstarted else wave.status))
        others = any(each.is_under_way for each in self.facts.waves if each.pk != pk)
        if self.facts.status in RUNNING and not others:
            self.move("PAUSED")

    def end_wave(self, wave, status, *, passes):
        free_at = self.facts.now + timedelta(seconds=self.plan.wait_seconds[wave.number])
        self.show(wave, status, outcome=status, is_passed=passes, free_at=free_at)

    def drop(self, wave, status, *, passes=False):
        servers = tuple(replace(server, status="SKIPPED") for server in wave.servers)
        answers = ((wave.gate, "SKIP" if status == "SKIPPED" else "CANCEL"),) if wave.gate else ()
        gone = replace(wave, servers=servers, gate="", answers=(*wave.answers, *answers))
        self.end_wave(gone, status, passes=passes)

    def deadline(self):
        return self.facts.now + timedelta(minutes=self.plan.timeout_minutes)

    def later(self, first, last):
        return self.facts.now + timedelta(seconds=self.dice.randint(first, last))

    def wave(self, pk):
        return next(wave for wave in self.facts.waves if wave.pk == pk)

    def put(self, new):
        self.facts = replace(self.facts, waves=tuple(new if old.pk == new.pk else old for old in self.facts.waves))

    def call(self, pk, **changes):
        for wave in self.facts.waves:
            calls = tuple(replace(call, **changes) if call.pk == pk else call for call in wave.calls)
            self.put(replace(wave, calls=calls))

    def end_servers(self, call_pk, status):
        for wave in self.facts.waves:
            mine = {pk for call in wave.calls if call.pk == call_pk for pk in call.servers}
            ended = (
                replace(each, status=status) if each.pk in mine and each.status in OPEN_SERVER else each
                for each in wave.servers
            )
            self.put(replace(wave, servers=tuple(ended)))
