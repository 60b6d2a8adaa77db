"""What mensageria asks about contas: may it still be announced, to where, and with what words."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, FilteredRelation, Q, TextChoices

from cadastro.digitos import formatar_matricula
from cadastro.documentos import formatar_documento
from cadastro.models import ParametroSistema, Relacao
from cadastro.telefones import celular_e164
from faturamento import codigo_barras
from faturamento.models import ClienteConta, Conta
from faturamento.textos import DADOS_FATURAMENTO
from mensageria.estados import Motivo
from mensageria.fontes import Objeto, SemExemplo
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
        **MOTIVOS_DO_CANAL,
    },
    module=__name__,
)


def versao(vencimento: date, valor: Decimal) -> str:
    """What makes a conta another fact to announce: its due date and its value in centavos."""
    return f"{vencimento:%Y%m%d}:{int(valor * 100)}"


def moeda(valor: Decimal) -> str:
    """1234.5 as 1.234,50."""
    return f"{valor:,.2f}".translate(str.maketrans(",.", ".,"))


def data(dia: date) -> str:
    return f"{dia:%d/%m/%Y}"


def mes_ano(referencia: int) -> str:
    """202611 as 11/2026."""
    return f"{referencia % 100:02}/{referencia // 100}"


def empresa(parametro: ParametroSistema) -> dict[str, str]:
    """The company as every layout shows it."""
    return {
        "nome": parametro.nome_empresa,
        "cnpj": formatar_documento(parametro.cnpj),
        "endereco": parametro.endereco,
        "telefone": parametro.telefone_atendimento,
        "site": parametro.site,
    }


def contexto(
    *, codigo: str, matricula: int, nome: str, valores: dict[str, str], quadro: list[list[str]], empresa: dict[str, str]
) -> dict[str, Any]:
    """What a message about money owed by an imóvel is composed from; `valores` and `quadro` are what only it has."""
    return {
        "valores": {"{MATRICULA}": str(matricula), "{NOME}": nome, **valores},
        "quadro": [["Matrícula", str(matricula)], ["Cliente", nome], *quadro],  # written as the tag writes it
        "empresa": empresa,
        "codigo": codigo,
        "linha": codigo_barras.linha_digitavel(codigo),
        "linha_formatada": codigo_barras.linha_formatada(codigo),
    }


class FonteDeContas:
    nome = "Faturamento"
    motivos_de_nao_gerar = MotivoDeNaoGerar
    layout = "aviso/1"
    dados = DADOS_FATURAMENTO
    ver_textos = "faturamento.view_parametromensagem"
    escrever_textos = ("faturamento.add_parametromensagem",)

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

    def motivos_de_cancelamento(self, canal: int, versoes: Mapping[int, str], hoje: date) -> dict[int, str]:
        ligado = "por_sms" if canal == Canal.SMS else "por_email"
        contas = Conta.objects.filter(id__in=versoes).values_list("id", "situacao", "pago_em", "vencimento", "valor")
        que_recebem = set(
            ClienteConta.objects.filter(
                Q(**{f"cliente__{ligado}": True}), conta__in=versoes, relacao=Relacao.USUARIO, cliente__ativo=True
            ).values_list("conta", flat=True)
        )
        motivos = dict.fromkeys(versoes, Motivo.OBJETO_CANCELADO.value)
        for id_, situacao, pago_em, vencimento, valor in contas:
            if situacao not in Conta.SITUACOES_EM_VIGOR:
                motivos[id_] = Motivo.OBJETO_CANCELADO
            elif pago_em:
                motivos[id_] = Motivo.PAGA
            elif versao(vencimento, valor) != versoes[id_]:
                motivos[id_] = Motivo.OBJETO_ALTERADO
            elif id_ not in que_recebem:
                motivos[id_] = Motivo.CANAL_DESLIGADO
            else:
                del motivos[id_]
        return motivos

    def destinos(self, canal: int, ids: Collection[int], hoje: date) -> dict[int, str]:
        usuarios = ClienteConta.objects.filter(conta__in=ids, relacao=Relacao.USUARIO)
        if canal == Canal.EMAIL:
            return dict(usuarios.exclude(cliente__email="").values_list("conta", "cliente__email"))
        fones = usuarios.filter(cliente__fones__sms=True).values_list(
            "conta", "cliente__fones__ddd", "cliente__fones__numero"
        )
        return {conta: celular for conta, ddd, numero in fones if (celular := celular_e164(ddd, numero))}

    def contextos(self, ids: Collection[int], hoje: date) -> dict[int, dict[str, Any]]:
        parametro = ParametroSistema.atual()
        da_empresa = empresa(parametro)
        linhas = ClienteConta.objects.filter(conta__in=ids, relacao=Relacao.USUARIO).values(
            "conta",
            nome=F("cliente__nome"),
            matricula=F("conta__imovel"),
            localidade=F("conta__localidade"),
            referencia=F("conta__referencia"),
            vencimento=F("conta__vencimento"),
            valor=F("conta__valor"),
        )
        return {linha["conta"]: self._contexto(linha, parametro, da_empresa) for linha in linhas}

    def _contexto(self, linha: dict, parametro: ParametroSistema, da_empresa: dict) -> dict[str, Any]:
        try:
            codigo = codigo_barras.codigo_conta(
                localidade=linha["localidade"],
                matricula=linha["matricula"],
                referencia=linha["referencia"],
                valor=linha["valor"],
                empresa=parametro.codigo_febraban,
                modulo=parametro.modulo_digito_verificador,
            )
        except codigo_barras.ErroCodigoBarras as erro:
            return {"impedimento": str(erro)}
        return contexto(
            codigo=codigo,
            matricula=linha["matricula"],
            nome=linha["nome"],
            valores={"{VENCTO}": data(linha["vencimento"]), "{VALOR}": moeda(linha["valor"])},
            quadro=[
                ["Referência", mes_ano(linha["referencia"])],
                ["Vencimento", data(linha["vencimento"])],
                ["Valor", f"R$ {moeda(linha['valor'])}"],
            ],
            empresa=da_empresa,
        )
