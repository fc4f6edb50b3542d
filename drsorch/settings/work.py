"""Work in the background: the queue, AWS, and the engine."""

import os

from django.core.exceptions import ImproperlyConfigured

from drsorch import env
from drsorch.aws.endpoint import endpoint_problem
from drsorch.settings.installation import DATABASES, ENVIRONMENT, PRACTICE

# Queue: django-q2 on the same database, so that a task is committed or rolled back with the change that asks for it.
WORKERS = env.whole("DRSORCH_WORKERS", 4)
Q_CLUSTER = {
    "name": "drsorch",
    "label": "Queue",
    "orm": "default",
    "workers": WORKERS,
    "max_attempts": 1,
    "ack_failures": True,
    "bulk": 1,
    "queue_limit": WORKERS,
    "recycle": 10_000,  # tasks; a new worker makes its AWS clients and credentials anew
    "timeout": 60,
    "retry": 300,
    "save_limit": -1,
    "catch_up": False,
    "poll": 0.1 if DATABASES["default"]["ENGINE"].endswith("sqlite3") else 0.2,
}
# Without progress for so long although work is ready, the worker group is replaced; and the longest pause of a
# crash loop.
QUEUE_STALL_SECONDS = env.decimal("QUEUE_STALL_SECONDS", 30)
QUEUE_LONGEST_PAUSE_SECONDS = env.decimal("QUEUE_LONGEST_PAUSE_SECONDS", 30)
QUEUE_TICKER = ["executions.tasks.sweep"]
# Called once before the processes of a worker group are forked: what they would otherwise each do at their first task.
QUEUE_WARM_UP = ["drsorch.aws.apis.load_models", "drsorch.secrets.load_keys"]
QUEUE_SCHEDULES = [
    {"name": "Sweep overdue executions and pollers", "func": "executions.tasks.sweep", "minutes": 1},
    {"name": "Forget old answers of the API", "func": "drsorch.api.tasks.forget_old_answers", "minutes": 60},
    {"name": "Delete history that is kept no longer", "func": "executions.tasks.apply_retention", "minutes": 60},
    {"name": "Synchronise the inventory", "func": "protection.tasks.sync_inventory", "minutes": 5},
    {"name": "Anchor the audit trail", "func": "drsorch.audit.tasks.move_anchor", "minutes": 5},
    {"name": "Forget ended sessions", "func": "drsorch.access.tasks.forget_ended_sessions", "minutes": 60},
    {
        "name": "Close old segments of the audit trail",
        "func": "drsorch.config.tasks.close_audit_segments",
        "minutes": 1440,
    },
]

# AWS. The guard stands here so that no process starts with a wrong endpoint: commands, worker and web server alike.
ENDPOINT_PROBLEM = endpoint_problem(ENVIRONMENT, os.environ)
if ENDPOINT_PROBLEM:
    raise ImproperlyConfigured(ENDPOINT_PROBLEM)
AWS_CONNECT_TIMEOUT_SECONDS = env.decimal("AWS_CONNECT_TIMEOUT_SECONDS", 3)
AWS_READ_TIMEOUT_SECONDS = env.decimal("AWS_READ_TIMEOUT_SECONDS", 10)
AWS_ONCE_CONNECT_TIMEOUT_SECONDS = env.decimal("AWS_ONCE_CONNECT_TIMEOUT_SECONDS", 5)
AWS_ONCE_READ_TIMEOUT_SECONDS = env.decimal("AWS_ONCE_READ_TIMEOUT_SECONDS", 30)
# So many time-outs in a row, and an account's Region is asked by one request at a time until it answers again.
AWS_BREAKER_MISSES = env.whole("AWS_BREAKER_MISSES", 3)
AWS_REQUESTS_PER_SECOND = env.decimal("AWS_REQUESTS_PER_SECOND", 200 if PRACTICE else 5)
AWS_BURST = env.whole("AWS_BURST", 400 if PRACTICE else 10)

# Engine. What the numbers mean, and the rule that ties them together, is in docs/engine.md.
ENGINE_LEASE_SECONDS = env.decimal("ENGINE_LEASE_SECONDS", 60)
ENGINE_SEND_WITHIN_SECONDS = env.decimal("ENGINE_SEND_WITHIN_SECONDS", 15)
ENGINE_SETTLE_SECONDS = env.decimal("ENGINE_SETTLE_SECONDS", 120)
ENGINE_RECONCILE_SECONDS = env.decimal("ENGINE_RECONCILE_SECONDS", 5)
ENGINE_GRACE_SECONDS = env.decimal("ENGINE_GRACE_SECONDS", 120)
ENGINE_RECHECK_SECONDS = env.decimal("ENGINE_RECHECK_SECONDS", 30)
ENGINE_LOOK_SECONDS = env.decimal("ENGINE_LOOK_SECONDS", 60)
ENGINE_ENDLESS_SECONDS = env.decimal("ENGINE_ENDLESS_SECONDS", 4 * 3600)
ENGINE_UNHEARD_SECONDS = env.decimal("ENGINE_UNHEARD_SECONDS", 1800)
ENGINE_BACKOFF_SECONDS = env.decimal("ENGINE_BACKOFF_SECONDS", 5)
ENGINE_BACKOFF_LIMIT_SECONDS = env.decimal("ENGINE_BACKOFF_LIMIT_SECONDS", 60)
# For test rigs only: a process that dies at random, and the negative control that sends again without looking.
ENGINE_CRASH_PROBABILITY = env.decimal("ENGINE_CRASH_PROBABILITY", 0)
ENGINE_BLIND_RESEND = env.flag("ENGINE_BLIND_RESEND")
if ENVIRONMENT != "test" and (ENGINE_CRASH_PROBABILITY or ENGINE_BLIND_RESEND):
    raise ImproperlyConfigured("ENGINE_CRASH_PROBABILITY and ENGINE_BLIND_RESEND are for tests. Unset them.")
POLL_FAST_SECONDS = env.decimal("POLL_FAST_SECONDS", 2)
POLL_NORMAL_SECONDS = env.decimal("POLL_NORMAL_SECONDS", 5)
POLL_SLOW_SECONDS = env.decimal("POLL_SLOW_SECONDS", 15)
# How long after a launch EC2's status checks of the instance may take.
CHECK_SECONDS = env.decimal("CHECK_SECONDS", 300)
# How often a place is surveyed while an execution has waves to start there.
SURVEY_SECONDS = env.decimal("SURVEY_SECONDS", 30)
