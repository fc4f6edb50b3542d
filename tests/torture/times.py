"""Time runs faster here, and every limit that must fit to another one with it."""

from dataclasses import dataclass, fields

from drsorch.simulator.timeline import LaunchPlan, launch_steps

PLAIN_SPEED = 60.0


@dataclass(frozen=True)
class Times:
    """Real seconds for an endpoint that runs `speed` times faster than AWS. Beside each: what production has."""

    speed: float = PLAIN_SPEED
    connect: float = 1  # 5
    read: float = 4  # 30
    send_within: float = 4  # 15
    settle: float = 12  # 120
    lease: float = 10  # 60
    signature_window: float = 16  # AWS: 300
    grace: float = 20  # 120
    reconcile: float = 1  # 5
    recheck: float = 5  # 30
    look: float = 2  # 60
    checks: float = 15  # 300
    survey: float = 3  # 30
    unheard: float = 45  # 1800
    endless: float = 60  # 14400
    back_off: float = 0.5  # 5
    back_off_limit: float = 4  # 60
    poll: float = 0.5  # 2
    invisible: float = 6  # how long a fault hides a new job
    jump: float = 2  # the longest jump of the endpoint's clock, at most one within the life of a short job

    @property
    def shortest_job(self) -> float:
        """How long the shortest launch job of the endpoint lasts."""
        steps = launch_steps([LaunchPlan("s-1", "CONTINUOUS", has_earlier_instance=False, seed=0)])
        return steps[-1].offset / self.speed

    def rules(self) -> dict[str, bool]:
        """What must hold between the numbers, here as in production, and whether it does."""
        called = self.connect + self.read
        job, window, jump = self.shortest_job, self.signature_window, self.jump
        return {
            f"settle window {self.settle:g} + shortest job {job:.1f} - jump {jump:g} > signature window {window:g}": (
                self.settle + job - jump > window
            ),
            f"send deadline {self.send_within:g} + time-outs {called:g} < settle window {self.settle:g}": (
                self.send_within + called < self.settle
            ),
            f"lease {self.lease:g} > longest call {called:g}": self.lease > called,
            f"a job without end is asked about after {self.endless:g} > grace {self.grace:g} + three short jobs": (
                self.endless > self.grace + 3 * job
            ),
            f"a new job is hidden for {self.invisible:g} < shortest job {job:.1f}": self.invisible < job,
        }

    def environment(self) -> dict[str, str]:
        """The same as settings of the product."""
        numbers = {
            "AWS_CONNECT_TIMEOUT_SECONDS": self.connect,
            "AWS_READ_TIMEOUT_SECONDS": self.read,
            "AWS_ONCE_CONNECT_TIMEOUT_SECONDS": self.connect,
            "AWS_ONCE_READ_TIMEOUT_SECONDS": self.read,
            "ENGINE_LEASE_SECONDS": self.lease,
            "ENGINE_SEND_WITHIN_SECONDS": self.send_within,
            "ENGINE_SETTLE_SECONDS": self.settle,
            "ENGINE_RECONCILE_SECONDS": self.reconcile,
            "ENGINE_GRACE_SECONDS": self.grace,
            "ENGINE_RECHECK_SECONDS": self.recheck,
            "ENGINE_LOOK_SECONDS": self.look,
            "ENGINE_UNHEARD_SECONDS": self.unheard,
            "ENGINE_ENDLESS_SECONDS": self.endless,
            "CHECK_SECONDS": self.checks,
            "SURVEY_SECONDS": self.survey,
            "ENGINE_BACKOFF_SECONDS": self.back_off,
            "ENGINE_BACKOFF_LIMIT_SECONDS": self.back_off_limit,
            "POLL_FAST_SECONDS": self.poll,
            "POLL_NORMAL_SECONDS": self.poll,
            "POLL_SLOW_SECONDS": self.poll * 2,
            "QUEUE_LONGEST_PAUSE_SECONDS": 1,
        }
        return {name: str(value) for name, value in numbers.items()}


def accelerated(speed: float) -> Times:
    """Return the times for an endpoint that runs `speed` times faster than AWS: all limits shrink with its jobs."""
    factor = PLAIN_SPEED / speed
    numbers = {each.name: round(each.default * factor, 3) for each in fields(Times) if each.name != "speed"}
    return Times(speed=speed, **numbers)
