"""The ledger: the database itself counts each lote and refuses a transition that the table of states does not have.

One statement-level trigger per operation, over the transition tables: the cost is one aggregate a statement, whether it
touches one message or a million.
"""

from django.db import migrations

# mensageria.estados.TRANSICOES when this migration was written; a test compares them.
TRANSICOES = [
    (1, 2), (1, 6),
    (2, 1), (2, 3), (2, 5), (2, 6), (2, 7),
    (3, 4), (3, 5),
    (5, 1),
    (7, 1), (7, 3), (7, 5), (7, 6),
]  # fmt: skip

MAIS = "SELECT lote_id, estado, count(*) AS n FROM novas GROUP BY 1, 2"
MENOS = "SELECT lote_id, estado, -count(*) AS n FROM antigas GROUP BY 1, 2"
PERMITIDAS = ", ".join(f"({de}, {para})" for de, para in TRANSICOES)

CONTAGEM = """
    INSERT INTO mensageria_lotecontagem AS c (lote_id, estado, quantidade)
    SELECT lote_id, estado, sum(n) FROM ({mudancas}) AS mudancas
    GROUP BY lote_id, estado HAVING sum(n) <> 0
    ORDER BY lote_id, estado
    ON CONFLICT (lote_id, estado) DO UPDATE SET quantidade = c.quantidade + excluded.quantidade;
    RETURN NULL;
"""

FUNCOES = f"""
CREATE FUNCTION mensageria_livro_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM novas WHERE estado <> 1) THEN
        RAISE EXCEPTION 'uma mensagem nasce pendente' USING ERRCODE = 'check_violation';
    END IF;
    {CONTAGEM.format(mudancas=MAIS)}
END $$;

CREATE FUNCTION mensageria_livro_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM antigas a JOIN novas n USING (id)
        WHERE a.estado <> n.estado AND (a.estado, n.estado) NOT IN ({PERMITIDAS})
    ) THEN
        RAISE EXCEPTION 'transicao de mensagem proibida' USING ERRCODE = 'check_violation';
    END IF;
    {CONTAGEM.format(mudancas=f"{MAIS} UNION ALL {MENOS}")}
END $$;

CREATE FUNCTION mensageria_livro_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {CONTAGEM.format(mudancas=MENOS)}
END $$;

CREATE TRIGGER livro_insert AFTER INSERT ON mensageria_mensagem
    REFERENCING NEW TABLE AS novas FOR EACH STATEMENT EXECUTE FUNCTION mensageria_livro_insert();
CREATE TRIGGER livro_update AFTER UPDATE ON mensageria_mensagem
    REFERENCING OLD TABLE AS antigas NEW TABLE AS novas FOR EACH STATEMENT EXECUTE FUNCTION mensageria_livro_update();
CREATE TRIGGER livro_delete AFTER DELETE ON mensageria_mensagem
    REFERENCING OLD TABLE AS antigas FOR EACH STATEMENT EXECUTE FUNCTION mensageria_livro_delete();
"""

DESFAZER = """
DROP TRIGGER livro_insert ON mensageria_mensagem;
DROP TRIGGER livro_update ON mensageria_mensagem;
DROP TRIGGER livro_delete ON mensageria_mensagem;
DROP FUNCTION mensageria_livro_insert();
DROP FUNCTION mensageria_livro_update();
DROP FUNCTION mensageria_livro_delete();
"""


class Migration(migrations.Migration):
    dependencies = [("mensageria", "0001_inicial")]
    operations = [migrations.RunSQL(FUNCOES, DESFAZER)]
