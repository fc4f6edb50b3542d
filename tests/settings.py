"""The product's settings, in the environment `test`."""

import os

os.environ.setdefault("DRSORCH_ENVIRONMENT", "test")
os.environ.setdefault("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")

from drsorch.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS += ["tests.emptying"]  # noqa: F405 (between tests, evidence must go)
AUDIT_ANCHOR_FILE = ""  # tests of the anchor have one each
