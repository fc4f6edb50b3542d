"""How often AWS is asked, by number of active executions."""

from collections.abc import Iterator

from executions import poll
from executions.models import Execution, Poller
from tests.benchmarks.estate import VIRTUAL_STEP, Estate
from tests.benchmarks.places import MANY, TARGET
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row
from tests.executions.driving import due_now, step
from tests.torture.installation import Installation

COUNTS = (1, 50)


def measure(estate: Estate, _installation: Installation, _options: Options) -> Iterator[Row]:
    """Count the requests of one poll of one account and Region while drills run there."""
    plans = [
        estate.plan(f"One of many {number}", TARGET, MANY, [slice(number, number + 1)]) for number in range(COUNTS[-1])
    ]
    started = 0
    for count in COUNTS:
        for plan in plans[started:count]:
            estate.start(plan)
        started = count
        step()
        estate.control.advance(VIRTUAL_STEP)
        active = Execution.objects.active().filter(plan__in=plans).count()
        if active != count:
            raise RuntimeError(f"{active} drills are active instead of {count}.")
        asked = _requests_of_a_poll(estate)
        number = asked.pop("drs.DescribeJobs", 0)
        others = ", ".join(f"{name.partition('.')[2]} {times}" for name, times in sorted(asked.items())) or "none"
        yield Row(
            f"DescribeJobs of a poll with {count} active executions", f"{number} (others: {others})", "1", number == 1
        )


def _requests_of_a_poll(estate: Estate) -> dict[str, int]:
    (poller,) = Poller.objects.filter(account__account_id=TARGET, region=MANY)
    due_now()
    estate.control.reset_requests()
    poll.poll(poller.pk)
    return dict(estate.control.requests()["total"])
