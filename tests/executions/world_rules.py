"""What must hold in every simulated execution: of each decision when it is made, and of the facts at every moment."""

from dataclasses import replace
from datetime import timedelta

from executions.decisions import actions as do
from executions.decisions import decide
from executions.states import MAY_HAVE_A_JOB, OPEN_CALL, OPEN_SERVER, RUNNING, TERMINAL


def check_state(facts):
    """Assert what holds at every moment."""
    if facts.status == "PAUSED":
        assert not any(wave.is_under_way and not wave.gate for wave in facts.waves)
        assert any(wave.gate for wave in facts.waves)
    if facts.status in TERMINAL:
        assert all(wave.has_ended for wave in facts.waves)
    for wave in facts.waves:
        members = [pk for call in wave.calls if call.status in OPEN_CALL for pk in call.servers]
        assert len(members) == len(set(members)), "a server is in two open calls"
        assert (wave.status == "WAITING") == (wave.is_unstarted and bool(wave.gate))
        assert not wave.has_ended or not any(server.status in OPEN_SERVER for server in wave.servers)
        launching = _launching(wave)
        assert wave.max_parallel is None or wave.is_sequential or len(launching) <= wave.max_parallel
        assert not wave.is_sequential or len(launching) <= 1
    if not facts.parallel_waves:
        assert sum(wave.is_under_way for wave in facts.waves) <= 1


def check_action(world, action):
    """Assert that `action` may be decided now."""
    CHECKS.get(type(action), lambda *_: None)(world, action)


def _wait(world, action):
    facts = world.facts
    if action.until is None:
        assert any(wave.gate for wave in facts.waves)
        assert decide(replace(facts, now=facts.now + timedelta(days=10))) == do.Wait(None)
        return
    assert action.until > facts.now
    for moment in (facts.now + (action.until - facts.now) / 2, action.until - timedelta(microseconds=1)):
        assert isinstance(decide(replace(facts, now=moment)), do.Wait), "something is due before the wait ends"


def _ask(world, action):
    wave = world.wave(action.wave)
    assert not wave.gate
    assert action.kind in {"UNHEARD", "ENDLESS"} or not world.facts.cancelled_by
    if action.kind == "FAILURE":
        assert wave.on_failure == "ASK"
        assert wave.answer("FAILURE") not in {"CONTINUE", "SKIP"}, "asked again"
    if action.kind == "ENDLESS":
        assert world.facts.now >= wave.deadline + timedelta(seconds=world.facts.limits.endless)
    if action.kind == "UNHEARD":
        silence = world.facts.now - timedelta(seconds=world.facts.limits.unheard)
        assert any(call.status in MAY_HAVE_A_JOB and call.heard_at <= silence for call in wave.calls)


def _pause(world, _):
    assert world.facts.status in RUNNING


def _before(world, action):
    facts, wave = world.facts, world.wave(action.wave)
    assert wave.is_unstarted
    assert not wave.gate
    assert not facts.cancelled_by
    assert not facts.pause_requested
    assert not any(each.gate == "PAUSE_REQUESTED" for each in facts.waves)
    assert world.people.has_confirmed or not world.plan.four_eyes, "nobody has confirmed the recovery"
    assert not any(each.outcome == "FAILED" and each.on_failure == "STOP" for each in facts.waves)
    assert not wave.pause_before or wave.number in world.people.resumed_before
    for other in facts.waves:
        assert other.number not in wave.depends_on or _lets_follow(world, other)
    if not facts.parallel_waves:
        assert not any(each.is_under_way or each.gate for each in facts.waves)


def _start(world, action):
    _before(world, action)
    wave = world.wave(action.wave)
    assert wave.number not in world.started
    assert world.facts.now - wave.looked_at <= timedelta(seconds=world.facts.limits.look_age)


