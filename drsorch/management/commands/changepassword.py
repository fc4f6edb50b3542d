"""`manage.py changepassword`: refused, for the admin site does it and records it."""

from django.contrib.auth.management.commands import changepassword

from drsorch.management.refused import Refused


class Command(Refused, changepassword.Command):
    """Django's own, which leaves no evidence."""

    help = (
        "Passwords are set at the admin site, where it is recorded. When nobody can sign in any more, use "
        "manage.py create_administrator NAME --another."
    )
