"""`manage.py axes_reset_ip_username`: refused, for another command does it and records it."""

from axes.management.commands import axes_reset_ip_username

from drsorch.management.refused import Refused


class Command(Refused, axes_reset_ip_username.Command):
    """The command of django-axes, which leaves no evidence."""

    help = "Addresses are locked out, not names: use manage.py axes_reset, which is recorded."