def _lets_follow(world, wave):
    """Say whether waves that depend on `wave` may start, by its end, its policy and what people have decided."""
    if wave.has_ended and world.facts.now < wave.free_at:
        return False
    if wave.number in world.people.skipped:
        return wave.status == "SKIPPED"
    if wave.pause_after and wave.number not in world.people.resumed_after:
        return False
    if wave.outcome == "FAILED":
        return wave.on_failure == "CONTINUE" or wave.number in world.people.continued
    return wave.status in {"COMPLETED", "PARTIAL"}


def _send(world, action):
    wave, call = _find(world, action.call)
    assert call.status == "PLANNED"
    assert call.not_before is None or call.not_before <= world.facts.now
    assert not world.facts.cancelled_by
    assert not wave.outcome
    if wave.is_sequential:
        (pk,) = call.servers
        before = [server for server in wave.servers if server.pk < pk]
        assert not any(server.status in OPEN_SERVER for server in before)
        assert wave.on_failure == "CONTINUE" or not any(_stops(wave, server) for server in before)


def _abandon(world, action):
    wave, call = _find(world, action.call)
    assert call.status == "PLANNED"
    failed = wave.is_sequential and any(_stops(wave, server) for server in wave.servers)
    assert world.facts.cancelled_by or wave.outcome or failed


def _give_up(world, action):
    _, call = _find(world, action.call)
    grace_end = call.job_ended_at + timedelta(seconds=world.facts.limits.grace)
    assert world.facts.now >= grace_end
    assert call.heard_at >= grace_end, "DRS was not asked after the grace"


def _lose_sight(world, action):
    wave, call = _find(world, action.call)
    silence = world.people.gave_up_at[wave.number] - call.heard_at
    is_silent = silence >= timedelta(seconds=world.facts.limits.unheard)
    assert is_silent or wave.answer("ENDLESS") == "GIVE_UP", "a call that was heard of is given up"


def _time_out(world, action):
    wave = world.wave(action.wave)
    assert wave.is_under_way
    assert world.facts.now >= wave.deadline


def _judge(world, action):
    wave = world.wave(action.wave)
    assert not wave.is_unstarted
    assert not any(server.status in OPEN_SERVER or server.check == "PENDING" for server in wave.servers)
    runs_on = any(call.status in OPEN_CALL and call.job_ended_at is None for call in wave.calls)
    assert not runs_on or world.facts.now >= wave.deadline, "a job is followed until the wave's time is up"
    if action.status == "FAILED" and wave.on_failure == "ASK" and not world.facts.cancelled_by:
        assert wave.answer("FAILURE") in {"CONTINUE", "SKIP"}, "nobody was asked"


def _skip(world, action):
    assert not world.facts.cancelled_by
    cause = world.wave(action.because)
    assert action.waves
    for wave in map(world.wave, action.waves):
        assert wave.is_unstarted
        if action.passes:
            assert wave.number in world.people.skipped
        else:
            assert cause.number in wave.depends_on or (cause.outcome == "FAILED" and cause.on_failure == "STOP")
            assert not _lets_follow(world, cause)


def _finish(world, _):
    assert all(wave.has_ended for wave in world.facts.waves)


def _stops(wave, server):
    is_unfit = wave.checks_required and server.check in {"FAILED", "UNKNOWN"}
    return server.is_critical and (server.status == "FAILED" or is_unfit)


def _launching(wave):
    sent = {pk for call in wave.calls if call.status in MAY_HAVE_A_JOB for pk in call.servers}
    return [server for server in wave.servers if server.pk in sent and server.status in OPEN_SERVER]


def _find(world, pk):
    return next((wave, call) for wave in world.facts.waves for call in wave.calls if call.pk == pk)


CHECKS = {
    do.Wait: _wait,
    do.Ask: _ask,
    do.Pause: _pause,
    do.Look: _before,
    do.StartWave: _start,
    do.Send: _send,
    do.Abandon: _abandon,
    do.GiveUp: _give_up,
    do.LoseSight: _lose_sight,
    do.TimeOut: _time_out,
    do.Judge: _judge,
    do.Skip: _skip,
    do.Finish: _finish,
}
