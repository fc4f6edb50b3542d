"""`manage.py audit_verify`: is the audit trail what was written?"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from drsorch.audit import anchor
from drsorch.audit.actor import COMMAND
from drsorch.audit.findings import Report
from drsorch.audit.models import AuditAnchor
from drsorch.audit.record import record
from drsorch.audit.segment_checks import check_file
from drsorch.audit.verified import keep
from drsorch.audit.verify import verify

UNREAD = 3  # exit code: nothing is wrong in what was read, and not all was


class Command(BaseCommand):
    """Verifies the whole chain and its anchor, and moves the anchor on when both are good. Exit code 1 when not.

    3 when nothing that was read is wrong, and files of segments could not be read.
    """

    help = (
        "Verify the audit trail: every event, their order, the head, the anchor and the segments that have left the "
        "table. Exit code 1 when one is wrong, 3 when none is and files of segments could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Accept --anchor, --new-anchor and --segment."""
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
        parser.add_argument(
            "--segment",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="verify only this file of a segment, event by event, without the database; repeat for more",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Verify, keep the result, say it. Raises CommandError with a sentence for each problem."""
        if options["segment"]:
            self._verify_files(options["segment"])
            return
        report = verify(copies=options["anchor"], is_anchored=not options["new_anchor"])
        if report.is_good:
            self._anchor(report, is_new=options["new_anchor"])
        keep(report, COMMAND)
        if not report.is_good:
            raise CommandError("\n".join([*report.told(), f"{report.counted()} THE AUDIT TRAIL IS NOT GOOD."]))
        if report.unread_count:
            said = [
                *report.notes,
                *report.told(),
                f"{report.counted()} Nothing is wrong in what was read: NOT ALL WAS.",
            ]
            raise CommandError("\n".join(said), returncode=UNREAD)
        self.stdout.write("\n".join([*report.notes, f"{report.counted()} Nothing is wrong."]))

    def _verify_files(self, paths: list[Path]) -> None:
        wrong = []
        for path in paths:
            try:
                report = check_file(path)
            except OSError as error:
                wrong.append(f"The file {path} cannot be read: {error.strerror}.")
                continue
            if report.is_good:
                self.stdout.write(f"{path}: {report.counted()} Nothing is wrong.")
            wrong += report.told()
        if wrong:
            raise CommandError("\n".join([*wrong, "NOT ALL SEGMENTS ARE GOOD."]))

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
