"""Entry of the worker group, started by its supervisor only: `manage.py worker`."""

import django
from django.utils.module_loading import import_string

django.setup()
import_string("drsorch.queue.group.main")()
