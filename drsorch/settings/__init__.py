"""The settings, filled from the environment. Every name is described in docs/operations.md.

Django takes every name in capitals: what is imported here with a star is what the modules of this package set.
"""

# ruff: noqa: F403
from drsorch.settings.installation import *
from drsorch.settings.parts import *
from drsorch.settings.people import *
from drsorch.settings.web import *
from drsorch.settings.work import *
