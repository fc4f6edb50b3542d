#!/usr/bin/env python
"""Command-line entry point. `manage.py demo` and `manage.py simulator` bring their own practice environment."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

PRACTICE_COMMANDS = {"demo", "simulator"}


def main() -> None:
    """Run one command; a configuration problem is one sentence on stderr, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drsorch.settings")
    is_practice = bool(PRACTICE_COMMANDS.intersection(sys.argv[1:2]))
    if is_practice and os.environ.setdefault("DRSORCH_ENVIRONMENT", "demo") != "production":
        os.environ.setdefault("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    try:
        settings.INSTALLED_APPS  # noqa: B018  # at once: Django itself runs some commands half-way before it reads the settings
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"{problem}")


if __name__ == "__main__":
    main()
