"""The files that the bridge makes of GSAN's tables: those of the CSV import, more tolerant, and some that only it has.

What a register of twenty years has in it must not leave a customer out: a document or an address that is of no use is
left empty and reported. `l` is the line, as in `cadastro.importacao`.
"""

import re
from dataclasses import replace

from cadastro.arquivos import (
    CLIENTES as CLIENTES_CSV,
)
from cadastro.arquivos import (
    IMOVEIS,
    LOCALIDADES,
    TAMANHO_DO_EMAIL,
    VINCULOS,
    nome_composto,
    nome_de_busca,
    normalizar_email,
)
from cadastro.arquivos import (
    TELEFONES as TELEFONES_CSV,
)
from cadastro.documentos import normalizar_documento
from cadastro.importacao import (
    Arquivo,
    Coluna,
    Recusa,
    RegraDeConjunto,
    anotar,
    data,
    dinheiro,
    identificador,
    inteiro,
    matricula,
    sim_nao,
    texto,
)
from faturamento.arquivos import CONTAS, DEBITOS, GRUPOS, PAGAMENTOS
from ponte.mapa import PRIMEIRO_DAQUI

_ENTRE_EMAILS = re.compile(r"[;,/\s]+")
_NADA = "SELECT linha, '', '' FROM imp_linha WHERE false"


def documento_lido(escrito: str) -> str:
    """The CPF or CNPJ, or nothing."""
    try:
        return normalizar_documento(escrito)
    except ValueError:
        return ""


def email_lido(escrito: str) -> str:
    """The first address of those written in the field that is one, or nothing."""
    for parte in _ENTRE_EMAILS.split(escrito.strip()):
        try:
            if parte:
                return normalizar_email(parte)
        except ValueError:
            continue
    return ""


# A document is of who has it here already and keeps it, else of the first line; the others go without.
_DE_OUTRA_LINHA = """
    SELECT linha, 'documento', concat('O documento é o mesmo do cliente ', dono, ': ficou em branco.')
    FROM (SELECT l.linha, first_value(l.linha) OVER mesmos AS primeira, first_value(l.cliente) OVER mesmos AS dono
          FROM imp_linha l LEFT JOIN cadastro_cliente t ON t.id = l.cliente
          WHERE l.erro IS NULL AND l.documento_lido IS NOT NULL
          WINDOW mesmos AS (PARTITION BY l.documento_lido
                            ORDER BY (t.documento IS NOT DISTINCT FROM l.documento_lido) DESC, l.linha)) x
    WHERE linha <> primeira"""
_DE_QUEM_NAO_VEIO = """
    SELECT l.linha, 'documento', concat('O documento é o mesmo do cliente ', t.id, ': ficou em branco.')
    FROM imp_linha l JOIN cadastro_cliente t ON t.documento = l.documento_lido AND t.id <> l.cliente
    WHERE l.erro IS NULL AND NOT EXISTS (SELECT FROM imp_linha o WHERE o.cliente = t.id AND o.erro IS NULL)"""


def _em_branco(coluna: str, selecao: str) -> str:
    """A step that empties a field of the lines that `selecao` names, and says why."""
    return f"""WITH s (linha, coluna, motivo) AS ({selecao}),
        vazia AS (UPDATE imp_linha l SET {coluna} = NULL FROM s WHERE s.linha = l.linha)
        INSERT INTO imp_aviso SELECT linha, coluna, motivo FROM s"""


def _aviso(coluna: str, motivo: str, quando: str) -> str:
    return f"""INSERT INTO imp_aviso SELECT l.linha, '{coluna}', '{motivo}' FROM imp_linha l
               WHERE l.erro IS NULL AND {quando}"""


# Whoever is inserted here gets a number that GSAN never gives to somebody else.
_NUMERAR_DAQUI = f"""
    SELECT setval(sequencia, {PRIMEIRO_DAQUI - 1})
    FROM (SELECT pg_get_serial_sequence('cadastro_cliente', 'id')::regclass) AS s (sequencia)
    WHERE coalesce(pg_sequence_last_value(sequencia), 0) < {PRIMEIRO_DAQUI - 1}"""

_COMO_SE_COBRA = ("acrescimos", "acao_cobranca", "negativacao", "fatura_antecipada")

