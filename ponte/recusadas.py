"""What was refused is asked for again by the runs that follow: what it lacked, in another row, may have come meanwhile.

A reading remembers the keys of its refused lines, and with them those that wait for it (`mapa.Leitura.de_quem`): the
payment of a conta that is not here yet passes unseen, and must be read when the conta comes.
"""

from django.db import connection

from ponte import mapa

POR_VEZ = 5_000  # keys of a reading in a run: what is refused for ever must not weigh on the source

# Over the lines of a piece that were checked (imp_linha) or could not be read (imp_recusa), in the transaction that
# stores them.
_RECUSADAS = """
    SELECT l.{chave} FROM imp_linha l WHERE l.erro IS NOT NULL AND l.{chave} IS NOT NULL
    UNION SELECT r.inicio::bigint FROM imp_recusa r WHERE r.inicio ~ '^[0-9]{{1,18}}$'
"""
_ESQUECER = """
DELETE FROM ponte_recusada r USING (
    SELECT l.{chave} FROM imp_linha l WHERE l.erro IS NULL EXCEPT ({recusadas})
) a (chave)
WHERE r.leitura = '{leitura}' AND r.chave = a.chave
AND NOT EXISTS (SELECT FROM ponte_recusada d WHERE d.leitura = '{de_quem}' AND d.chave = r.chave)
"""
_LEMBRAR = """
INSERT INTO ponte_recusada (leitura, chave)
SELECT leitura, a.chave FROM ({recusadas}) a (chave), unnest(ARRAY[{leituras}]) AS leitura ORDER BY 2
ON CONFLICT DO NOTHING
"""
# What is of a row that is still missing waits for it.
_PROXIMAS = """
SELECT r.chave FROM ponte_recusada r WHERE r.leitura = %s
AND NOT EXISTS (SELECT FROM ponte_recusada d WHERE d.leitura = %s AND d.chave = r.chave)
ORDER BY r.id LIMIT %s
"""


def passos(leitura: mapa.Leitura) -> tuple[str, str]:
    """Steps for the import of the reading: a key whose lines were all taken is forgotten, one with a refused line is
    remembered. Its key is its first field."""
    chave = next(iter(leitura.campos))
    recusadas = _RECUSADAS.format(chave=chave)
    leituras = [leitura.nome, *(outra.nome for outra in mapa.LEITURAS if outra.de_quem == leitura.nome)]
    return (
        _ESQUECER.format(chave=chave, recusadas=recusadas, leitura=leitura.nome, de_quem=leitura.de_quem),
        _LEMBRAR.format(recusadas=recusadas, leituras=", ".join(f"'{nome}'" for nome in leituras)),
    )


def proximas(leitura: mapa.Leitura) -> list[int]:
    """Some keys to read again, those longest not asked for first."""
    with connection.cursor() as cursor:
        cursor.execute(_PROXIMAS, [leitura.nome, leitura.de_quem, POR_VEZ])
        return [chave for (chave,) in cursor.fetchall()]


def tirar(leitura: mapa.Leitura, chaves: list[int]) -> None:
    """Forget them, in the transaction that stores what was read: what is refused again is remembered anew."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ponte_recusada WHERE leitura = %s AND chave = ANY (%s)", [leitura.nome, chaves])
