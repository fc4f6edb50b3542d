"""Indexes for lists that stay as quick as they are with a hundredth of the rows."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("plans", "0002_grants"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="recoveryplan",
            index=models.Index(fields=["name", "id"], name="plan_by_name"),
        ),
    ]
