"""An e-mail is indexed by its Message-ID once it left, and not at each claim too: half of those writes.

Writes wait while the index is made anew, some minutes for tens of millions of messages.
"""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("mensageria", "0014_moldes")]

    operations = [
        migrations.RemoveIndex(model_name="mensagem", name="mensagem_id_externo"),
        migrations.AddIndex(
            model_name="mensagem",
            index=models.Index(
                fields=["id_externo"],
                name="mensagem_id_externo",
                condition=~Q(id_externo="") & (Q(canal=1) | ~Q(estado__in=(1, 2)) | Q(tentativas__gt=0)),
            ),
        ),
    ]
