"""Executions of before: where they ran is where their servers did, their RTO that of the plan as it was.

Apart from the columns: PostgreSQL refuses both in one transaction.
"""

import hashlib
from collections import defaultdict
from itertools import groupby
from operator import itemgetter

from django.db import migrations
from django.db.models import IntegerField, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

AT_ONCE = 500


def key_of(places):
    """Return the key of a set of accounts and Regions, as executions.models.places makes it."""
    return hashlib.sha256(",".join(f"{account}/{region}" for account, region in places).encode()).hexdigest()


def find_regions(apps, schema_editor):
    """Give each execution the set of the accounts and Regions of its servers, and these the same."""
    executions, sets = (apps.get_model("executions", name).objects for name in ("Execution", "AccountSet"))
    runs = apps.get_model("executions", "ServerRun").objects
    columns = ("wave__execution", "account", "region")
    found = defaultdict(list)
    ordered = runs.values_list(*columns).distinct().order_by(*columns).iterator()
    for execution, rows in groupby(ordered, key=itemgetter(0)):
        found[tuple(row[1:] for row in rows)].append(execution)
    for places, ran_there in found.items():
        row = _set_of(apps, places)
        for start in range(0, len(ran_there), AT_ONCE):
            executions.filter(pk__in=ran_there[start : start + AT_ONCE]).update(ran_in=row)
    runs.update(ran_in=Subquery(executions.filter(waves=OuterRef("wave")).values("ran_in")))
    sets.filter(regions=None, executions=None).delete()  # those of accounts alone


def _set_of(apps, places):
    row, is_new = apps.get_model("executions", "AccountSet").objects.get_or_create(key=key_of(places))
    if is_new:
        row.accounts.set({account for account, _ in places})
        region = apps.get_model("executions", "AccountSetRegion")
        region.objects.bulk_create(
            region(account_set=row, account_id=account, region=name) for account, name in places
        )
    return row


def copy_rto(apps, schema_editor):
    """Give each execution the RTO of its plan as it was."""
    minutes = Cast(KeyTextTransform("rtoMinutes", "snapshot"), IntegerField())
    apps.get_model("executions", "Execution").objects.update(rto_minutes=minutes)


class Migration(migrations.Migration):
    """Fills the new columns only."""

    dependencies = [("executions", "0010_regions_of_account_sets")]
    operations = [
        migrations.RunPython(find_regions, migrations.RunPython.noop),
        migrations.RunPython(copy_rto, migrations.RunPython.noop),
    ]
