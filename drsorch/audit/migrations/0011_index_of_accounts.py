"""An index for the events of an AWS account, so that their list stays as quick as with a hundredth of the rows."""

from django.db import migrations, models


class Beginning(models.Func):
    """How a text begins, written out: an index on an expression serves only what is spelled like it."""

    template = "SUBSTR(%(expressions)s, 1, 129)"
    output_field = models.TextField()


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0010_one_head"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                Beginning("account"),
                models.F("sequence"),
                name="audit_history_in_an_account",
            ),
        ),
    ]
