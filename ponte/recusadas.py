"""What was refused is asked for again by the runs that follow: what it lacked, in another row, may have come meanwhile.

A reading remembers the keys of its refused lines, and with them those that wait for it (`mapa.Leitura.de_quem`): the
payment of a conta that is not here yet passes unseen, and must be read when the conta comes.
"""

from django.db import connection

from ponte import mapa

# Over the lines of a piece that were checked (imp_linha), in the transaction that stores them.
_ESQUECER = """
DELETE FROM ponte_recusada r USING (
    SELECT l.{chave} FROM imp_linha l WHERE l.erro IS NULL
    EXCEPT SELECT l.{chave} FROM imp_linha l WHERE l.erro IS NOT NULL
) a (chave)
WHERE r.leitura = '{leitura}' AND r.chave = a.chave
AND NOT EXISTS (SELECT FROM ponte_recusada d WHERE d.leitura = '{de_quem}' AND d.chave = r.chave)
"""
_LEMBRAR = """
INSERT INTO ponte_recusada (leitura, chave)
SELECT DISTINCT leitura, l.{chave} FROM imp_linha l, unnest('{{{leituras}}}'::text[]) AS leitura
WHERE l.erro IS NOT NULL AND l.{chave} IS NOT NULL ORDER BY 2
ON CONFLICT DO NOTHING
"""
# First those whose owner has come, then those that were asked for longest ago.
_PROXIMAS = """
SELECT r.chave FROM ponte_recusada r WHERE r.leitura = %(leitura)s
ORDER BY EXISTS (SELECT FROM ponte_recusada d WHERE d.leitura = %(de_quem)s AND d.chave = r.chave), r.id
LIMIT %(quantas)s
"""
_TIRAR = "DELETE FROM ponte_recusada WHERE leitura = %(leitura)s AND chave = ANY (%(chaves)s)"
_DEVOLVER = """
INSERT INTO ponte_recusada (leitura, chave)
SELECT %(leitura)s, d.chave FROM ponte_recusada d WHERE d.leitura = %(de_quem)s AND d.chave = ANY (%(chaves)s)
"""


def passos(leitura: mapa.Leitura) -> tuple[str, str]:
    """Steps for the import of the reading: a key whose lines were all taken is forgotten, one with a refused line is
    remembered. Its key is its first field."""
    chave = next(iter(leitura.campos))
    que_esperam = [outra.nome for outra in mapa.LEITURAS if outra.de_quem == leitura.nome]
    return (
        _ESQUECER.format(chave=chave, leitura=leitura.nome, de_quem=leitura.de_quem),
        _LEMBRAR.format(chave=chave, leituras=",".join([leitura.nome, *que_esperam])),
    )


def tomar(leitura: mapa.Leitura, quantas: int) -> list[int]:
    """Up to `quantas` keys to read again, in the transaction that reads them: what is refused again is remembered anew.

    Those whose owner is still missing stay, behind the others.
    """
    quais = {"leitura": leitura.nome, "de_quem": leitura.de_quem}
    with connection.cursor() as cursor:
        cursor.execute(_PROXIMAS, quais | {"quantas": quantas})
        chaves = [chave for (chave,) in cursor.fetchall()]
        if chaves:
            cursor.execute(_TIRAR, quais | {"chaves": chaves})
            cursor.execute(_DEVOLVER, quais | {"chaves": chaves})
    return chaves
