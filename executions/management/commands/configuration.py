"""`manage.py configuration`: export and import the configuration from the command line."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from drsorch.access.denials import note_refused_command
from drsorch.access.requests import actor_named
from drsorch.audit.actor import Actor
from drsorch.config.reading import read
from drsorch.errors import UserError
from executions.configuration import as_text, export_configuration, import_configuration


class Command(BaseCommand):
    """Works through the same services as the API, under the same permissions."""

    help = (
        "Export or import the configuration. Examples: manage.py configuration export --as ada > drsorch.json; "
        "manage.py configuration import drsorch.json --as ada (says what would change); the same with --apply"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept export and import."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="write the document to standard output")
        load = verbs.add_parser("import", help="compare a document, and with --apply make the configuration like it")
        load.add_argument("file", type=Path, help="the document, JSON or YAML")
        load.add_argument("--apply", action="store_true", help="do it; without, nothing is changed")
        load.add_argument(
            "--external-id",
            action="append",
            default=[],
            type=_external_id,
            metavar="ACCOUNT=FILE",
            help="a file with the external id of an account's role; repeat for more",
        )
        for verb in (export, load):
            verb.add_argument("--as", dest="username", required=True, metavar="USER", help="who does it")

    def handle(self, *_: Any, **options: Any) -> None:
        """Do what was asked. Raises CommandError with the refusal's sentence."""
        doors = {"export": self.export, "import": self.load}
        actor = None
        try:
            actor = actor_named(options["username"])
            doors[options["verb"]](actor, options)
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
        except UserError as refusal:
            if actor is not None:
                note_refused_command(actor, f"{options['verb']}_configuration", refusal)
            raise CommandError(refusal.message) from refusal

    def export(self, actor: Actor, _: dict[str, Any]) -> None:
        """Write the document."""
        self.stdout.write(as_text(export_configuration(actor=actor)), ending="")

    def load(self, actor: Actor, options: dict[str, Any]) -> None:
        """Import, and write one line for each object that differs."""
        ids = {account: file.read_text(encoding="utf-8").strip() for account, file in options["external_id"]}
        result = import_configuration(
            actor=actor, document=read(options["file"].read_bytes()), external_ids=ids, dry_run=not options["apply"]
        )
        differing = [change for change in result.changes if change.action != "unchanged"]
        for change in differing:
            self.stdout.write(f"{change.action} {change.kind} {change.name}: {', '.join(change.members)}")
        done = "were made" if result.is_applied else "would be made. Nothing was changed: use --apply"
        self.stdout.write(f"{len(differing)} changes {done}.")


def _external_id(text: str) -> tuple[str, Path]:
    account, sign, file = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"{text!r} names no file. Write it as ACCOUNT=FILE.")
    return account, Path(file)
