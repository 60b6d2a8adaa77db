"""Generation, set-based: a domain app fills the table `candidata`, and this puts it in the outbox.

Whoever is left out is stored beside it, with the reason. One `INSERT … SELECT` per channel, for ten or for a million.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from cadastro.telefones import DDDS
from mensageria import calendario
from mensageria.estados import Estado
from mensageria.janela import Calendario
from mensageria.models import Canal, NaoGerada, OrigemEnvio, VersaoTexto

# The last four columns of `candidata`, for a SELECT that has the customer as `cl` and the phone marked SMS as `f`, and
# DDDS_COM_SMS as `ddds`. The rule of the phone is that of cadastro.telefones.celular_e164.
COLUNAS_DO_CLIENTE = """CASE
        WHEN NOT cl.por_sms THEN 'sms_desligado'
        WHEN f.id IS NULL THEN 'sem_telefone'
        WHEN f.ddd <> ALL (%(ddds)s) OR f.numero !~ '^9[0-9]{8}$' THEN 'telefone_invalido'
    END,
    '55' || f.ddd || f.numero,
    CASE
        WHEN NOT cl.por_email THEN 'email_desligado'
        WHEN cl.email = '' THEN 'sem_email'
    END,
    cl.email"""
DDDS_COM_SMS = sorted(DDDS)
JA_ANUNCIADA = "ja_anunciada"
SEM_SAIDA = "sem_saida"
SEM_JANELA = "sem_janela"
# The reasons that this module and COLUNAS_DO_CLIENTE give, for the MotivoDeNaoGerar of every origin.
MOTIVOS_DO_CANAL = {
    "SMS_DESLIGADO": ("sms_desligado", "Cliente não recebe por SMS"),
    "SEM_TELEFONE": ("sem_telefone", "Sem telefone marcado para SMS"),
    "TELEFONE_INVALIDO": ("telefone_invalido", "Telefone marcado não é um celular válido"),
    "EMAIL_DESLIGADO": ("email_desligado", "Cliente não recebe por e-mail"),
    "SEM_EMAIL": ("sem_email", "Cliente sem e-mail"),
    "SEM_JANELA": (SEM_JANELA, "Sem janela de contato até o prazo"),
    "SEM_SAIDA": (SEM_SAIDA, "Origem sem remetente ou gateway"),
    "JA_ANUNCIADA": (JA_ANUNCIADA, "Já há mensagem de outra execução"),
}
COLUNA = {Canal.SMS: "sms", Canal.EMAIL: "email"}
# The chave of a candidate: one message for each version of an object and channel.
CHAVE = "%(origem)s || ':' || c.objeto_id || ':' || c.versao || ':' || %(canal)s"
# An equality, which a hash join can use, where there may be no localidade.
SEM_NULO = "coalesce({}.localidade_id, 0)"


@dataclass(frozen=True)
class Saida:
    """How a channel of this generation leaves: its text and the maximum of attempts of each message."""

    texto: VersaoTexto
    tentativas: int


def saidas(origem: str, textos: Mapping[Canal, VersaoTexto], tentativas_email: int) -> dict[Canal, Saida]:
    """The channels that have a text, which is stored; an SMS has the maximum of its gateway."""
    envio = OrigemEnvio.objects.select_related("gateway").filter(pk=origem).first()
    do_gateway = envio.gateway.tentativas_maximas if envio and envio.gateway else 1
    return {
        canal: Saida(
            VersaoTexto.objects.da(canal, texto.corpo, assunto=texto.assunto, transliterar=texto.transliterar),
            do_gateway if canal == Canal.SMS else tentativas_email,
        )
        for canal, texto in textos.items()
    }


def criar_candidatas() -> None:
    """Make the table, empty, for this transaction.

    `motivo` leaves the whole object out; `motivo_sms` and `motivo_email` leave out that channel; NULL lets it through.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SET LOCAL work_mem = '64MB';
            DROP TABLE IF EXISTS candidata;
            CREATE TEMPORARY TABLE candidata (
                objeto_id bigint NOT NULL,
                cliente_id bigint,
                localidade_id integer,
                versao text NOT NULL,
                prioridade smallint NOT NULL,
                enviar_apos timestamptz NOT NULL,
                expira_em timestamptz NOT NULL,
                motivo text,
                motivo_sms text,
                destino_sms text,
                motivo_email text,
                destino_email text
            ) ON COMMIT DROP
            """
        )


def esvaziar_candidatas() -> None:
    """Empty the table, where a new one cannot be made."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM candidata")


def deixar_sem_janela(origem: str, agora: datetime) -> None:
    """Leave out the channel of each candidate whose window of contact opens only past its limit."""
    dele = calendario.ler(agora)
    with connection.cursor() as cursor:
        for canal, coluna in COLUNA.items():
            if dele.porta(canal, origem, None) is not None:
                _deixar_sem_janela(cursor, dele, canal, origem, coluna, agora)


