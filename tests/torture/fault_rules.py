"""A rule for every kind of fault that the endpoint knows: whatever kinds it learns are drawn without a word here."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from drsorch.simulator.faults.kinds import KINDS, Stage
from drsorch.simulator.faults.rules import STAGES, STATES
from tests.torture.times import Times

Rule = dict[str, Any]
STARTS = ("StartRecovery", "TerminateRecoveryInstances")
# Harm that nothing mends: it is dealt to servers of plans that are not needed again, until none is left.
LASTING = {"server_deleted", "job_stuck"}
# A lasting "no" ends executions without exercising anything: it comes less often than what may be waited out.
RARE = {"denied", "uninitialized", "region_disabled", "unknown_credentials", "tags_refused", "outage", *LASTING}
RARELY = 0.25
# Members of DRS's answers that are optional, or that hold an enum, in the API's model.
OPTIONAL_MEMBERS = ("participatingServers", "endDateTime", "initiatedBy", "lastLaunch", "launchStatus", "logDateTime")
ENUM_MEMBERS = ("launchStatus", "event", "dataReplicationState", "ec2InstanceState", "initiatedBy")
REFUSED_LATER = 3  # requests that a storm lets through in a second


class Rules:
    """Draws rules. `servers` are (account, Region, id); `expendable` are used up by kinds whose harm lasts."""

    def __init__(
        self,
        times: Times,
        dice: random.Random,
        servers: list[tuple[str, str, str]],
        expendable: list[tuple[str, str, str]],
    ) -> None:
        self.times, self.dice, self.servers, self.expendable = times, dice, servers, expendable
        self.fields: Mapping[str, Callable[[str], Any]] = {
            "seconds": self._seconds,
            "status": lambda _: dice.choice((500, 502, 503)),
            "per_second": lambda kind: 2.0 if kind == "lag_growth" else float(REFUSED_LATER),
            "state": lambda kind: dice.choice(STATES[kind]),
            "at": lambda _: dice.choice(STAGES),
            "tags": lambda _: {"Torture": str(dice.randrange(1000))},
            "member": lambda kind: dice.choice(ENUM_MEMBERS if kind == "enum_unknown" else OPTIONAL_MEMBERS),
        }
        unknown = {name for nature in KINDS.values() for name in nature.needed} - set(self.fields)
        if unknown:
            raise RuntimeError(
                f"The endpoint has faults that need {', '.join(sorted(unknown))}: unknown to {__name__}."
            )

    def draw(self, called: list[str]) -> Rule | None:
        """Return a rule for one of the `called` operations (service.Operation); None when the dice say so."""
        kind = self.dice.choice(sorted(KINDS))
        if kind in RARE and self.dice.random() > RARELY:
            return None
        if kind in LASTING:
            return self._lasting(kind)
        return {**self._scope(kind, called), **self._own_fields(kind), **self._often(kind), "kind": kind}

    def _scope(self, kind: str, called: list[str]) -> Rule:
        """Where it strikes. Starts are preferred, because a lost answer costs most there."""
        stage = KINDS[kind].stage
        if stage is Stage.CALL:
            starts = [f"drs.{name}" for name in STARTS]
            service, _, operation = self.dice.choice(starts if self.dice.random() < 0.3 else called).partition(".")
            if kind == "conflict":
                service, operation = "drs", self.dice.choice(STARTS)
            whole = self.dice.random() < 0.15 and kind in {"throttle", "storm", "slow", "cut_before"}
            return {"service": service} if whole else {"service": service, "operation": operation}
        account, region, server = self.dice.choice(self.servers)
        if kind == "foreign_job":  # so that every TERMINATE job in the endpoint's books is ours
            return {"operation": "StartRecovery"}
        if stage is Stage.HAPPENING:
            return {"account": account, "region": region, "source_server_ids": [server]}
        return {"account": account, "region": region} if self.dice.random() < 0.3 else {}

    def _own_fields(self, kind: str) -> Rule:
        nature = KINDS[kind]
        wanted = nature.needed | (nature.optional & {"status", "at", "seconds"})
        return {name: self.fields[name](kind) for name in sorted(wanted)}

    def _often(self, kind: str) -> Rule:
        if KINDS[kind].stage in (Stage.HAPPENING, Stage.LAUNCH):
            return {"times": self.dice.choice((1, 2))}
        return {"times": self.dice.choice((1, 3, 20)), "probability": self.dice.choice((0.4, 0.7, 1.0))}

    def _lasting(self, kind: str) -> Rule | None:
        if not self.expendable:
            return None
        account, region, server = self.expendable.pop()
        return {"kind": kind, "account": account, "region": region, "source_server_ids": [server], "times": 1}

    def _seconds(self, kind: str) -> float:
        """Real seconds around our own time-outs; virtual ones within what the engine waits for."""
        times = self.times
        if kind in {"slow", "slow_after", "black_hole"}:
            return self.dice.choice((times.read / 2, times.read + 0.5))
        if kind == "job_invisible":
            return times.invisible * times.speed
        return times.grace / 2 * times.speed
