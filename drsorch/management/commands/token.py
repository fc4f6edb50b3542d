"""`manage.py token`: issue, list and revoke API tokens from the command line."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.denials import note_refused_command
from drsorch.access.models import ApiToken
from drsorch.access.requests import actor_named
from drsorch.access.tokens import LONGEST, SOURCES, issue_token, revoke_token
from drsorch.audit.actor import Actor
from drsorch.errors import UserError

PREFIX = "drs:"
DAYS = 30


class Command(BaseCommand):
    """Works through the same services as the console, under the same rules."""

    help = (
        "API tokens. Examples: manage.py token issue 'Nightly drill' --as olga --scope ViewResources "
        "--scope ExecuteRecovery --days 30; manage.py token list --as ada; manage.py token revoke 7 --as olga"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept issue, list and revoke."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        issue = verbs.add_parser("issue", help="make a token; its text is the only thing written to standard output")
        issue.add_argument("name", help="what uses it")
        issue.add_argument("--scope", action="append", required=True, help="a permission; repeat for more")
        issue.add_argument("--days", type=int, default=DAYS, help=f"days until it expires, at most {LONGEST.days}")
        issue.add_argument("--account", action="append", help="an AWS account id; repeat for more; default: all")
        issue.add_argument("--range", action="append", default=[], help="from where, such as 10.0.0.0/8; repeat")
        issue.add_argument("--source", action="append", default=[], help=f"{', '.join(SOURCES)}: may name it; repeat")
        issue.add_argument("--for", dest="owner", metavar="USER", help="whose it is; only an administrator may say")
        listing = verbs.add_parser("list", help="the person's tokens; an administrator sees everybody's")
        revoke = verbs.add_parser("revoke", help="end a token at once")
        revoke.add_argument("id", type=int, help="the number in its text: drs_NUMBER_…")
        for verb in (issue, listing, revoke):
            verb.add_argument("--as", dest="username", required=True, metavar="USER", help="who does it")

    def handle(self, *_: Any, **options: Any) -> None:
        """Do what was asked. Raises CommandError with the refusal's sentence."""
        doors = {"issue": self.issue, "list": self.list, "revoke": self.revoke}
        actor = None
        try:
            actor = actor_named(options["username"])
            doors[options["verb"]](actor, options)
        except UserError as refusal:
            if actor is not None:
                asked = {name: options[name] for name in ("name", "owner", "id") if options.get(name)}
                note_refused_command(actor, f"{options['verb']}_token", refusal, **asked)
            raise CommandError(refusal.message) from refusal

    def issue(self, actor: Actor, options: dict[str, Any]) -> None:
        """Make a token and write its text."""
        token, text = issue_token(
            owner=actor_named(options["owner"]).user if options["owner"] else actor.user,
            actor=actor,
            name=options["name"],
            scopes=[PREFIX + scope.removeprefix(PREFIX) for scope in options["scope"]],
            expires_at=timezone.now() + timedelta(days=options["days"]),
            account_ids=options["account"],
            ranges=options["range"],
            sources=options["source"],
        )
        self.stderr.write(f"{token} expires on {token.expires_at:%Y-%m-%d}. Its text is shown this once:")
        self.stdout.write(text)

    def list(self, actor: Actor, options: dict[str, Any]) -> None:
        """Write one line for each token."""
        tokens = ApiToken.objects.select_related("owner")
        for token in tokens if policy.is_administrator(actor) else tokens.filter(owner=actor.user):
            ended = "revoked" if token.revoked_at else "expired" if token.is_expired else "usable"
            used = f"last used {token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never used"
            self.stdout.write(f"{token.pk}\t{token}\t{ended}\tuntil {token.expires_at:%Y-%m-%d}\t{used}")

    def revoke(self, actor: Actor, options: dict[str, Any]) -> None:
        """End the token."""
        token = ApiToken.objects.select_related("owner").filter(pk=options["id"]).first()
        if token is None:
            raise CommandError("There is no such API token. See manage.py token list.")
        revoke_token(token=token, actor=actor)
        self.stdout.write(f"{token} is revoked.")
