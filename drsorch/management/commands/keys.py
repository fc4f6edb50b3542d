"""`manage.py keys`: make keys for secrets at rest, and give old ones up."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from drsorch.access.denials import note_refused_command
from drsorch.access.requests import actor_named
from drsorch.config.rotation import rotate_secrets, stale_secrets
from drsorch.errors import UserError
from drsorch.secrets import new_key, new_key_in_kms


class Command(BaseCommand):
    """Makes entries for ENCRYPTION_KEYS, and encrypts everything with the first of them."""

    help = (
        "Keys for secrets at rest. To change keys: put `manage.py keys new` first in ENCRYPTION_KEYS, before the old "
        "one; restart web and worker; `manage.py keys rotate --as ada`; take the old one out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept new and rotate."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        new = verbs.add_parser("new", help="write a new entry for ENCRYPTION_KEYS to standard output")
        new.add_argument("--kms", metavar="KEY", help="let only this KMS key open it: its id, ARN or alias/name")
        new.add_argument("--region", help="the Region of the KMS key")
        rotate = verbs.add_parser("rotate", help="encrypt every secret with the first key")
        rotate.add_argument("--as", dest="username", required=True, metavar="USER", help="who does it")

    def handle(self, *_: Any, **options: Any) -> None:
        """Do what was asked. Raises CommandError with the refusal's sentence."""
        try:
            if options["verb"] == "new":
                self.stdout.write(self.new(options["kms"], options["region"]))
            else:
                self.rotate(options["username"])
        except UserError as refusal:
            raise CommandError(refusal.message) from refusal

    def new(self, key_id: str | None, region: str | None) -> str:
        """Return a new entry."""
        if key_id is None:
            return new_key()
        if not region:
            raise CommandError("--kms needs --region, the Region of the key.")
        return new_key_in_kms(key_id, region)

    def rotate(self, username: str) -> None:
        """Encrypt anew, and say whether the later keys may go."""
        actor = actor_named(username)
        try:
            count = rotate_secrets(actor=actor)
        except UserError as refusal:
            note_refused_command(actor, "rotate_secret", refusal)
            raise
        left = stale_secrets()
        if left:
            raise CommandError(
                f"{count} secrets were encrypted anew, and {left} are under a later key again: another process still "
                "has the old order. Restart web and worker, then rotate again."
            )
        self.stdout.write(f"{count} secrets were encrypted anew. All are under the first key: the others may go.")
