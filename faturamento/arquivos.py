"""The files of faturamento: groups, contas with their frozen usuário, débitos and the payments of both."""

from cadastro.importacao import (
    Alvo,
    Arquivo,
    Coluna,
    Recusa,
    anotar,
    data,
    dinheiro,
    identificador,
    inteiro,
    matricula,
    referencia,
    registrar,
    sim_nao,
    texto,
)
from faturamento.models import Conta

MAIOR_VALOR = "999999999.99"
_EM_VIGOR = ", ".join(str(int(situacao)) for situacao in Conta.SITUACOES_EM_VIGOR)
_NOME_DA_SITUACAO = "CASE {} {} END".format(
    "{}", " ".join(f"WHEN {situacao.value} THEN '{situacao.label}'" for situacao in Conta.Situacao)
)


def em_reais(valor: str) -> str:
    """SQL that shows an amount as 1234,56."""
    return f"replace(({valor})::numeric(13, 2)::text, '.', ',')"


GRUPOS = Arquivo(
    nome="grupos",
    colunas=(
        Coluna("codigo", inteiro(1, 32767)),
        Coluna("descricao", texto(25)),
        Coluna("abreviatura", texto(3), obrigatoria=False, padrao="''"),
        Coluna("referencia", referencia()),
        Coluna("dia_vencimento", inteiro(1, 31), obrigatoria=False, padrao="10"),
    ),
    chave=("l.codigo",),
    alvo=Alvo(
        tabela="faturamento_faturamentogrupo",
        chave={"id": "l.codigo"},
        campos={
            "descricao": "l.descricao",
            "abreviatura": "l.abreviatura",
            "referencia": "l.referencia",
            "dia_vencimento": "l.dia_vencimento",
        },
    ),
)

_PARCELAS = ("agua", "esgoto", "debitos", "creditos", "impostos")
_TOTAL = "(l.agua + l.esgoto + l.debitos - l.creditos - l.impostos)"
_USUARIO_INFORMADO = "l.erro IS NULL AND l.existente AND l.usuario IS NOT NULL"

CONTAS = Arquivo(
    nome="contas",
    colunas=(
        Coluna("conta", identificador()),
        Coluna("matricula", matricula()),
        Coluna("referencia", referencia()),
        Coluna("grupo", inteiro(1, 32767)),
        Coluna("emissao", data()),
        Coluna("vencimento", data()),
        *(Coluna(parcela, dinheiro(), obrigatoria=False, padrao="0") for parcela in _PARCELAS),
        Coluna("situacao", inteiro(0, 10), obrigatoria=False, padrao="0"),
        Coluna("usuario", identificador(), obrigatoria=False),
    ),
    chave=("l.conta",),
    juncoes="""LEFT JOIN cadastro_imovel i ON i.matricula = l.matricula
               LEFT JOIN faturamento_faturamentogrupo g ON g.id = l.grupo
               LEFT JOIN cadastro_cliente c ON c.id = l.usuario
               LEFT JOIN cadastro_clienteimovel v ON v.imovel_id = l.matricula AND v.relacao = 2
                    AND daterange(v.inicio, v.fim) @> l.emissao""",
    extras={
        "imovel_localidade": "i.localidade_id",
        "imovel_perfil": "i.perfil_id",
        "cliente": "coalesce(l.usuario, v.cliente_id)",
    },
    recusas=(
        Recusa("matricula", "i.matricula IS NULL", "Imóvel {l.matricula} não existe."),
        Recusa("matricula", "t.imovel_id <> l.matricula", "A conta {l.conta} é do imóvel {t.imovel_id}."),
        Recusa("grupo", "g.id IS NULL", "Grupo de faturamento {l.grupo} não existe."),
        Recusa("usuario", "l.usuario IS NOT NULL AND c.id IS NULL", "Cliente {l.usuario} não existe."),
        Recusa(
            "creditos",
            f"{_TOTAL} < 0",
            f"O valor total da conta seria negativo: {{{em_reais(_TOTAL)}}}.",
        ),
        Recusa("agua", f"{_TOTAL} > {MAIOR_VALOR}", "O valor total da conta passa de 999.999.999,99."),
    ),
    alvo=Alvo(
        tabela="faturamento_conta",
        chave={"id": "l.conta"},
        campos={
            "referencia": "l.referencia",
            "grupo_id": "l.grupo",
            "emissao": "l.emissao",
            "vencimento": "l.vencimento",
            **{f"valor_{parcela}": f"l.{parcela}" for parcela in _PARCELAS},
            "situacao": "l.situacao",
        },
        ao_criar={
            "imovel_id": "l.matricula",
            "localidade_id": "l.imovel_localidade",
            "perfil_id": "l.imovel_perfil",
        },
        sequencia="id",
    ),
    concluir=(
        """INSERT INTO faturamento_clienteconta (conta_id, cliente_id, relacao)
           SELECT l.conta, l.cliente, 2 FROM imp_linha l
           WHERE l.erro IS NULL AND NOT l.existente AND l.cliente IS NOT NULL""",
        anotar(f"""UPDATE faturamento_clienteconta cc SET cliente_id = l.usuario FROM imp_linha l
                   WHERE {_USUARIO_INFORMADO} AND cc.conta_id = l.conta AND cc.relacao = 2
                   AND cc.cliente_id <> l.usuario RETURNING l.linha"""),
        anotar(f"""INSERT INTO faturamento_clienteconta (conta_id, cliente_id, relacao)
                   SELECT l.conta, l.usuario, 2 FROM imp_linha l WHERE {_USUARIO_INFORMADO} AND NOT EXISTS
                   (SELECT FROM faturamento_clienteconta cc WHERE cc.conta_id = l.conta AND cc.relacao = 2)
                   RETURNING (SELECT l.linha FROM imp_linha l WHERE l.erro IS NULL AND l.conta = conta_id) AS linha"""),
    ),
    tabelas=("faturamento_clienteconta",),
)

