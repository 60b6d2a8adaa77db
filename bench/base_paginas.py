"""The base of the pages: one with the messages of a run, most of them sent, and all else that the lists show."""

from django.contrib.auth.models import Group, User
from django.db import connection, transaction

from bench import base
from bench.gerar_mensagens import gerar
from config.grupos import GRUPO_ADMINISTRADOR
from exemplo import amostra

OPERADOR, ADMINISTRADOR = "operador", GRUPO_ADMINISTRADOR
# In each thousand messages: sent, failed, cancelled, uncertain; the rest wait, until HORIZONTE.
ENVIADAS, FALHAS, CANCELADAS, INCERTAS = 880, 50, 20, 2
HORIZONTE = "2100-01-01"
PROCESSOS, ALERTAS, PAUSADOS = 2000, 60, 20


def pronta(imoveis: int, *, refazer: bool = False) -> str:
    modelo = base.pronta(imoveis, refazer=refazer)
    return base.guardada(f"paginas_{imoveis}", _encher, fonte=__file__, modelo=modelo, refazer=refazer)


def _encher() -> None:
    amostra.comandar_acoes(hoje=base.HOJE, agora=base.agora())
    _executar(ANTIGOS)
    gerar()  # the newest of the processes
    _executar(ENVIO)
    for nome in (OPERADOR, ADMINISTRADOR):
        pessoa = User.objects.create_user(nome, is_staff=True)
        pessoa.groups.add(Group.objects.get(name=nome))


def _executar(comandos: tuple[str, ...]) -> None:
    parametros = {
        "enviadas": ENVIADAS,
        "falhas": ENVIADAS + FALHAS,
        "canceladas": ENVIADAS + FALHAS + CANCELADAS,
        "incertas": ENVIADAS + FALHAS + CANCELADAS + INCERTAS,
        "agora": base.agora(),
        "horizonte": HORIZONTE,
        "processos": PROCESSOS,
        "alertas": ALERTAS,
        "pausados": PAUSADOS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        for comando in comandos:
            cursor.execute(comando, parametros)


ANTIGOS = (
    """
    INSERT INTO batch_processoiniciado (
        processo_id, situacao, agendado_para, comandado_em, iniciado_em, concluido_em, complemento, execucao
    )
    SELECT 336, 2, t, t, t, t + interval '1 hour', '', gen_random_uuid()
    FROM generate_series(1, %(processos)s) n
    CROSS JOIN LATERAL (SELECT %(agora)s::timestamptz - n * interval '1 day' AS t) dia
    """,
    """
    INSERT INTO faturamento_debitoacobrar (imovel_id, descricao, referencia, valor, cancelado)
    SELECT matricula, 'RELIGAÇÃO', 202605, 50, false FROM cadastro_imovel WHERE matricula %% 10 = 1
    """,
)
# The trigger would want each change of state on its own; the counts are made anew at the end.
ENVIO = (
    "ALTER TABLE mensageria_mensagem DISABLE TRIGGER USER",
    """
    UPDATE mensageria_mensagem m SET
        estado = s.estado, tentativas = (s.estado IN (3, 5, 7))::integer,
        motivo = CASE s.estado WHEN 5 THEN 'mailbox full' WHEN 6 THEN 'paga' ELSE '' END,
        servico_id = CASE WHEN m.canal = 2 AND s.estado IN (3, 5, 7) THEN 2 END,
        id_externo = CASE WHEN s.estado = 3 THEN 'externo-' || m.id ELSE '' END,
        enviada_em = CASE WHEN s.estado = 3 THEN m.criado_em + m.id % 3600 * interval '1 second' END,
        expira_em = CASE WHEN s.estado = 1 THEN %(horizonte)s ELSE m.expira_em END
    FROM (
        SELECT id, CASE
            WHEN id % 1000 < %(enviadas)s THEN 3 WHEN id % 1000 < %(falhas)s THEN 5
            WHEN id % 1000 < %(canceladas)s THEN 6 WHEN id % 1000 < %(incertas)s THEN 7 ELSE 1
        END AS estado
        FROM mensageria_mensagem
    ) s
    WHERE s.id = m.id
    """.replace("id % ", "id %% "),
    "SET CONSTRAINTS ALL IMMEDIATE",  # a table with checks to come is not altered
    "ALTER TABLE mensageria_mensagem ENABLE TRIGGER USER",
    "DELETE FROM mensageria_lotecontagem",
    """
    INSERT INTO mensageria_lotecontagem (lote_id, estado, quantidade)
    SELECT lote_id, estado, count(*) FROM mensageria_mensagem GROUP BY 1, 2
    """,
    """
    INSERT INTO mensageria_tentativaenvio (
        mensagem_id, numero, servico, destino, momento, reserva, duracao_ms, classe, codigo, resposta, resumo,
        pedido_motivo
    )
    SELECT id, 1, CASE canal WHEN 2 THEN 'SERVICO_2' ELSE 'SIMULADOR' END, destino, criado_em, 1 + id / 100, 20,
        CASE estado WHEN 3 THEN 'aceita' WHEN 5 THEN 'caixa_cheia' ELSE 'incerta' END,
        CASE estado WHEN 3 THEN '250' WHEN 5 THEN '552' ELSE '' END, 'resposta do servidor', repeat('0', 64), ''
    FROM mensageria_mensagem WHERE estado IN (3, 5, 7) ORDER BY id
    """,
    """
    INSERT INTO mensageria_reserva (
        servico_email_id, vaga, maquina, diario, sessao, ordem, criada_em, ate, encerrada_em, perdida
    )
    SELECT 2, 1, gen_random_uuid(), 'd-' || n, '1', ARRAY(SELECT generate_series(100 * n, 100 * n + 99)),
        %(agora)s, %(agora)s, %(agora)s, false
    FROM generate_series(1, (SELECT max(reserva) FROM mensageria_tentativaenvio)) n
    """,
    """
    UPDATE mensageria_lote SET pausado_em = %(agora)s, motivo_pausa = 'recusas'
    WHERE id IN (SELECT id FROM mensageria_lote ORDER BY id LIMIT %(pausados)s)
    """,
    """
    INSERT INTO mensageria_alerta (
        tipo, chave, assunto, titulo, texto, caminho, tambem_para, criado_em, enviado_por, tentativas, erro
    )
    SELECT 'pausa', 'bench:' || n, 'Envio pausado', 'Envio pausado', 'O lote **' || n || '** foi pausado.', '', '',
        %(agora)s, '', 0, ''
    FROM generate_series(1, %(alertas)s) n
    """,
)