CLIENTES = replace(
    CLIENTES_CSV,
    colunas=(
        Coluna("cliente", identificador()),
        Coluna("nome", texto(100), converter=nome_composto),
        Coluna("nome_abreviado", texto(40), obrigatoria=False, padrao="''"),
        Coluna("tipo", inteiro(1, 2)),
        Coluna("documento", texto(60), obrigatoria=False),
        Coluna("email", texto(TAMANHO_DO_EMAIL), obrigatoria=False),
        *(Coluna(nome, sim_nao()) for nome in ("por_sms", "por_email", "ativo", "validado")),
        Coluna("rg", texto(13), obrigatoria=False, padrao="''"),
        *(Coluna(nome, data(), obrigatoria=False) for nome in ("rg_emissao", "nascimento")),
        Coluna("sexo", inteiro(1, 2), obrigatoria=False),
        Coluna("nome_mae", texto(100), obrigatoria=False, padrao="''"),
        Coluna("dia_vencimento", inteiro(1, 31), obrigatoria=False),
        *(Coluna(nome, sim_nao()) for nome in _COMO_SE_COBRA),
    ),
    derivadas={
        "nome_busca": ("nome", nome_de_busca),
        "documento_lido": ("documento", documento_lido),
        "email_lido": ("email", email_lido),
    },
    conjuntos=(),
    preparar=(
        _aviso(
            "documento",
            "CPF ou CNPJ inválido: ficou em branco.",
            "l.documento IS NOT NULL AND l.documento_lido IS NULL",
        ),
        _aviso("email", "E-mail inválido: ficou em branco.", "l.email IS NOT NULL AND l.email_lido IS NULL"),
        _aviso("email", "Há mais de um e-mail: ficou o primeiro.", "l.email <> l.email_lido"),
        _em_branco("documento_lido", _DE_OUTRA_LINHA),
        _em_branco("documento_lido", _DE_QUEM_NAO_VEIO),
        # Documents may change hands: they are let go of before the update, which goes row by row.
        """UPDATE cadastro_cliente t SET documento = NULL, alterado_em = statement_timestamp() FROM imp_linha l
           WHERE l.erro IS NULL AND t.id = l.cliente AND t.documento IS DISTINCT FROM l.documento_lido
           AND EXISTS (SELECT FROM imp_linha o WHERE o.erro IS NULL AND o.documento_lido = t.documento)""",
    ),
    alvo=replace(
        CLIENTES_CSV.alvo,
        campos={
            "nome": "l.nome",
            "nome_busca": "coalesce(l.nome_busca, '')",
            "documento": "l.documento_lido",
            "email": "coalesce(l.email_lido, '')",
            "por_sms": "l.por_sms",
            "por_email": "l.por_email",
            "ativo": "l.ativo",
            "nome_abreviado": "l.nome_abreviado",
            "tipo": "CASE length(l.documento_lido) WHEN 11 THEN 1 WHEN 14 THEN 2 ELSE l.tipo END",
            "documento_validado": "l.validado AND l.documento_lido IS NOT NULL",
            **{nome: f"l.{nome}" for nome in ("rg", "rg_emissao", "nascimento", "sexo", "nome_mae", "dia_vencimento")},
            **{nome: f"l.{nome}" for nome in _COMO_SE_COBRA},
        },
        ao_criar={"alterado_em": "statement_timestamp()"},
        ao_alterar={"alterado_em": "statement_timestamp()"},
        sequencia="",
    ),
    concluir=(_NUMERAR_DAQUI,),
)

# Marked for SMS, but no mobile: it is kept as a phone.
_SEM_SMS = """WITH s AS (
        UPDATE imp_linha l SET sms = false
        WHERE l.erro IS NULL AND l.sms AND (l.tipo <> 3 OR l.numero !~ '^9[0-9]{8}$') RETURNING l.linha)
    INSERT INTO imp_aviso SELECT linha, 'sms', 'Não é celular de 9 dígitos: ficou sem a marca de SMS.' FROM s"""

TELEFONES = replace(
    TELEFONES_CSV,
    recusas=TELEFONES_CSV.recusas[:1],  # the customer exists
    conjuntos=(RegraDeConjunto(antes=_SEM_SMS, recusar=_NADA, desistir=_NADA), *TELEFONES_CSV.conjuntos),
)

# A payment of what is not here is of no interest, since what was closed at the source is not read.
_SO_DO_VALOR = tuple(
    recusa for recusa in PAGAMENTOS.recusas if "não existe" not in recusa.motivo and "um dos dois" not in recusa.motivo
)
PAGAMENTOS_CONTAS = replace(
    PAGAMENTOS,
    nome="pagamentos",
    colunas=(
        Coluna("conta", identificador(), obrigatoria=False),
        Coluna("debito", identificador(), obrigatoria=False),
        Coluna("pago_em", data()),
        Coluna("valor", dinheiro()),
    ),
    recusas=_SO_DO_VALOR,
)

