"""An index for the events of an AWS account, so that their list stays as quick as with a hundredth of the rows."""

from django.db import migrations, models

import drsorch.audit.models


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0010_one_head"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                drsorch.audit.models.Beginning("account"),
                models.F("sequence"),
                name="audit_history_in_an_account",
            ),
        ),
    ]
