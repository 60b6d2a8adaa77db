"""What mensageria asks about contas: may it still be announced, to where, and with what words."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import F, FilteredRelation, Q, TextChoices

from cadastro.digitos import formatar_matricula
from cadastro.models import ParametroSistema, Relacao
from cadastro.telefones import celular_e164
from faturamento import codigo_barras
from faturamento.models import ClienteConta, Conta
from faturamento.prova import do_processo
from faturamento.textos import DADOS_FATURAMENTO
from mensageria.fontes import Objeto, Pares, Prova, SemExemplo, empresa, linhas
from mensageria.geracao import MOTIVOS_DO_CANAL
from mensageria.models import Canal

ORIGEM = "faturamento"
RECENTES = 2000  # contas among which an example is looked for

# Why a conta, or one of its channels, is left out. The first that fits is kept.
MotivoDeNaoGerar = TextChoices(
    "MotivoDeNaoGerar",
    {
        "SITUACAO": ("situacao", "Conta não está em vigor"),
        "PAGA": ("paga", "Conta paga"),
        "VALOR_MINIMO": ("valor_minimo", "Valor abaixo do mínimo"),
        "CATEGORIA": ("categoria", "Categoria do imóvel não marcada"),
        "PROGRAMA_ESPECIAL": ("programa_especial", "Perfil do programa especial"),
        "VENCIDA": ("vencida", "Conta vencida"),
        "AINDA_NAO": ("ainda_nao", "Ainda não chegou o dia"),
        "SEM_USUARIO": ("sem_usuario", "Conta sem cliente usuário"),
        "CLIENTE_INATIVO": ("cliente_inativo", "Cliente inativo"),
        "NAO_PERTURBE": ("nao_perturbe", "Cliente pediu para não ser perturbado"),
        **MOTIVOS_DO_CANAL,
    },
    module=__name__,
)


# What makes a conta `c` another fact to announce: its due date and its value in centavos.
VERSAO = "to_char(c.vencimento, 'YYYYMMDD') || ':' || (c.valor * 100)::bigint"

MOTIVOS = f"""
SELECT id, motivo FROM (
    SELECT v.id, CASE
        WHEN c.id IS NULL OR c.situacao <> ALL (%(em_vigor)s) THEN 'objeto_cancelado'
        WHEN c.pago_em IS NOT NULL THEN 'paga'
        WHEN {VERSAO} <> v.versao THEN 'objeto_alterado'
        WHEN (cl.ativo AND CASE WHEN %(sms)s THEN cl.por_sms ELSE cl.por_email END) IS NOT TRUE THEN 'canal_desligado'
        WHEN cl.nao_perturbe THEN 'nao_perturbe'
    END AS motivo
    FROM unnest(%(ids)s::bigint[], %(versoes)s::text[]) AS v (id, versao)
    LEFT JOIN faturamento_conta c ON c.id = v.id
    LEFT JOIN faturamento_clienteconta cc ON cc.conta_id = c.id AND cc.relacao = 2
    LEFT JOIN cadastro_cliente cl ON cl.id = cc.cliente_id
) avaliada
WHERE motivo IS NOT NULL
"""

EMAILS = """
SELECT cc.conta_id, cl.email
FROM faturamento_clienteconta cc
JOIN cadastro_cliente cl ON cl.id = cc.cliente_id
WHERE cc.conta_id = ANY (%(ids)s) AND cc.relacao = 2 AND cl.email <> ''
"""

FONES = """
SELECT cc.conta_id, f.ddd, f.numero
FROM faturamento_clienteconta cc
JOIN cadastro_clientefone f ON f.cliente_id = cc.cliente_id AND f.sms
WHERE cc.conta_id = ANY (%(ids)s) AND cc.relacao = 2
"""

CONTEXTOS = """
SELECT c.id, cl.nome, c.imovel_id, c.localidade_id, c.referencia, c.vencimento, c.valor
FROM faturamento_clienteconta cc
JOIN faturamento_conta c ON c.id = cc.conta_id
JOIN cadastro_cliente cl ON cl.id = cc.cliente_id
WHERE cc.conta_id = ANY (%(ids)s) AND cc.relacao = 2
"""

_PONTO_E_VIRGULA = str.maketrans(",.", ".,")


def celulares(fones: list[tuple]) -> dict[int, str]:
    """{object: mobile}, of rows of object, DDD and number, but for what is no mobile."""
    return {objeto: celular for objeto, ddd, numero in fones if (celular := celular_e164(ddd, numero))}


def moeda(valor: Decimal) -> str:
    """1234.5 as 1.234,50."""
    return f"{valor:,.2f}".translate(_PONTO_E_VIRGULA)


@lru_cache(maxsize=1024)
def data(dia: date) -> str:
    return f"{dia:%d/%m/%Y}"


def mes_ano(referencia: int) -> str:
    """202611 as 11/2026."""
    return f"{referencia % 100:02}/{referencia // 100}"


def contexto(
    *,
    codigo: str,
    matricula: int,
    nome: str,
    valores: dict[str, str],
    quadro: list[list[str]],
    empresa: dict[str, str],
    linha: str = "",
    linha_formatada: str = "",
) -> dict[str, Any]:
    """What a message about money owed by an imóvel is composed from; `valores` and `quadro` are what only it has.

    Without a `linha`, the code is of arrecadação and has one.
    """
    da_matricula, linha = str(matricula), linha or codigo_barras.linha_digitavel(codigo)
    return {
        "valores": {"{MATRICULA}": da_matricula, "{NOME}": nome, **valores},
        "quadro": [["Matrícula", da_matricula], ["Cliente", nome], *quadro],  # written as the tag writes it
        "empresa": empresa,
        "codigo": codigo,
        "linha": linha,
        "linha_formatada": linha_formatada or codigo_barras.formatar_linha(linha),
    }


class FonteDeContas:
    nome = "Faturamento"
    motivos_de_nao_gerar = MotivoDeNaoGerar
    layout = "aviso/2"
    assunto = ""
    dados = DADOS_FATURAMENTO
    ver_textos = "faturamento.view_parametromensagem"
    escrever_textos = ("faturamento.add_parametromensagem",)
    exemplo_por = "Matrícula do imóvel"

    def exemplo(self, matricula: int | None, hoje: date) -> int:
        """Of the reference that its group is at, when no imóvel is asked for; only among the newest contas."""
        usuarios = ClienteConta.objects.filter(relacao=Relacao.USUARIO)
        if matricula:
            usuarios = usuarios.filter(conta__imovel=matricula).order_by("-conta__referencia", "-conta")
        else:
            recentes = Conta.objects.order_by("-id").values("id")[:RECENTES]
            usuarios = usuarios.filter(conta__in=recentes, conta__referencia=F("conta__grupo__referencia")).order_by(
                "-conta"
            )
        if conta := usuarios.values_list("conta", flat=True).first():
            return conta
        if matricula:
            raise SemExemplo(f"O imóvel {formatar_matricula(matricula)} não tem conta com cliente usuário.")
        raise SemExemplo(
            "Não há conta com cliente usuário na referência do grupo: importe as contas ou informe uma matrícula."
        )

    def do_imovel(self, matricula: int, limite: int) -> Collection[int]:
        contas = Conta.objects.filter(imovel=matricula).order_by("-referencia", "-id")
        return list(contas.values_list("id", flat=True)[:limite])

    def objetos(self, ids: Collection[int]) -> dict[int, Objeto]:
        contas = Conta.objects.filter(id__in=ids).annotate(
            usuario=FilteredRelation("clientes", condition=Q(clientes__relacao=Relacao.USUARIO))
        )
        return {
            id_: Objeto(f"Conta {mes_ano(referencia)}", matricula, cliente, nome or "")
            for id_, referencia, matricula, cliente, nome in contas.values_list(
                "id", "referencia", "imovel", "usuario__cliente", "usuario__cliente__nome"
            )
        }

    def prova(self, objeto: int, execucao: UUID) -> Prova:
        return Prova(comando=do_processo(execucao), dados=_dados(objeto))

    def motivos_de_cancelamento(self, canal: int, versoes: Mapping[int, str], hoje: date) -> dict[int, str]:
        valores = {
            "ids": list(versoes),
            "versoes": list(versoes.values()),
            "em_vigor": [int(situacao) for situacao in Conta.SITUACOES_EM_VIGOR],
            "sms": canal == Canal.SMS,
        }
        return dict(linhas(MOTIVOS, valores))

    def destinos(self, canal: int, ids: Collection[int], hoje: date) -> dict[int, str]:
        valores = {"ids": list(ids)}
        return dict(linhas(EMAILS, valores)) if canal == Canal.EMAIL else celulares(linhas(FONES, valores))

    def contextos(self, ids: Collection[int], hoje: date) -> dict[int, dict[str, Any]]:
        parametro = ParametroSistema.atual()
        da_empresa = empresa(parametro)
        return {
            conta: self._contexto(*dela, parametro, da_empresa)
            for conta, *dela in linhas(CONTEXTOS, {"ids": list(ids)})
        }

    def _contexto(
        self,
        nome: str,
        matricula: int,
        localidade: int,
        referencia: int,
        vencimento: date,
        valor: Decimal,
        parametro: ParametroSistema,
        da_empresa: dict,
    ) -> dict[str, Any]:
        try:
            codigo = codigo_barras.codigo_conta(
                localidade=localidade,
                matricula=matricula,
                referencia=referencia,
                valor=valor,
                empresa=parametro.codigo_febraban,
                modulo=parametro.modulo_digito_verificador,
            )
        except codigo_barras.ErroCodigoBarras as erro:
            return {"impedimento": str(erro)}
        dia, reais = data(vencimento), moeda(valor)
        return contexto(
            codigo=codigo,
            matricula=matricula,
            nome=nome,
            valores={"{VENCTO}": dia, "{VALOR}": reais},
            quadro=[["Referência", mes_ano(referencia)], ["Vencimento", dia], ["Valor", f"R$ {reais}"]],
            empresa=da_empresa,
        )


def _dados(id_: int) -> Pares:
    """A conta as the dossier of its message tells it."""
    conta = Conta.objects.filter(pk=id_).first()
    if conta is None:
        return ()
    return [
        ("Conta", mes_ano(conta.referencia)),
        ("Imóvel", formatar_matricula(conta.imovel_id)),
        ("Emissão", data(conta.emissao)),
        ("Vencimento", data(conta.vencimento)),
        ("Valor", f"R$ {moeda(conta.valor)}"),
        ("Situação na emissão do dossiê", conta.get_situacao_display()),
        *([("Paga em", data(conta.pago_em))] if conta.pago_em else []),
    ]
