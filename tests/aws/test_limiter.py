"""The limiter, with a clock that only moves when somebody waits."""

import threading
import time

import pytest

from drsorch.aws.limiter import LOWEST_SHARE, Bucket, Limiter, Priority

KEY = ("111111111111", "us-east-1", "drs")
LAUNCH, POLL, INVENTORY = Priority


class Clock:
    """A time that passes by waiting only."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pause(self, _condition, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock) -> Limiter:
    return Limiter(clock, clock.pause)


def take(limiter, priority=POLL, patience=60.0, key=KEY):
    return limiter.acquire(key, priority, rate=5.0, burst=10, patience=patience)


def test_a_burst_is_free_and_then_the_rate_holds(limiter, clock):
    for _ in range(10):
        assert take(limiter, LAUNCH)
    assert clock.now == 100.0
    for _ in range(10):
        assert take(limiter, LAUNCH)
    assert clock.now == pytest.approx(102.0)


def test_a_bucket_never_holds_more_than_its_burst(limiter, clock):
    take(limiter, LAUNCH)
    clock.now += 3600
    for _ in range(11):
        take(limiter, LAUNCH)
    assert clock.now == pytest.approx(3700.2)


def test_inventory_and_polls_leave_room_for_a_launch(limiter, clock):
    while take(limiter, INVENTORY, patience=0):
        pass
    assert not take(limiter, POLL, patience=0)
    assert take(limiter, LAUNCH, patience=0)
    assert clock.now == 100.0


def test_a_wait_that_cannot_succeed_is_given_up_at_once(limiter, clock):
    for _ in range(10):
        take(limiter, LAUNCH)
    assert not take(limiter, LAUNCH, patience=0.1)
    assert clock.now == 100.0
    assert take(limiter, LAUNCH, patience=0.3)


def test_accounts_regions_and_services_do_not_share(limiter, clock):
    for _ in range(10):
        take(limiter, LAUNCH)
    for part in range(3):
        other = tuple("other" if place == part else word for place, word in enumerate(KEY))
        assert take(limiter, LAUNCH, patience=0, key=other)
    assert clock.now == 100.0


def test_throttling_halves_the_rate_and_time_brings_it_back(limiter, clock):
    take(limiter)
    limiter.slow_down(KEY)
    assert limiter.share(KEY) == 0.5
    assert not take(limiter, LAUNCH, patience=0.3)
    assert take(limiter, LAUNCH, patience=0.5)
    clock.now += 20
    take(limiter)
    assert limiter.share(KEY) == 1.0


def test_throttling_of_one_burst_counts_once(limiter, clock):
    for _ in range(5):
        limiter.slow_down(KEY)
    assert limiter.share(KEY) == 0.5
    clock.now += 1
    limiter.slow_down(KEY)
    assert limiter.share(KEY) == 0.25


def test_endless_throttling_never_stops_us_entirely(limiter, clock):
    for _ in range(50):
        clock.now += 1
        limiter.slow_down(KEY)
    assert limiter.share(KEY) == LOWEST_SHARE


def served_in_order(bucket: Bucket, tickets: dict, now: float) -> list[str]:
    order = []
    while tickets:
        now += 0.05
        for name, ticket in list(tickets.items()):
            if not bucket.ask(ticket, now, rate=1.0, burst=1.0):
                order.append(name)
                del tickets[name]
    return order


def test_launches_go_first_then_by_age_with_inventory_yielding():
    bucket = Bucket(0.0, 1.0)
    bucket.ask(bucket.join(LAUNCH, 0.0), 0.0, rate=1.0, burst=1.0)
    tickets = {
        "inventory": bucket.join(INVENTORY, 0.0),
        "poll": bucket.join(POLL, 1.0),
        "late poll": bucket.join(POLL, 3.0),
        "launch": bucket.join(LAUNCH, 4.0),
    }
    assert served_in_order(bucket, tickets, 4.0) == ["launch", "poll", "inventory", "late poll"]


def test_who_gives_up_does_not_hold_up_those_behind():
    bucket = Bucket(0.0, 1.0)
    bucket.ask(bucket.join(LAUNCH, 0.0), 0.0, rate=1.0, burst=1.0)
    first, second = bucket.join(POLL, 0.0), bucket.join(POLL, 0.1)
    assert bucket.ask(second, 1.5, rate=1.0, burst=1.0) > 0
    bucket.leave(first)
    assert bucket.ask(second, 1.5, rate=1.0, burst=1.0) == 0


def test_threads_share_the_rate_and_launches_overtake():
    limiter = Limiter()
    order: list[str] = []

    def run(name, priority):
        assert limiter.acquire(KEY, priority, rate=50, burst=1, patience=10)
        order.append(name)

    limiter.acquire(KEY, LAUNCH, rate=50, burst=1, patience=1)
    started = time.monotonic()
    threads = [threading.Thread(target=run, args=("inventory", INVENTORY)) for _ in range(20)]
    threads += [threading.Thread(target=run, args=("launch", LAUNCH)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started > 23 / 50 - 0.05
    assert "launch" not in order[-10:]