DEBITOS = Arquivo(
    nome="debitos",
    colunas=(
        Coluna("debito", identificador()),
        Coluna("matricula", matricula()),
        Coluna("descricao", texto(60)),
        Coluna("referencia", referencia()),
        Coluna("valor", dinheiro(positivo=True)),
        Coluna("cancelado", sim_nao(), obrigatoria=False, padrao="false"),
    ),
    chave=("l.debito",),
    juncoes="LEFT JOIN cadastro_imovel i ON i.matricula = l.matricula",
    recusas=(
        Recusa("matricula", "i.matricula IS NULL", "Imóvel {l.matricula} não existe."),
        Recusa("matricula", "t.imovel_id <> l.matricula", "O débito {l.debito} é do imóvel {t.imovel_id}."),
    ),
    alvo=Alvo(
        tabela="faturamento_debitoacobrar",
        chave={"id": "l.debito"},
        campos={
            "descricao": "l.descricao",
            "referencia": "l.referencia",
            "valor": "l.valor",
            "cancelado": "l.cancelado",
        },
        ao_criar={"imovel_id": "l.matricula"},
        sequencia="id",
    ),
)

_VALOR_DEVIDO = "coalesce(co.valor, d.valor)"

# A payment is accepted when it covers the amount: late payers pay more (acréscimos). A smaller one would silence the
# notices of what is still owed, and one of a conta not in force is for somebody to look at: both come back refused.
# What is already paid stays as it is, with its first date, so that a repeated return of the bank changes nothing.
PAGAMENTOS = Arquivo(
    nome="pagamentos",
    colunas=(
        Coluna("conta", identificador(), obrigatoria=False),
        Coluna("debito", identificador(), obrigatoria=False),
        Coluna("pago_em", data()),
        Coluna("valor", dinheiro(positivo=True), obrigatoria=False),
    ),
    chave=("coalesce(l.conta, 0)", "coalesce(l.debito, 0)"),
    juncoes="""LEFT JOIN faturamento_conta co ON co.id = l.conta
               LEFT JOIN faturamento_debitoacobrar d ON d.id = l.debito""",
    extras={"ja_pago": "coalesce(co.pago_em, d.pago_em) IS NOT NULL"},
    recusas=(
        Recusa("conta", "num_nonnulls(l.conta, l.debito) <> 1", "Informe a conta ou o débito, um dos dois."),
        Recusa("conta", "l.conta IS NOT NULL AND co.id IS NULL", "Conta {l.conta} não existe."),
        Recusa("debito", "l.debito IS NOT NULL AND d.id IS NULL", "Débito {l.debito} não existe."),
        Recusa(
            "conta",
            f"co.pago_em IS NULL AND co.situacao NOT IN ({_EM_VIGOR})",
            f"A conta não está em vigor: {{{_NOME_DA_SITUACAO.format('co.situacao')}}}.",
        ),
        Recusa("debito", "d.pago_em IS NULL AND d.cancelado", "O débito está cancelado."),
        Recusa(
            "valor",
            f"coalesce(co.pago_em, d.pago_em) IS NULL AND l.valor < {_VALOR_DEVIDO}",
            f"O valor pago, {{{em_reais('l.valor')}}}, é menor que o devido, {{{em_reais(_VALOR_DEVIDO)}}}.",
        ),
    ),
    concluir=tuple(
        anotar(
            f"""UPDATE {tabela} t SET pago_em = l.pago_em FROM imp_linha l
                WHERE l.erro IS NULL AND NOT l.ja_pago AND t.id = l.{coluna} RETURNING l.linha""",
            nova=True,
        )
        for coluna, tabela in (("conta", "faturamento_conta"), ("debito", "faturamento_debitoacobrar"))
    ),
    tabelas=("faturamento_conta", "faturamento_debitoacobrar"),
)

registrar(GRUPOS, CONTAS, DEBITOS, PAGAMENTOS)
