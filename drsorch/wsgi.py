"""WSGI entry point for gunicorn. A wrong AWS endpoint, or an address without a permission, keeps it from starting."""

import os

from django.core.wsgi import get_wsgi_application

from drsorch.access.declared import refuse_undeclared
from drsorch.secrets import load_keys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drsorch.settings")
application = get_wsgi_application()
load_keys()
refuse_undeclared()
