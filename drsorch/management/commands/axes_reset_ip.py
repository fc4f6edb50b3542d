"""`manage.py axes_reset_ip`: refused, for another command does it and records it."""

from axes.management.commands import axes_reset_ip

from drsorch.management.refused import Refused


class Command(Refused, axes_reset_ip.Command):
    """The command of django-axes, which leaves no evidence."""

    help = "Lockouts are ended by manage.py axes_reset ADDRESS, which is recorded."
