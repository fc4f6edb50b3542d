"""How much AWS is asked: no fault may make a hot loop."""

import time
from collections import deque

from drsorch.simulator.control import SimulatorControl

LOOK_EVERY = 2.0
WINDOW = 60.0


class Traffic:
    """Step it often; `most_in_a_minute` is the highest number of requests that any minute had."""

    def __init__(self, control: SimulatorControl) -> None:
        self.control = control
        self.looks: deque[tuple[float, int]] = deque()
        self.most_in_a_minute = 0

    def step(self) -> None:
        """Read the endpoint's counter when it is time."""
        now = time.monotonic()
        if self.looks and now - self.looks[-1][0] < LOOK_EVERY:
            return
        self.looks.append((now, sum(self.control.requests()["total"].values())))
        while now - self.looks[0][0] > WINDOW:
            self.looks.popleft()
        self.most_in_a_minute = max(self.most_in_a_minute, self.looks[-1][1] - self.looks[0][1])

    def total(self) -> int:
        """All requests so far."""
        return sum(self.control.requests()["total"].values())
