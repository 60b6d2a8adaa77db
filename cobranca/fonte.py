"""What mensageria asks about collection documents. Their customer is the present usuário of the imóvel."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F, FilteredRelation, Q, TextChoices
from django.urls import reverse

from cadastro.digitos import formatar_matricula
from cadastro.documentos import formatar_documento
from cadastro.models import ClienteImovel, ParametroSistema, Relacao
from cobranca import pagavel
from cobranca.models import CobrancaDocumento, ContaBancaria
from cobranca.prova import do_documento
from cobranca.textos import DADOS_COBRANCA
from faturamento import codigo_barras
from faturamento.fonte import celulares, contexto, data, moeda
from mensageria.fontes import Objeto, Prova, SemExemplo, empresa, linhas
from mensageria.geracao import MOTIVOS_DO_CANAL
from mensageria.models import Canal

ORIGEM = "cobranca"
RECENTES = 500  # documents among which an example is looked for

# Why a document, or one of its channels, is left out. The first that fits is kept.
MotivoDeNaoGerar = TextChoices(
    "MotivoDeNaoGerar",
    {
        "DOCUMENTO_CANCELADO": ("documento_cancelado", "Documento cancelado"),
        "PAGO": ("pago", "Documento pago"),
        "VENCIDO": ("vencido", "Validade do documento, ou vencimento da ficha, passou"),
        "PROGRAMA_ESPECIAL": ("programa_especial", "Perfil do programa especial"),
        "SEM_USUARIO": ("sem_usuario", "Imóvel sem cliente usuário"),
        "CLIENTE_INATIVO": ("cliente_inativo", "Cliente inativo"),
        "NAO_PERTURBE": ("nao_perturbe", "Cliente pediu para não ser perturbado"),
        **MOTIVOS_DO_CANAL,
    },
    module=__name__,
)


# The present usuário of the imóvel of a document, at most one.
DO_USUARIO = """u.imovel_id = d.imovel_id AND u.relacao = 2
    AND u.inicio <= %(hoje)s AND (u.fim IS NULL OR u.fim > %(hoje)s)"""

# A documento `d` is paid, too, when all that is in it was paid by itself: itens.todos_pagos.
ITENS_PAGOS = """LEFT JOIN LATERAL (
    SELECT bool_and(coalesce(c.pago_em, b.pago_em) IS NOT NULL) AS todos_pagos
    FROM cobranca_cobrancadocumentoitem t
    LEFT JOIN faturamento_conta c ON c.id = t.conta_id
    LEFT JOIN faturamento_debitoacobrar b ON b.id = t.debito_id
    WHERE t.documento_id = d.id
) itens ON true"""

MOTIVOS = f"""
SELECT id, motivo FROM (
    SELECT v.id, CASE
        WHEN d.id IS NULL OR d.cancelado THEN 'objeto_cancelado'
        WHEN d.pago_em IS NOT NULL OR itens.todos_pagos THEN 'paga'
        WHEN (cl.ativo AND CASE WHEN %(sms)s THEN cl.por_sms ELSE cl.por_email END) IS NOT TRUE THEN 'canal_desligado'
        WHEN cl.nao_perturbe AND NOT a.aviso_obrigatorio THEN 'nao_perturbe'
    END AS motivo
    FROM unnest(%(ids)s::bigint[]) AS v (id)
    LEFT JOIN cobranca_cobrancadocumento d ON d.id = v.id
    LEFT JOIN cobranca_comandoacao co ON co.id = d.comando_id
    LEFT JOIN cobranca_acaocobranca a ON a.id = co.acao_id
    LEFT JOIN cadastro_clienteimovel u ON {DO_USUARIO}
    LEFT JOIN cadastro_cliente cl ON cl.id = u.cliente_id
    {ITENS_PAGOS}
) avaliado
WHERE motivo IS NOT NULL
"""

EMAILS = f"""
SELECT d.id, cl.email
FROM cobranca_cobrancadocumento d
JOIN cadastro_clienteimovel u ON {DO_USUARIO}
JOIN cadastro_cliente cl ON cl.id = u.cliente_id
WHERE d.id = ANY (%(ids)s) AND cl.email <> ''
"""

FONES = f"""
SELECT d.id, f.ddd, f.numero
FROM cobranca_cobrancadocumento d
JOIN cadastro_clienteimovel u ON {DO_USUARIO}
JOIN cadastro_clientefone f ON f.cliente_id = u.cliente_id AND f.sms
WHERE d.id = ANY (%(ids)s)
"""

CONTEXTOS = f"""
SELECT d.id, cl.nome, cl.documento, d.imovel_id, d.localidade_id, d.emissao, d.validade, d.vencimento, d.valor,
    d.tipo_documento, d.sequencial, d.conta_bancaria_id, d.nosso_numero, itens.referencias, itens.debitos