CONTAS_ENCERRADAS = Arquivo(
    nome="contas_encerradas",
    colunas=(
        Coluna("conta", identificador()),
        Coluna("situacao", inteiro(0, 10)),
        Coluna("encerrada_em", data()),
    ),
    chave=("l.conta",),
    concluir=(
        # Closed in force without a payment of its own: nobody owes it any more.
        anotar("""UPDATE faturamento_conta t SET situacao = l.situacao,
                      pago_em = CASE WHEN l.situacao IN (0, 1, 2) THEN coalesce(t.pago_em, l.encerrada_em)
                                ELSE t.pago_em END
                  FROM imp_linha l WHERE l.erro IS NULL AND t.id = l.conta
                  AND (t.situacao <> l.situacao OR (l.situacao IN (0, 1, 2) AND t.pago_em IS NULL))
                  RETURNING l.linha"""),
    ),
    tabelas=("faturamento_conta",),
)

DEBITOS_ENCERRADOS = Arquivo(
    nome="debitos_encerrados",
    colunas=(Coluna("debito", identificador()),),
    chave=("l.debito",),
    concluir=(
        anotar("""UPDATE faturamento_debitoacobrar t SET cancelado = true FROM imp_linha l
                  WHERE l.erro IS NULL AND t.id = l.debito AND t.pago_em IS NULL AND NOT t.cancelado
                  RETURNING l.linha"""),
    ),
    tabelas=("faturamento_debitoacobrar",),
)

_DOCUMENTO_DAQUI = """JOIN ponte_documentodogsan g ON g.id = l.documento
                      JOIN cobranca_cobrancadocumento t ON t.id = g.documento_id"""

DOCUMENTOS = Arquivo(
    nome="documentos",
    colunas=(
        Coluna("documento", inteiro(1, 999_999_999)),
        Coluna("comando", identificador()),
        Coluna("sequencial", inteiro(1, 999_999_999)),
        Coluna("matricula", matricula()),
        Coluna("tipo", inteiro(1, 99)),
        Coluna("emissao", data()),
        Coluna("validade", data()),
        Coluna("valor", dinheiro(positivo=True)),
    ),
    chave=("l.comando", "l.matricula"),
    juncoes="""LEFT JOIN cadastro_imovel i ON i.matricula = l.matricula
               LEFT JOIN ponte_comandodogsan k ON k.id = l.comando
               LEFT JOIN ponte_documentodogsan g ON g.id = l.documento
               LEFT JOIN cobranca_cobrancadocumento outro
                    ON outro.comando_id = k.comando_id AND outro.imovel_id = l.matricula""",
    extras={
        "daqui": "g.documento_id",
        "comando_daqui": "k.comando_id",
        "imovel_localidade": "i.localidade_id",
    },
    recusas=(
        Recusa("matricula", "i.matricula IS NULL", "Imóvel {l.matricula} não existe."),
        Recusa("comando", "k.id IS NULL", "O comando {l.comando} não existe ou não tem ação."),
        Recusa("validade", "l.validade < l.emissao", "A validade não pode ser anterior à emissão."),
        Recusa(
            "matricula",
            "outro.id IS NOT NULL AND outro.id IS DISTINCT FROM g.documento_id",
            "O comando {l.comando} já tem um documento do imóvel {l.matricula}.",
        ),
    ),
    concluir=(
        anotar("""UPDATE cobranca_cobrancadocumento t SET sequencial = l.sequencial, tipo_documento = l.tipo,
                      emissao = l.emissao, validade = l.validade, valor = l.valor
                  FROM imp_linha l WHERE l.erro IS NULL AND t.id = l.daqui
                  AND ROW(t.sequencial, t.tipo_documento, t.emissao, t.validade, t.valor)
                      IS DISTINCT FROM ROW(l.sequencial, l.tipo, l.emissao, l.validade, l.valor)
                  RETURNING l.linha"""),
        """INSERT INTO cobranca_cobrancadocumento
               (comando_id, imovel_id, localidade_id, tipo_documento, emissao, validade, valor, cancelado, sequencial)
           SELECT l.comando_daqui, l.matricula, l.imovel_localidade, l.tipo, l.emissao, l.validade, l.valor, false,
               l.sequencial
           FROM imp_linha l WHERE l.erro IS NULL AND l.daqui IS NULL ORDER BY l.linha""",
        """WITH feito AS (
               INSERT INTO ponte_documentodogsan (id, documento_id)
               SELECT l.documento, t.id FROM imp_linha l
               JOIN cobranca_cobrancadocumento t ON t.comando_id = l.comando_daqui AND t.imovel_id = l.matricula
               WHERE l.erro IS NULL AND l.daqui IS NULL RETURNING id)
           INSERT INTO imp_tocada SELECT l.linha, true FROM imp_linha l JOIN feito ON feito.id = l.documento""",
        # A comando that was announced has something new to tell; what it told already is not told again.
        """UPDATE cobranca_comandoacao t SET anunciado_em = NULL, documentos_gerados = t.documentos_gerados + n.quantos
           FROM (SELECT comando_daqui, count(*) AS quantos FROM imp_linha WHERE erro IS NULL AND daqui IS NULL
                 GROUP BY comando_daqui) n
           WHERE t.id = n.comando_daqui""",
    ),
    tabelas=("cobranca_cobrancadocumento", "ponte_documentodogsan"),
)

