"""The product's settings with test jobs in the ticker and limits short enough to wait for."""

import os

from drsorch.settings import *  # noqa: F403

QUEUE_STALL_SECONDS = float(os.environ.get("TEST_STALL_SECONDS", "30"))
QUEUE_LONGEST_PAUSE_SECONDS = 0.2
QUEUE_TICKER = ["tests.queue.tasks_for_tests.fail_to_tick", "tests.queue.tasks_for_tests.tick"]
QUEUE_SCHEDULES = [{"name": "Every minute", "func": "tests.queue.tasks_for_tests.nothing", "minutes": 1}]
Q_CLUSTER["timeout"] = int(os.environ.get("TEST_TASK_TIMEOUT", "60"))  # noqa: F405
