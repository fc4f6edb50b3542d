"""WSGI entry point for gunicorn. What a system check calls an error keeps it from starting, as it does every command.

A wrong AWS endpoint, a key that is none or too short, a group that gives no role, an address without a permission.
"""

import gc
import os

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from drsorch.access.declared import refuse_undeclared
from drsorch.secrets import load_keys


def refuse_errors() -> None:
    """Raise ImproperlyConfigured with what the system checks find; the database is not asked."""
    found = [message for message in checks.run_checks() if message.is_serious() and not message.is_silenced()]
    if found:
        raise ImproperlyConfigured(" ".join(f"{message.msg} {message.hint or ''}".strip() for message in found))


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drsorch.settings")
application = get_wsgi_application()
load_keys()
refuse_undeclared()
refuse_errors()
# What is loaded by now stays: looking through all of it for garbage holds a request up for a tenth of a second.
gc.freeze()
