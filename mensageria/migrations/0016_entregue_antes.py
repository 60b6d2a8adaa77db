"""What waits to be tried again may turn out to have been delivered by an earlier attempt: it does not go again."""

from importlib import import_module

from django.db import migrations

livro = import_module("mensageria.migrations.0002_livro")

# mensageria.estados.TRANSICOES when this migration was written; a test compares them.
TRANSICOES = [*livro.TRANSICOES, (1, 4)]

TRIGGER = """
DROP TRIGGER livro_transicao ON mensageria_mensagem;
CREATE TRIGGER livro_transicao AFTER UPDATE ON mensageria_mensagem FOR EACH ROW
    WHEN (OLD.estado <> NEW.estado AND (OLD.estado, NEW.estado) NOT IN ({permitidas}))
    EXECUTE FUNCTION mensageria_livro_recusar();
"""


def permitir(transicoes: list[tuple[int, int]]) -> str:
    return TRIGGER.format(permitidas=", ".join(f"({de}, {para})" for de, para in transicoes))


class Migration(migrations.Migration):
    dependencies = [("mensageria", "0015_identificacao")]
    operations = [migrations.RunSQL(permitir(TRANSICOES), permitir(livro.TRANSICOES))]
