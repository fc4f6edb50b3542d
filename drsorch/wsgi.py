"""WSGI entry point for gunicorn. What a system check calls an error keeps it from starting, as it does every command.

A wrong AWS endpoint, a key that is none or too short, a group that gives no role, an address without a permission.
"""

import gc
import os
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import request_finished
from django.core.wsgi import get_wsgi_application

from drsorch.access.declared import refuse_undeclared
from drsorch.secrets import load_keys

MANY_OBJECTS = 200_000  # so many more than before are looked through even in the middle of a request


def refuse_errors() -> None:
    """Raise ImproperlyConfigured with what the system checks find; the database is not asked."""
    found = [message for message in checks.run_checks() if message.is_serious() and not message.is_silenced()]
    if found:
        raise ImproperlyConfigured(" ".join(f"{message.msg} {message.hint or ''}".strip() for message in found))


def look_for_garbage(**_signal: Any) -> None:
    """Free what a request left, once its answer is sent."""
    gc.collect()


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drsorch.settings")
application = get_wsgi_application()
load_keys()
refuse_undeclared()
refuse_errors()
# What is loaded by now stays: looking through all of it for garbage holds a request up for a tenth of a second. What
# requests leave would hold up every twentieth as long; after each answer it takes one to three milliseconds.
gc.freeze()
gc.set_threshold(MANY_OBJECTS, *gc.get_threshold()[1:])
request_finished.connect(look_for_garbage)
