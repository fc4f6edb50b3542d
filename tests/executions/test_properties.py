"""What must hold for every plan, every answer of DRS and every status: tried with many of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from executions.decisions import actions as do
from executions.decisions import decide, order
from executions.decisions.facts import CallFacts, ServerFacts, WaveFacts
from executions.states import (
    ACTIVE,
    IN_FLIGHT_WAVE,
    MOVES,
    TERMINAL,
    TERMINAL_WAVE,
    UNSTARTED_WAVE,
    WAVE_MOVES,
    ExecutionStatus,
    WaveStatus,
)
from tests.executions.building import facts

TABLES = [
    (ExecutionStatus, MOVES, TERMINAL, ExecutionStatus.PENDING),
    (WaveStatus, WAVE_MOVES, TERMINAL_WAVE, WaveStatus.PENDING),
]


@pytest.mark.parametrize(("statuses", "moves", "terminal", "first"), TABLES)
def test_every_status_can_be_reached_and_left_unless_it_is_an_end(statuses, moves, terminal, first):
    reached, todo = set(), [first]
    while todo:
        now = todo.pop()
        if now not in reached:
            reached.add(now)
            todo += moves[now]

    assert reached == set(statuses)
    assert {status for status in statuses if not moves[status]} == terminal


def test_every_status_is_of_one_kind():
    assert set(ExecutionStatus) == ACTIVE | TERMINAL
    assert not ACTIVE & TERMINAL
    assert set(WaveStatus) == IN_FLIGHT_WAVE | UNSTARTED_WAVE | TERMINAL_WAVE
    assert not IN_FLIGHT_WAVE & UNSTARTED_WAVE


@pytest.mark.parametrize("status", [*ExecutionStatus, *WaveStatus])
def test_every_status_has_a_word_and_a_tone(status):
    assert status.label
    assert status.tone


class World:
    """An execution as its rows would be, moved by the decisions, by people, and by a DRS that is moody at first."""

    def __init__(self, waves, dice):
        self.dice = dice
        self.facts = facts(*waves, status="PENDING")
        self.cancel_at, self.pause_at = (dice.choice([None, dice.randint(0, 40)]) for _ in range(2))
        self.started = []
        self.rounds = 0

    def run(self):
        """Decide and do until the execution has ended."""
        while self.facts.status in ACTIVE:
            self.rounds += 1
            assert self.rounds < 500, self.facts
            self.people()
            action = decide(self.facts)
            self.check(action)
            if isinstance(action, do.Wait):
                self.wait(action)
            else:
                self.act(action)

    @property
    def is_calm(self):
        """Faults end."""
        return self.rounds > 150

    def is_true(self):
        """True now and then, and always when faults have ended."""
        return self.is_calm or self.dice.random() < 0.5

    def one_of(self, good, *bad):
        """One of the outcomes, the first when faults have ended."""
        return good if self.is_calm else self.dice.choice([good, *bad])

    def people(self):
        if self.cancel_at is not None and self.rounds >= self.cancel_at:
            self.facts = replace(self.facts, cancelled_by="olga")
        if self.rounds == self.pause_at:
            self.facts = replace(self.facts, pause_requested=True)

    def check(self, action):
        in_flight = [wave for wave in self.facts.waves if wave.status in IN_FLIGHT_WAVE]
        if isinstance(action, do.StartWave):
            assert not in_flight
            starting = self.wave(action.wave)
            done = {wave.number for wave in self.facts.waves if wave.status in {"COMPLETED", "PARTIAL"}}
            assert done.issuperset(starting.depends_on)
            assert not self.facts.cancelled_by
            assert not any(wave.outcome == "FAILED" for wave in self.facts.waves)
        if isinstance(action, do.Send):
            assert self.facts.status != "CANCELLING"
        if isinstance(action, do.Finish):
            assert all(wave.status in TERMINAL_WAVE for wave in self.facts.waves)
            assert all(
                server.status not in {"PENDING", "IN_PROGRESS"} for wave in self.facts.waves for server in wave.servers
            )

    def wait(self, action):
        """Let somebody answer, or time pass until DRS has something new or something is due."""
        gated = next((wave for wave in self.facts.waves if wave.gate == "OPEN"), None)
        if gated is not None:
            self.put(replace(gated, gate="ANSWERED", status="PENDING"))
            self.facts = replace(self.facts, status="INITIATED", pause_requested=False)
            return
        assert action.until is not None, self.facts
        assert action.until > self.facts.now
        for wave in self.facts.waves:
            if wave.status in IN_FLIGHT_WAVE and self.is_true():
                self.put(self.drs(wave))
        self.facts = replace(self.facts, now=action.until)

    def drs(self, wave):
        """Some servers of jobs that run come to an end; a job may end with or without them."""
        servers, calls = {server.pk: server for server in wave.servers}, []
        for call in wave.calls:
            if call.status == "SENT" and call.job_ended_at is None:
                for pk in call.servers:
                    if servers[pk].status in {"PENDING", "IN_PROGRESS"}:
                        status = self.one_of("LAUNCHED", "PENDING", "IN_PROGRESS", "FAILED")
                        servers[pk] = ServerFacts(pk, status)
                ends = self.is_true()
                calls.append(replace(call, job_ended_at=self.facts.now) if ends else call)
            else:
                calls.append(call)
        return replace(wave, servers=tuple(servers.values()), calls=tuple(calls))

    def act(self, action):
        getattr(self, type(action).__name__)(action)

    def Begin(self, _):
        self.facts = replace(self.facts, status="INITIATED")

    def Ask(self, action):
        assert self.wave(action.wave).gate != "OPEN"
        self.put(replace(self.wave(action.wave), gate="OPEN", status="WAITING"))
        self.facts = replace(self.facts, status="PAUSED")

    def StartWave(self, action):
        wave = self.wave(action.wave)
        assert wave.number not in self.started
        self.started.append(wave.number)
        pks = [server.pk for server in wave.servers]
        calls = [CallFacts(pks[0] * 1000 + at, "PLANNED", tuple(pks[at : at + 2])) for at in range(0, len(pks), 2)]
        deadline = self.facts.now + timedelta(minutes=5)
        self.put(replace(wave, status="INITIATED", calls=tuple(calls), deadline=deadline))

    def Send(self, action):
        fate = self.one_of("SENT", "SENT", "INTENT", "PLANNED", "ABANDONED")
        later = self.facts.now + timedelta(seconds=5) if fate == "PLANNED" else None
        self.call(action.call, status=fate, not_before=later)
        if fate == "ABANDONED":
            self.end_servers(action.call, "FAILED")

    def Reconcile(self, action):
        fate = self.one_of("SENT", "INTENT", "PLANNED")
        later = self.facts.now + timedelta(seconds=5) if fate != "SENT" else None
        self.call(action.call, status=fate, not_before=later)

    def Abandon(self, action):
        self.call(action.call, status="ABANDONED")
        self.end_servers(action.call, "SKIPPED" if self.facts.cancelled_by else "FAILED")

    def GiveUp(self, action):
        self.end_servers(action.call, "FAILED")

    def Progress(self, action):
        assert self.wave(action.wave).status != action.status
        self.put(replace(self.wave(action.wave), status=action.status))
        if self.facts.status != "CANCELLING":
            self.facts = replace(self.facts, status=action.status)

    def TimeOut(self, action):
        self.put(replace(self.wave(action.wave), outcome="FAILED"))

    def Judge(self, action):
        wave = self.wave(action.wave)
        assert action.status in WAVE_MOVES[wave.status]
        self.put(replace(wave, status=action.status, outcome=action.status))

    def Skip(self, _):
        self.drop("SKIPPED")

    def Cancel(self, _):
        assert "CANCELLING" in MOVES[self.facts.status]
        self.drop("CANCELLED")
        self.facts = replace(self.facts, status="CANCELLING")

    def Finish(self, action):
        assert action.status in MOVES[self.facts.status]
        self.facts = replace(self.facts, status=action.status)

    def drop(self, status):
        dropped = [wave for wave in self.facts.waves if wave.status in UNSTARTED_WAVE]
        assert dropped or status == "CANCELLED"
        for wave in dropped:
            servers = tuple(replace(server, status="SKIPPED") for server in wave.servers)
            self.put(
                replace(wave, status=status, outcome=status, servers=servers, gate="ANSWERED" if wave.gate else "")
            )

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
            servers = tuple(
                replace(server, status=status)
                if server.pk in mine and server.status in {"PENDING", "IN_PROGRESS"}
                else server
                for server in wave.servers
            )
            self.put(replace(wave, servers=servers))


@some.composite
def plans(draw):
    """Up to four waves of up to three servers, each depending on some of those before it."""
    waves = []
    for number in range(1, draw(some.integers(1, 4)) + 1):
        before = list(range(1, number))
        needs = draw(some.lists(some.sampled_from(before), unique=True)) if before else []
        size = draw(some.integers(1, 3))
        waves.append(
            WaveFacts(
                pk=number,
                number=number,
                status="PENDING",
                depends_on=tuple(needs),
                pause_before=number > 1 and draw(some.booleans()),
                servers=tuple(ServerFacts(number * 10 + index, "PENDING") for index in range(size)),
            )
        )
    return waves


@settings(max_examples=200, deadline=None)
@given(plans(), some.randoms(use_true_random=True))
def test_every_execution_ends_and_starts_each_wave_once_and_only_after_those_it_depends_on(waves, dice):
    world = World(waves, dice)

    world.run()

    assert world.facts.status in TERMINAL


@given(some.lists(some.tuples(some.integers(1, 3), some.sampled_from(["a", "b"])), max_size=400), some.integers(1, 120))
def test_a_split_keeps_every_server_once_and_never_mixes_places(places, size):
    servers = [(number, account, region) for number, (account, region) in enumerate(places)]

    calls = order.split(servers, size)

    assert sorted(member for _, _, members in calls for member in members) == [number for number, _, _ in servers]
    assert all(1 <= len(members) <= size for _, _, members in calls)
    assert all(places[member] == (account, region) for account, region, members in calls for member in members)