def _deixar_sem_janela(cursor, dele: Calendario, canal: Canal, origem: str, coluna: str, agora: datetime) -> None:
    """Candidates of one localidade nearly always leave at one moment, so there are few openings to find."""
    cursor.execute(
        f"SELECT DISTINCT localidade_id, enviar_apos FROM candidata WHERE motivo IS NULL AND motivo_{coluna} IS NULL"
    )
    celulas = cursor.fetchall()
    abrem = [dele.proxima_abertura(canal, origem, lugar, max(quando, agora)) for lugar, quando in celulas]
    cursor.execute(
        f"""
        UPDATE candidata c SET motivo_{coluna} = '{SEM_JANELA}'
        FROM unnest(%s::integer[], %s::timestamptz[], %s::timestamptz[]) AS o (localidade_id, enviar_apos, abre)
        WHERE c.motivo IS NULL AND c.motivo_{coluna} IS NULL AND c.enviar_apos = o.enviar_apos
            AND {SEM_NULO.format("c")} = {SEM_NULO.format("o")} AND (o.abre IS NULL OR o.abre >= c.expira_em)
        """,
        [[lugar for lugar, _ in celulas], [quando for _, quando in celulas], abrem],
    )


def enfileirar(
    *,
    execucao: UUID,
    origem: str,
    unidade: int,
    saidas: Mapping[Canal, Saida],
    agora: datetime,
    acao: str = "",
    remetente: int | None = None,
    isencao: str = "",
) -> Counter:
    """Queue the candidates and store who is left out; return the counts by channel and `nao_geradas`.

    One message for each chave: a repeated one is refreshed while it is pending and otherwise left as it is. The e-mails
    leave by `remetente`, the one of the origin unless another is given. With an Isencao they wait for no window.
    """
    envio = OrigemEnvio.objects.filter(pk=origem).first()
    contagem = Counter(sms=0, email=0, nao_geradas=0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE candidata (motivo, motivo_sms, motivo_email)")
        aptas, ha_anteriores = _contar(cursor, origem)
        contagem["nao_geradas"] += _deixar_de_fora(cursor, execucao, origem, unidade, None, "motivo", "true")
        for canal, saida in saidas.items():
            coluna = COLUNA[canal]
            contagem["nao_geradas"] += _deixar_de_fora(
                cursor, execucao, origem, unidade, canal, f"motivo_{coluna}", "motivo IS NULL"
            )
            por_onde = _por_onde(canal, envio, remetente)
            if por_onde is None:
                contagem["nao_geradas"] += _deixar_de_fora(
                    cursor,
                    execucao,
                    origem,
                    unidade,
                    canal,
                    f"'{SEM_SAIDA}'",
                    f"motivo IS NULL AND motivo_{coluna} IS NULL",
                )
                continue
            if ha_anteriores:
                _renovar(cursor, origem, canal, coluna, saida, por_onde)
            _abrir_lotes(cursor, execucao, origem, unidade, canal, acao, isencao, coluna, agora)
            novas = _inserir(cursor, execucao, origem, unidade, canal, acao, coluna, saida, por_onde, agora)
            contagem[coluna] += novas
            if novas < aptas[canal]:
                contagem["nao_geradas"] += _ja_anunciadas(cursor, execucao, origem, unidade, canal, coluna)
    return contagem


def _por_onde(canal: Canal, envio: OrigemEnvio | None, remetente: int | None) -> int | None:
    if canal == Canal.EMAIL and remetente is not None:
        return remetente
    return envio and (envio.gateway_id if canal == Canal.SMS else envio.remetente_id)


def limpar_nao_geradas(execucao: UUID, origem: str, unidade: int) -> None:
    """Forget what an earlier, unfinished run of the same unit stored."""
    NaoGerada.objects.filter(execucao=execucao, origem=origem, unidade=unidade).delete()


def faltou_saida(execucao: UUID, origem: str, unidade: int) -> bool:
    """Whether somebody was left out only because the origin has no remetente or gateway."""
    return NaoGerada.objects.filter(execucao=execucao, origem=origem, unidade=unidade, motivo=SEM_SAIDA).exists()


def _contar(cursor, origem: str) -> tuple[dict[Canal, int], bool]:
    """How many candidates each channel has, and whether any object of theirs already has a message."""
    # LIMIT keeps it a look in the index for each: by the statistics of a table that is being filled, the planner would
    # rather read all the messages of the origin.
    cursor.execute(
        """
        SELECT count(*) FILTER (WHERE motivo_sms IS NULL), count(*) FILTER (WHERE motivo_email IS NULL), EXISTS (
            SELECT FROM candidata c
            CROSS JOIN LATERAL (
                SELECT FROM mensageria_mensagem m WHERE m.origem = %s AND m.objeto_id = c.objeto_id LIMIT 1
            ) anterior
            WHERE c.motivo IS NULL
        )
        FROM candidata WHERE motivo IS NULL
        """,
        [origem],
    )
    sms, email, ha_anteriores = cursor.fetchone()
    return {Canal.SMS: sms, Canal.EMAIL: email}, ha_anteriores


def _deixar_de_fora(cursor, execucao, origem, unidade, canal, motivo: str, condicao: str) -> int:
    cursor.execute(
        f"""
        INSERT INTO mensageria_naogerada (execucao, origem, unidade, objeto_id, canal, localidade_id, motivo)
        SELECT %s, %s, %s, objeto_id, %s, localidade_id, {motivo}
        FROM candidata WHERE {motivo} IS NOT NULL AND {condicao}
        """,
        [execucao, origem, unidade, canal],
    )
    return cursor.rowcount


def _abrir_lotes(cursor, execucao, origem, unidade, canal, acao, isencao, coluna, agora) -> None:
    cursor.execute(
        f"""
        INSERT INTO mensageria_lote (execucao, origem, unidade, canal, localidade_id, acao, isencao, criado_em)
        SELECT DISTINCT %s::uuid, %s, %s::bigint, %s::smallint, localidade_id, %s, %s, %s::timestamptz
        FROM candidata WHERE motivo IS NULL AND motivo_{coluna} IS NULL
        ORDER BY localidade_id
        ON CONFLICT DO NOTHING
        """,
        [execucao, origem, unidade, canal, acao, isencao, agora],
    )


def _por_onde_sai(canal, por_onde: int) -> dict[str, int | None]:
    return {
        "remetente": por_onde if canal == Canal.EMAIL else None,
        "gateway": por_onde if canal == Canal.SMS else None,
    }


def _renovar(cursor, origem, canal, coluna, saida: Saida, por_onde: int) -> None:
    """Bring what is still pending up to date; no other message is even locked. There is always an attempt left."""
    cursor.execute(
        f"""
        UPDATE mensageria_mensagem m SET
            cliente_id = c.cliente_id, remetente_id = %(remetente)s, gateway_id = %(gateway)s,
            destino = c.destino_{coluna}, texto_id = %(texto)s, expira_em = c.expira_em,
            tentativas_maximas = greatest(%(tentativas)s, m.tentativas + 1)
        FROM candidata c
        WHERE c.motivo IS NULL AND c.motivo_{coluna} IS NULL AND m.chave = {CHAVE} AND m.estado = %(pendente)s AND (
            m.cliente_id, m.remetente_id, m.gateway_id, m.destino, m.texto_id, m.expira_em, m.tentativas_maximas
        ) IS DISTINCT FROM (
            c.cliente_id, %(remetente)s, %(gateway)s, c.destino_{coluna}::varchar, %(texto)s, c.expira_em,
            greatest(%(tentativas)s, m.tentativas + 1)
        )
        """,
        {
            "origem": origem,
            "canal": int(canal),
            "texto": saida.texto.pk,
            "tentativas": saida.tentativas,
            "pendente": int(Estado.PENDENTE),
            **_por_onde_sai(canal, por_onde),
        },
    )


def _inserir(cursor, execucao, origem, unidade, canal, acao, coluna, saida: Saida, por_onde: int, agora) -> int:
    cursor.execute(
        f"""
        INSERT INTO mensageria_mensagem (
            lote_id, chave, canal, origem, objeto_id, versao_objeto, cliente_id, remetente_id, gateway_id, destino,
            texto_id, enviar_apos, expira_em, prioridade, tentativas_maximas, proxima_tentativa_em, criado_em
        )
        SELECT l.id, {CHAVE}, %(canal)s, %(origem)s,
            c.objeto_id, c.versao, c.cliente_id, %(remetente)s, %(gateway)s, c.destino_{coluna},
            %(texto)s, c.enviar_apos, c.expira_em, c.prioridade, %(tentativas)s, c.enviar_apos, %(agora)s
        FROM candidata c
        JOIN mensageria_lote l ON l.execucao = %(execucao)s AND l.origem = %(origem)s AND l.canal = %(canal)s
            AND l.unidade = %(unidade)s AND l.acao = %(acao)s AND {SEM_NULO.format("l")} = {SEM_NULO.format("c")}
        WHERE c.motivo IS NULL AND c.motivo_{coluna} IS NULL
        ORDER BY c.objeto_id
        ON CONFLICT (chave) DO NOTHING
        """,
        {
            "origem": origem,
            "canal": int(canal),
            "texto": saida.texto.pk,
            "tentativas": saida.tentativas,
            "agora": agora,
            "execucao": execucao,
            "unidade": unidade,
            "acao": acao,
            **_por_onde_sai(canal, por_onde),
        },
    )
    return cursor.rowcount


def _ja_anunciadas(cursor, execucao, origem, unidade, canal, coluna) -> int:
    """Candidates whose message belongs to another run."""
    cursor.execute(
        f"""
        INSERT INTO mensageria_naogerada (execucao, origem, unidade, objeto_id, canal, localidade_id, motivo)
        SELECT %(execucao)s, %(origem)s, %(unidade)s, c.objeto_id, %(canal)s, c.localidade_id, '{JA_ANUNCIADA}'
        FROM candidata c
        JOIN mensageria_mensagem m ON m.chave = {CHAVE}
        JOIN mensageria_lote l ON l.id = m.lote_id
        WHERE c.motivo IS NULL AND c.motivo_{coluna} IS NULL AND l.execucao <> %(execucao)s
        """,
        {"execucao": execucao, "origem": origem, "unidade": unidade, "canal": int(canal)},
    )
    return cursor.rowcount