# An item of what was closed before it could come is not missed: it is not owed. Of what was refused it waits.
DOCUMENTOS_ITENS = Arquivo(
    nome="documentos_itens",
    colunas=(
        Coluna("documento", identificador()),
        Coluna("conta", identificador(), obrigatoria=False),
        Coluna("debito", identificador(), obrigatoria=False),
        Coluna("valor", dinheiro()),
    ),
    chave=("l.documento", "coalesce(l.conta, 0)", "coalesce(l.debito, 0)"),
    juncoes="""LEFT JOIN ponte_documentodogsan g ON g.id = l.documento
               LEFT JOIN faturamento_conta c ON c.id = l.conta
               LEFT JOIN faturamento_debitoacobrar d ON d.id = l.debito
               LEFT JOIN ponte_recusada rc ON rc.leitura = 'contas' AND rc.chave = l.conta
               LEFT JOIN ponte_recusada rd ON rd.leitura = 'debitos' AND rd.chave = l.debito""",
    extras={"daqui": "g.documento_id", "vem": "g.id IS NOT NULL AND (c.id IS NOT NULL OR d.id IS NOT NULL)"},
    recusas=(
        Recusa("conta", "num_nonnulls(l.conta, l.debito) <> 1", "O item é de uma conta e de um débito."),
        Recusa("conta", "c.id IS NULL AND rc.id IS NOT NULL", "A conta {l.conta} foi recusada."),
        Recusa("debito", "d.id IS NULL AND rd.id IS NOT NULL", "O débito {l.debito} foi recusado."),
    ),
    concluir=(
        anotar("""UPDATE cobranca_cobrancadocumentoitem t SET valor = l.valor FROM imp_linha l
                  WHERE l.erro IS NULL AND l.vem AND t.documento_id = l.daqui AND t.valor <> l.valor
                  AND t.conta_id IS NOT DISTINCT FROM l.conta AND t.debito_id IS NOT DISTINCT FROM l.debito
                  RETURNING l.linha"""),
        """WITH feito AS (
               INSERT INTO cobranca_cobrancadocumentoitem (documento_id, conta_id, debito_id, valor)
               SELECT l.daqui, l.conta, l.debito, l.valor FROM imp_linha l WHERE l.erro IS NULL AND l.vem
               ON CONFLICT (documento_id, conta_id, debito_id) DO NOTHING RETURNING documento_id, conta_id, debito_id)
           INSERT INTO imp_tocada SELECT l.linha, true FROM imp_linha l JOIN feito ON feito.documento_id = l.daqui
               AND feito.conta_id IS NOT DISTINCT FROM l.conta AND feito.debito_id IS NOT DISTINCT FROM l.debito""",
    ),
    tabelas=("cobranca_cobrancadocumentoitem",),
)

# A payment by the document's own bar code; its contas were paid each by a payment of its own.
PAGAMENTOS_DOCUMENTOS = Arquivo(
    nome="pagamentos_documentos",
    colunas=(Coluna("documento", identificador()), Coluna("pago_em", data()), Coluna("valor", dinheiro())),
    chave=("l.documento",),
    concluir=(
        anotar(f"""UPDATE cobranca_cobrancadocumento d SET pago_em = l.pago_em FROM imp_linha l {_DOCUMENTO_DAQUI}
                   WHERE l.erro IS NULL AND d.id = t.id AND t.pago_em IS NULL AND NOT t.cancelado
                   RETURNING l.linha"""),
    ),
    tabelas=("cobranca_cobrancadocumento",),
)

ARQUIVOS: dict[str, Arquivo] = {
    "localidades": LOCALIDADES,
    "grupos": GRUPOS,
    "imoveis": IMOVEIS,
    "clientes": CLIENTES,
    "telefones": TELEFONES,
    "vinculos": VINCULOS,
    "contas": CONTAS,
    "debitos": DEBITOS,
    "pagamentos": PAGAMENTOS_CONTAS,
    "pagamentos_debitos": replace(PAGAMENTOS_CONTAS, nome="pagamentos_debitos"),
    "contas_encerradas": CONTAS_ENCERRADAS,
    "debitos_encerrados": DEBITOS_ENCERRADOS,
    "documentos": DOCUMENTOS,
    "documentos_itens": DOCUMENTOS_ITENS,
    "pagamentos_documentos": PAGAMENTOS_DOCUMENTOS,
}
