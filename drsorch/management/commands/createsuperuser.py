"""`manage.py createsuperuser`: refused, for another command does it and records it."""

from django.contrib.auth.management.commands import createsuperuser

from drsorch.management.refused import Refused


class Command(Refused, createsuperuser.Command):
    """Django's own, whose people have no role and leave no evidence."""

    help = (
        "Nobody is made superuser here: roles say what people may. Use manage.py create_administrator NAME, "
        "which is recorded."
    )