FROM cobranca_cobrancadocumento d
JOIN cadastro_clienteimovel u ON {DO_USUARIO}
JOIN cadastro_cliente cl ON cl.id = u.cliente_id
CROSS JOIN LATERAL (
    SELECT count(t.debito_id) AS debitos,
        coalesce(array_agg(c.referencia ORDER BY c.referencia) FILTER (WHERE c.id IS NOT NULL), '{{}}') AS referencias
    FROM cobranca_cobrancadocumentoitem t LEFT JOIN faturamento_conta c ON c.id = t.conta_id WHERE t.documento_id = d.id
) itens
WHERE d.id = ANY (%(ids)s)
"""


def usuarios_atuais(ids: Collection[int], hoje: date):
    """The vínculos of the present usuários of the imóveis of some documents."""
    return ClienteImovel.objects.filter(
        Q(fim__isnull=True) | Q(fim__gt=hoje), imovel__documentos__in=ids, relacao=Relacao.USUARIO, inicio__lte=hoje
    )


class FonteDeDocumentos:
    nome = "Cobrança"
    motivos_de_nao_gerar = MotivoDeNaoGerar
    layout = "aviso/2"
    assunto = ""
    dados = DADOS_COBRANCA
    ver_textos = "cobranca.view_acaocobranca"
    escrever_textos = ("cobranca.add_acaocobranca", "cobranca.change_acaocobranca")
    exemplo_por = "Matrícula do imóvel"

    def exemplo(self, matricula: int | None, hoje: date) -> int:
        documentos = CobrancaDocumento.objects.order_by("-id").values("id")
        if matricula:
            documentos = documentos.filter(imovel=matricula)
        com_usuario = usuarios_atuais(documentos[:RECENTES], hoje).order_by("-imovel__documentos")
        if documento := com_usuario.values_list("imovel__documentos", flat=True).first():
            return documento
        if matricula:
            raise SemExemplo(f"O imóvel {formatar_matricula(matricula)} não tem documento com cliente usuário.")
        raise SemExemplo("Não há documento de cobrança: comande uma ação e gere os documentos dela.")

    def do_imovel(self, matricula: int, limite: int) -> Collection[int]:
        documentos = CobrancaDocumento.objects.filter(imovel=matricula).order_by("-id")
        return list(documentos.values_list("id", flat=True)[:limite])

    def objetos(self, ids: Collection[int]) -> dict[int, Objeto]:
        """The customer is who was the usuário of the imóvel when the document was made."""
        do_dia = Q(imovel__vinculos__inicio__lte=F("emissao")) & (
            Q(imovel__vinculos__fim=None) | Q(imovel__vinculos__fim__gt=F("emissao"))
        )
        documentos = CobrancaDocumento.objects.filter(id__in=ids).annotate(
            usuario=FilteredRelation(
                "imovel__vinculos", condition=do_dia & Q(imovel__vinculos__relacao=Relacao.USUARIO)
            )
        )
        return {
            id_: Objeto(
                f"Documento de cobrança {sequencial or id_}",
                matricula,
                cliente,
                nome or "",
                pagina=reverse("cobranca:documento", args=[id_]),
                permissao="cobranca.view_cobrancadocumento",
            )
            for id_, sequencial, matricula, cliente, nome in documentos.values_list(
                "id", "sequencial", "imovel", "usuario__cliente", "usuario__cliente__nome"
            )
        }

    def prova(self, objeto: int, execucao: UUID) -> Prova:
        return do_documento(objeto, execucao)

    def motivos_de_cancelamento(self, canal: int, versoes: Mapping[int, str], hoje: date) -> dict[int, str]:
        valores = {"ids": list(versoes), "hoje": hoje, "sms": canal == Canal.SMS}
        return dict(linhas(MOTIVOS, valores))

    def destinos(self, canal: int, ids: Collection[int], hoje: date) -> dict[int, str]:
        valores = {"ids": list(ids), "hoje": hoje}
        return dict(linhas(EMAILS, valores)) if canal == Canal.EMAIL else celulares(linhas(FONES, valores))

    def contextos(self, ids: Collection[int], hoje: date) -> dict[int, dict[str, Any]]:
        parametro = ParametroSistema.atual()
        da_empresa = empresa(parametro)
        achados = linhas(CONTEXTOS, {"ids": list(ids), "hoje": hoje})
        contas = ContaBancaria.objects.in_bulk({linha[-4] for linha in achados} - {None})
        return {
            linha[0]: self._contexto(
                _documento(linha, contas), *linha[1:3], pagavel.referente(*linha[-2:]), parametro, da_empresa
            )
            for linha in achados
        }

    def _contexto(
        self,
        documento: CobrancaDocumento,
        nome: str,
        cpf_cnpj: str | None,
        cobra: str,
        parametro: ParametroSistema,
        da_empresa: dict,
    ) -> dict[str, Any]:
        try:
            pago_por = pagavel.de(documento, parametro)
        except codigo_barras.ErroCodigoBarras as erro:
            return {"impedimento": str(erro)}
        dia, reais = data(documento.ultimo_dia), moeda(documento.valor)
        feito = contexto(
            codigo=pago_por.codigo,
            linha=pago_por.linha,
            linha_formatada=pago_por.linha_formatada,
            matricula=documento.imovel_id,
            nome=nome,
            valores={"{VALIDADEDOC}": dia, "{VALORDOC}": reais},
            quadro=_quadro(documento, parametro, cobra, dia, reais),
            empresa=da_empresa,
        )
        if not documento.ficha:
            return feito
        folha = pagavel.folha(documento, parametro, nome=nome, cpf_cnpj=cpf_cnpj, cobra=cobra)
        return feito | {"layout": "boleto/2", "pdf": folha}


_COLUNAS = ("imovel_id", "localidade_id", "emissao", "validade", "vencimento", "valor", "tipo_documento", "sequencial")


def _documento(linha: tuple, contas: Mapping[int, ContaBancaria]) -> CobrancaDocumento:
    """A row of CONTEXTOS as the document that it is."""
    documento = CobrancaDocumento(id=linha[0], **dict(zip(_COLUNAS, linha[3:-4], strict=True)))
    documento.conta_bancaria, documento.nosso_numero = contas.get(linha[-4]), linha[-3]
    return documento


def _quadro(
    documento: CobrancaDocumento, parametro: ParametroSistema, cobra: str, dia: str, reais: str
) -> list[list[str]]:
    """Whoever pays a boleto compares the payee with what the bank shows."""
    da_ficha = [
        ["Beneficiário", parametro.nome_empresa],
        ["CNPJ do beneficiário", formatar_documento(parametro.cnpj)],
        ["Vencimento", data(documento.vence_em)],
    ]
    return [
        ["Documento", str(documento.numero)],
        *([["Referente a", cobra]] if cobra else []),
        *(da_ficha if documento.ficha else [["Validade", dia]]),
        ["Valor", f"R$ {reais}"],
    ]
