"""The base of the pages: one with the messages of a run, most of them sent, and all else that the lists show."""

from django.contrib.auth.models import Group, User
from django.db import connection, transaction

from bench import base
from bench.gerar_mensagens import gerar
from cadastro.usuarios import GRUPO_ADMINISTRADOR
from exemplo import amostra

OPERADOR, ADMINISTRADOR = "supervisor", GRUPO_ADMINISTRADOR  # who sees every page of the operators
# In each thousand messages: sent, failed, cancelled, uncertain; the rest wait, until HORIZONTE.
ENVIADAS, FALHAS, CANCELADAS, INCERTAS = 880, 50, 20, 2
HORIZONTE = "2100-01-01"
PROCESSOS, ALERTAS, PAUSADOS = 2000, 60, 20
CAMPANHAS, CPFS = 1000, 100_000  # the newest campaign has them all; one boleto in ten has a line that is not right


def pronta(imoveis: int, *, refazer: bool = False) -> str:
    modelo = base.pronta(imoveis, refazer=refazer)
    return base.guardada(f"paginas_{imoveis}", _encher, fonte=__file__, modelo=modelo, refazer=refazer)


def _encher() -> None:
    amostra.comandar_acoes(hoje=base.HOJE, agora=base.agora())
    _executar(ANTIGOS)
    gerar()  # the newest of the processes
    _executar(DAS_CAMPANHAS)
    _executar(DA_AUDITORIA)
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
        "campanhas": CAMPANHAS,
        "cpfs": CPFS,
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
DAS_CAMPANHAS = (
    """
    INSERT INTO preventivo_campanha (
        execucao, operacao_id, tipo_id, envia_em, situacao, motivo, teste_para, nome_do_arquivo, resumo, tamanho, lidos,
        linhas, registros, enderecos, recusadas, duplicados, acordos, criado_em
    )
    SELECT gen_random_uuid(), t.operacao_id, t.id, t.envia_em, 8, '', '', 'clientes.csv', md5(n::text), 1, 1,
        cpfs, cpfs, cpfs, cpfs / 100, 0, cpfs, t.envia_em
    FROM generate_series(1, %(campanhas)s) n
    CROSS JOIN LATERAL (
        SELECT id, operacao_id, %(agora)s::timestamptz - n * interval '1 hour' AS envia_em
        FROM preventivo_tipocampanha ORDER BY (id + n) %% 5, id LIMIT 1
    ) t
    CROSS JOIN LATERAL (SELECT CASE n WHEN 1 THEN %(cpfs)s ELSE 0 END AS cpfs) quantos
    """,
    """
    INSERT INTO preventivo_linharecusada (campanha_id, linha, coluna, motivo, conteudo)
    SELECT c.id, n, 'cpf', 'Número do CPF inválido.', '123'
    FROM preventivo_campanha c, generate_series(1, c.recusadas) n
    """,
    """
    INSERT INTO preventivo_registro (campanha_id, linha, cpf, emails, coletado_em, tentativas, erro)
    SELECT c.id, n, lpad(n::text, 11, '0'), ARRAY['cliente.' || n || '@example.com'], c.envia_em, 0, ''
    FROM preventivo_campanha c, generate_series(1, c.registros) n
    """,
    """
    INSERT INTO preventivo_acordo (registro_id, numero, descricao) SELECT id, 'AC' || linha, '' FROM preventivo_registro
    """,
    """
    INSERT INTO preventivo_boleto (
        campanha_id, acordo_id, numero, valor, vencimento, situacao, linha, codigo, problema, beneficiario,
        documento_beneficiario, pix, conferido_em
    )
    SELECT c.id, a.id, 'B' || a.id, 100, c.envia_em::date, 1, repeat('0', 47), repeat('0', 44), '', '', '', '',
        c.envia_em
    FROM preventivo_acordo a
    JOIN preventivo_registro r ON r.id = a.registro_id
    JOIN preventivo_campanha c ON c.id = r.campanha_id
    """,
    """
    INSERT INTO preventivo_aviso (campanha_id, boleto_id, email, situacao)
    SELECT b.campanha_id, b.id, r.emails[1], CASE b.id %% 10 WHEN 0 THEN 'linha_invalida' ELSE 'na_fila' END
    FROM preventivo_boleto b
    JOIN preventivo_acordo a ON a.id = b.acordo_id
    JOIN preventivo_registro r ON r.id = a.registro_id
    """,
    """
    INSERT INTO mensageria_lote (execucao, origem, canal, acao, criado_em)
    SELECT execucao, 'preventivo', 2, 'CLARO FASE 1', criado_em FROM preventivo_campanha WHERE registros > 0
    """,
    """
    INSERT INTO mensageria_mensagem (
        lote_id, chave, canal, origem, objeto_id, versao_objeto, remetente_id, destino, texto_id, enviar_apos,
        expira_em, prioridade, tentativas_maximas, proxima_tentativa_em, criado_em
    )
    SELECT l.id, 'preventivo:' || a.id || '::2', 2, 'preventivo', a.id, '',
        (SELECT min(id) FROM mensageria_remetente), a.email,
        (SELECT min(id) FROM mensageria_versaotexto WHERE canal = 2),
        c.envia_em, c.envia_em + interval '1 day', 0, 3, c.envia_em, c.envia_em
    FROM preventivo_aviso a
    JOIN preventivo_campanha c ON c.id = a.campanha_id
    JOIN mensageria_lote l ON l.execucao = c.execucao
    WHERE a.situacao = 'na_fila'
    """,
)
DA_AUDITORIA = (
    """
    INSERT INTO telas_entradaauditoria (
        momento, transacao, quem, via, modelo, acao, quantas, objetos, nome, detalhes, mensagem
    )
    SELECT %(agora)s::timestamptz - c.id * interval '10 seconds', c.id, 'operador.' || c.id %% 100, 'tela',
        'cadastro.cliente', 1 + c.id %% 3, 1, ARRAY['cadastro.cliente:' || c.id], c.nome,
        jsonb_build_object('linhas', '[]'::jsonb), ''
    FROM cadastro_cliente c
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
