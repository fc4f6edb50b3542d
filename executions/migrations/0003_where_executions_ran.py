"""Executions of before: the accounts that they ran in are those of their servers."""

import hashlib
from collections import defaultdict
from itertools import groupby
from operator import itemgetter

from django.db import migrations

AT_ONCE = 500


def key_of(accounts):
    """Return the key of a set of accounts, as executions.models.places makes it."""
    return hashlib.sha256(",".join(map(str, accounts)).encode()).hexdigest()


def find_accounts(apps, schema_editor):
    """Give each execution the set of the accounts of its servers."""
    pairs = apps.get_model("executions", "ServerRun").objects.values_list("wave__execution", "account").distinct()
    found = defaultdict(list)
    ordered = pairs.order_by("wave__execution", "account").iterator()
    for execution, rows in groupby(ordered, key=itemgetter(0)):
        found[tuple(account for _, account in rows)].append(execution)
    for accounts, executions in found.items():
        row, _ = apps.get_model("executions", "AccountSet").objects.get_or_create(key=key_of(accounts))
        row.accounts.set(accounts)
        for start in range(0, len(executions), AT_ONCE):
            some = executions[start : start + AT_ONCE]
            apps.get_model("executions", "Execution").objects.filter(pk__in=some).update(ran_in=row)


class Migration(migrations.Migration):
    """Fills the new column only."""

    dependencies = [("executions", "0002_account_sets")]
    operations = [migrations.RunPython(find_accounts, migrations.RunPython.noop)]
