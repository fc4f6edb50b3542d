"""The programs of the worker: its supervisor, started by `manage.py worker`, and the group, started by its supervisor.

`python -m drsorch.queue supervise WORKERS`, `python -m drsorch.queue group PULSE_DESCRIPTOR SUPERVISOR_PID`.
"""

import sys

role, *numbers = sys.argv[1:]
if role == "supervise":
    from drsorch.queue import supervisor

    supervisor.main(*map(int, numbers))
else:
    import django

    django.setup()
    from drsorch.queue import group

    group.main(*map(int, numbers))
