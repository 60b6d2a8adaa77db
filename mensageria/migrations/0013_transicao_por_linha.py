"""A refused transition is found row by row, by the executor itself.

Joining the rows of a statement before and after it, as 0002 did, was planned once a session, by what its first statement
had: after one of a single row, or of a thousand, those of thousands compared each row with every other.
"""

from importlib import import_module

from django.db import migrations

livro = import_module("mensageria.migrations.0002_livro")

CONTAR = f"""
CREATE OR REPLACE FUNCTION mensageria_livro_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {livro.CONTAGEM.format(mudancas=f"{livro.MAIS} UNION ALL {livro.MENOS}")}
END $$;
"""
RECUSAR = f"""
CREATE FUNCTION mensageria_livro_recusar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'transicao de mensagem proibida: % para %', OLD.estado, NEW.estado USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER livro_transicao AFTER UPDATE ON mensageria_mensagem FOR EACH ROW
    WHEN (OLD.estado <> NEW.estado AND (OLD.estado, NEW.estado) NOT IN ({livro.PERMITIDAS}))
    EXECUTE FUNCTION mensageria_livro_recusar();
"""
JUNTAR = livro.FUNCOES[
    livro.FUNCOES.index("CREATE FUNCTION mensageria_livro_update") : livro.FUNCOES.index(
        "CREATE FUNCTION mensageria_livro_delete"
    )
].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
NAO_RECUSAR = """
DROP TRIGGER livro_transicao ON mensageria_mensagem;
DROP FUNCTION mensageria_livro_recusar();
"""


class Migration(migrations.Migration):
    dependencies = [("mensageria", "0012_calendario")]
    operations = [
        migrations.RunSQL(CONTAR, JUNTAR),
        migrations.RunSQL(RECUSAR, NAO_RECUSAR),
    ]
