"""Give the events that exist their place in the chain, in the order in which they were written."""

from django.conf import settings
from django.db import migrations

from drsorch.audit.chain import FIRST, seal

NAMES = (
    "at",
    "actor",
    "user_id",
    "source",
    "address",
    "request_id",
    "action",
    "object_kind",
    "object_id",
    "object_name",
    "outcome",
    "detail",
)
NEW = {"token": "", "account": "", "before": {}, "after": {}}
AT_A_TIME = 500


def chain_events(apps, schema_editor):
    """Number and seal every event, then write the head. Nothing can be appended meanwhile: this is one transaction."""
    events = apps.get_model("audit", "AuditEvent").objects.using(schema_editor.connection.alias)
    sequence, previous, rows = 0, FIRST, []
    last = events.order_by("-pk").values_list("pk", flat=True).first() or 0
    pk = 0
    while pk < last:
        for pk, *values in events.filter(pk__gt=pk).order_by("pk").values_list("pk", *NAMES)[:AT_A_TIME]:
            sequence += 1
            facts = dict(zip(NAMES, values)) | NEW | {"sequence": sequence, "previous_hash": previous}
            facts["actor_kind"] = "SYSTEM" if facts["user_id"] is None else "PERSON"
            mac = seal(facts, settings.AUDIT_KEY)
            rows.append((sequence, facts["actor_kind"], previous, mac, pk))
            previous = mac
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE audit_auditevent SET sequence = %s, actor_kind = %s, previous_hash = %s, hmac = %s"
                " WHERE id = %s",
                rows,
            )
        rows = []
    heads = apps.get_model("audit", "AuditHead").objects.using(schema_editor.connection.alias)
    heads.create(pk=1, sequence=sequence, hmac=previous)


def unchain_events(apps, schema_editor):
    """Take the head away; the columns go with the migration before."""
    apps.get_model("audit", "AuditHead").objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):

    dependencies = [("audit", "0002_chain")]

    operations = [migrations.RunPython(chain_events, unchain_events)]
