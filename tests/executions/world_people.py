"""People in a simulated execution: they pause, cancel, and answer questions as the services let them."""

from dataclasses import replace

from executions.services.offers import PAUSES
from executions.states import ACTIVE, BEFORE_A_WAVE, OPEN_SERVER, OPTIONS


class People:
    """What they do, and what they have decided by it: `skipped`, `continued` and so on are numbers of waves."""

    def __init__(self, world, *, is_answering):
        self.world, self.is_answering = world, is_answering
        dice = world.dice
        self.cancel_at = dice.choice([None, None, dice.randint(0, 60)]) if is_answering else None
        self.pause_at = dice.choice([None, dice.randint(0, 60)])
        self.skipped, self.continued, self.resumed_before, self.resumed_after = set(), set(), set(), set()
        self.gave_up_at = {}
        self.has_confirmed = False

    def interfere(self):
        """Ask for a pause, and cancel, at some moment."""
        facts, rounds = self.world.facts, self.world.rounds
        can_pause = facts.status in ACTIVE - {"PAUSED", "CANCELLING"} and not facts.cancelled_by
        if self.pause_at and rounds > self.pause_at and can_pause and any(wave.is_unstarted for wave in facts.waves):
            self.pause_at = None
            self.world.facts = replace(facts, pause_requested=True)
        if self.cancel_at == rounds:
            self.cancel()

    def cancel(self):
        self.world.facts = replace(self.world.facts, cancelled_by="olga")

    def answer(self, *, must):
        """Answer an open question, or leave it for now unless they `must`; True when something was answered."""
        choices = [(wave, answer) for wave in self.world.facts.waves for answer in self.options(wave)]
        if not choices or not self.is_answering or not (must or self.world.is_true()):
            return False
        wave, answer = self.world.dice.choice(choices)
        if answer == "CANCEL" and self.world.dice.random() < 0.2:
            self.cancel()
        elif answer == "RESUME" and self.world.dice.random() < 0.5:
            for each in [each for each in self.world.facts.waves if each.gate in PAUSES]:
                self.put_answer(each, "RESUME")
        elif answer != "CANCEL":
            self.put_answer(wave, answer)
        return True

    def options(self, wave):
        if not wave.gate:
            return []
        if self.world.facts.cancelled_by:
            return [answer for answer in OPTIONS[wave.gate] if answer == "GIVE_UP"]
        return [answer for answer in OPTIONS[wave.gate] if answer != "RETRY" or self.can_retry(wave)]

    def can_retry(self, wave):
        is_open = any(server.status in OPEN_SERVER for server in wave.servers)
        return not is_open and any(self.is_retried(wave, server) for server in wave.servers)

    def is_retried(self, wave, server):
        is_unfit = server.status == "LAUNCHED" and server.check in {"FAILED", "UNKNOWN"}
        return server.status in {"FAILED", "SKIPPED"} or (wave.checks_required and is_unfit)

    def put_answer(self, wave, answer):
        """Change the rows as the services do."""
        world, kind = self.world, wave.gate
        if answer == "RETRY":
            wave = self.retried(wave)
        passes = kind == "PAUSE_AFTER" or (answer == "CONTINUE" and not wave.pause_after)
        world.put(
            replace(
                wave,
                gate="",
                answers=(*wave.answers, (kind, answer)),
                status="PENDING" if wave.is_unstarted else wave.status,
                look_again_at=None,
                looked_at=None if kind == "PROBLEM" else wave.looked_at,
                reassured_at=world.facts.now if kind in {"UNHEARD", "ENDLESS"} else wave.reassured_at,
                is_passed=wave.is_passed or passes,
            )
        )
        if kind == "PAUSE_REQUESTED":
            world.facts = replace(world.facts, pause_requested=False)
        if world.facts.status == "PAUSED":
            world.move("INITIATED")
        self.remember(wave, kind, answer)

    def retried(self, wave):
        servers = tuple(
            replace(server, status="PENDING", check="NONE") if self.is_retried(wave, server) else server
            for server in wave.servers
        )
        calls = tuple(replace(call, status="DONE") if call.status == "SENT" else call for call in wave.calls)
        deadline = self.world.deadline()
        return replace(wave, servers=servers, calls=calls, outcome="", is_passed=False, deadline=deadline)

    def remember(self, wave, kind, answer):
        if answer == "SKIP" and kind in BEFORE_A_WAVE:
            self.skipped.add(wave.number)
        elif answer == "CONFIRM":
            self.has_confirmed = True
        elif answer == "CONTINUE":
            self.continued.add(wave.number)
        elif answer == "GIVE_UP":
            self.gave_up_at[wave.number] = self.world.facts.now
        elif kind == "PAUSE_BEFORE":
            self.resumed_before.add(wave.number)
        elif kind == "PAUSE_AFTER":
            self.resumed_after.add(wave.number)
