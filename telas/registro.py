"""Who did what, in words: the log of the administration, which the operator's screens write too, and the audit.

What changed in each row the audit knows by itself (telas.auditoria): here an act gets its words.
"""

import json
from collections.abc import Mapping

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models

from telas import autoria
from telas.models import EntradaAuditoria

Mudancas = Mapping[str, tuple]

# The words go to the entry that the object's last change left in this transaction since there were words for it;
# without one, to an entry of their own. Whoever is named here is who did it, also where nobody is logged in.
_DIZER = """
    WITH desta_vez AS (
        SELECT id, modelo, mensagem FROM telas_entradaauditoria
        WHERE objetos @> ARRAY[%(objeto)s]::text[] AND transacao = pg_current_xact_id()::text::bigint
    ), ultima AS (
        SELECT id FROM desta_vez
        WHERE id > (SELECT coalesce(max(id), 0) FROM desta_vez WHERE mensagem <> '')
        ORDER BY modelo = %(modelo)s DESC, id DESC LIMIT 1
    ), dita AS (
        UPDATE telas_entradaauditoria AS e SET mensagem = %(mensagem)s,
            usuario_id = coalesce(%(usuario)s, e.usuario_id), quem = coalesce(%(quem)s, e.quem),
            detalhes = e.detalhes || %(detalhes)s::jsonb
        FROM ultima WHERE e.id = ultima.id
        RETURNING e.id
    )
    INSERT INTO telas_entradaauditoria
        (momento, transacao, usuario_id, quem, via, modelo, acao, quantas, objetos, nome, detalhes, mensagem)
    SELECT clock_timestamp(), pg_current_xact_id()::text::bigint, %(usuario)s,
        coalesce(%(quem)s, (SELECT username FROM auth_user WHERE id = %(usuario)s), 'sistema'), %(via)s,
        %(modelo)s, %(acao)s, %(quantas)s, %(objetos)s::text[], %(nome)s, %(detalhes)s::jsonb, %(mensagem)s
    WHERE NOT EXISTS (SELECT FROM dita)
"""


def registrar(
    usuario, objeto: models.Model, mensagem: str, acao: int = CHANGE, *, mudancas: Mudancas | None = None
) -> None:
    """Say what was done to `objeto`; without `usuario`, by the system.

    `mudancas` is for what no column tells: by its name, from what to what, in the words of who reads.
    """
    if usuario is not None:
        LogEntry.objects.log_actions(usuario.pk, [objeto], acao, change_message=mensagem, single_object=True)
    modelo = objeto._meta.concrete_model._meta.label_lower
    _dizer(usuario, modelo, mensagem, objeto=f"{modelo}:{objeto.pk}", nome=str(objeto), mudancas=mudancas)


def inserido(usuario, objeto: models.Model, mensagem: str = "Inserido.", *, mudancas: Mudancas | None = None) -> None:
    registrar(usuario, objeto, mensagem, ADDITION, mudancas=mudancas)


def removido(usuario, objeto: models.Model, mensagem: str = "Removido.", *, mudancas: Mudancas | None = None) -> None:
    registrar(usuario, objeto, mensagem, DELETION, mudancas=mudancas)


def em_massa(usuario, modelo: type[models.Model], mensagem: str, quantas: int) -> None:
    """Say what one operation did to `quantas` rows of `modelo`: an import, a generation, an export."""
    _dizer(usuario, modelo._meta.label_lower, mensagem, quantas=quantas)


def _dizer(
    usuario,
    modelo: str,
    mensagem: str,
    *,
    objeto: str = "",
    nome: str = "",
    quantas: int = 1,
    mudancas: Mudancas | None = None,
) -> None:
    atual = autoria.autor()
    ditas = [[rotulo, *map(_texto, de_e_para)] for rotulo, de_e_para in (mudancas or {}).items()]
    valores = {
        "usuario": usuario.pk if usuario is not None else atual.usuario_id,
        "quem": usuario.get_username() if usuario is not None else atual.nome or None,
        "via": atual.via,
        "modelo": modelo,
        "acao": EntradaAuditoria.Acao.ATO,
        "quantas": quantas,
        "objeto": objeto,
        "objetos": [objeto] if objeto else [],
        "nome": nome[:200],
        "detalhes": json.dumps({"ditas": ditas} if ditas else {}),
        "mensagem": mensagem,
    }
    with connection.cursor() as cursor:
        cursor.execute(_DIZER, valores)


def _texto(valor) -> str | None:
    return None if valor is None else str(valor)


def ultima_entrada(objeto: models.Model) -> EntradaAuditoria | None:
    """What was last written of it, whoever did: a person, the bridge, the system."""
    do_objeto = f"{objeto._meta.concrete_model._meta.label_lower}:{objeto.pk}"
    return EntradaAuditoria.objects.filter(objetos__contains=[do_objeto]).order_by("-id").first()


def ultima_alteracao(objeto: models.Model) -> LogEntry | None:
    do_objeto = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(objeto), object_id=str(objeto.pk)
    )
    return do_objeto.select_related("user").order_by("-id").first()
