"""`manage.py audit_verify`: is the audit trail what was written?"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from drsorch.audit import anchor
from drsorch.audit.actor import COMMAND
from drsorch.audit.models import AuditAnchor
from drsorch.audit.record import record
from drsorch.audit.verify import Report, keep, verify


class Command(BaseCommand):
    """Verifies the whole chain and its anchor, and moves the anchor on when both are good. Exit code 1 when not."""

    help = "Verify the audit trail: every event, their order, the head and the anchor. Exit code 1 when one is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept --anchor and --new-anchor."""
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="compare with this copy of an anchor too; repeat for more",
        )
        parser.add_argument(
            "--new-anchor",
            action="store_true",
            help="put the anchor of this host aside and begin a new one, if everything else is good; this is recorded",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Verify, keep the result, say it. Raises CommandError with a sentence for each problem."""
        report = verify(copies=options["anchor"], is_anchored=not options["new_anchor"])
        if report.is_good:
            self._anchor(report, is_new=options["new_anchor"])
        keep(report, COMMAND.name)
        counted = f"{report.events} events verified in {report.seconds:.1f} s, up to event {report.sequence}."
        if not report.is_good:
            raise CommandError("\n".join([*report.problems, *_more(report), f"{counted} THE AUDIT TRAIL IS NOT GOOD."]))
        self.stdout.write("\n".join([*report.notes, f"{counted} Nothing is wrong."]))

    def _anchor(self, report: Report, *, is_new: bool) -> None:
        try:
            kept = anchor.begin_anew() if is_new else anchor.write()
        except (anchor.BrokenAnchor, OSError) as error:
            report.add(f"The anchor could not be moved on: {error}")
            return
        if kept and is_new:
            with transaction.atomic():
                place = AuditAnchor.objects.get(place=anchor.place(Path(str(anchor.file()))))
                record(COMMAND, "begin_new_anchor", place, sequence=kept.sequence)
        if kept:
            report.notes.append(f"The anchor holds event {kept.sequence}, {kept.hmac}.")


def _more(report: Report) -> list[str]:
    hidden = report.problem_count - len(report.problems)
    return [f"And {hidden} more problems."] if hidden else []
