"""WSGI entry point for gunicorn. Reading the settings refuses a wrong AWS endpoint, so the server does not start."""

import os

from django.core.wsgi import get_wsgi_application

from drsorch.secrets import load_keys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drsorch.settings")
application = get_wsgi_application()
load_keys()
