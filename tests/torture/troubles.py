"""Troubles that are no answers to calls: sessions that end, rights and trust that are taken away, Regions, quotas."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress

from drsorch.simulator.control import ControlError, SimulatorControl

Place = tuple[str, str]
Undo = Callable[[], object]
DENIED = ("drs:StartRecovery", "drs:DescribeJobs", "drs:DescribeRecoveryInstances", "ec2:DescribeInstances")
FEW_JOBS = 1


class Troubles:
    """Each makes one kind of trouble and returns how it is undone."""

    def __init__(self, control: SimulatorControl, places: Sequence[Place], dice: random.Random) -> None:
        self.control, self.places, self.dice = control, places, dice
        self.external_ids = {
            account["id"]: account["external_id"] for account in control.world()["accounts"] if account["external_id"]
        }
        self.kinds: dict[str, Callable[[], Undo]] = {
            "sessions expired": self._expire,
            "right taken away": self._deny,
            "trust taken away": self._distrust,
            "region not initialised": self._uninitialise,
            "region disabled": self._disable,
            "few job slots": self._few_slots,
        }

    def make(self) -> tuple[str, Undo]:
        """Make some trouble; return its name and how it is undone."""
        kind = self.dice.choice(sorted(self.kinds))
        return kind, self.kinds[kind]()

    def mend(self) -> None:
        """Bring every server of every place back to health."""
        for account, region in self.places:
            with suppress(ControlError):
                self.control.happen("replication", account, region, state="CONTINUOUS")

    def _expire(self) -> Undo:
        self.control.expire()
        return lambda: None

    def _deny(self) -> Undo:
        account = self._account()
        self.control.deny(account, self.dice.choice(DENIED))
        return lambda: self.control.deny(account)

    def _distrust(self) -> Undo:
        account = self._account()
        self.control.trust(account, self.dice.choice((None, "somebody-elses-id")))
        return lambda: self.control.trust(account, self.external_ids[account])

    def _uninitialise(self) -> Undo:
        account, region = self.dice.choice(self.places)
        self.control.region(account, region, initialized=False)
        return lambda: self.control.region(account, region, initialized=True)

    def _disable(self) -> Undo:
        account, region = self.dice.choice(self.places)
        self.control.region(account, region, enabled=False)
        return lambda: self.control.region(account, region, enabled=True)

    def _few_slots(self) -> Undo:
        account, region = self.dice.choice(self.places)
        self.control.quotas(account, region, concurrent_jobs=FEW_JOBS)
        return lambda: self.control.quotas(account, region, concurrent_jobs=None)

    def _account(self) -> str:
        return self.dice.choice(sorted(self.external_ids))
