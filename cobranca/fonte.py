"""What mensageria asks about collection documents. Their customer is the present usuário of the imóvel."""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, FilteredRelation, Q, TextChoices

from cadastro.digitos import formatar_matricula
from cadastro.models import ClienteImovel, ParametroSistema, Relacao
from cobranca.models import CobrancaDocumento
from cobranca.textos import DADOS_COBRANCA
from faturamento import codigo_barras
from faturamento.fonte import celulares, contexto, data, moeda
from mensageria.fontes import Objeto, SemExemplo, empresa, linhas
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
        "VENCIDO": ("vencido", "Validade do documento passou"),
        "PROGRAMA_ESPECIAL": ("programa_especial", "Perfil do programa especial"),
        "SEM_USUARIO": ("sem_usuario", "Imóvel sem cliente usuário"),
        "CLIENTE_INATIVO": ("cliente_inativo", "Cliente inativo"),
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
    END AS motivo
    FROM unnest(%(ids)s::bigint[]) AS v (id)
    LEFT JOIN cobranca_cobrancadocumento d ON d.id = v.id
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
SELECT d.id, coalesce(d.sequencial, d.id), cl.nome, d.imovel_id, d.localidade_id, d.validade, d.valor, d.tipo_documento
FROM cobranca_cobrancadocumento d
JOIN cadastro_clienteimovel u ON {DO_USUARIO}
JOIN cadastro_cliente cl ON cl.id = u.cliente_id
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
    layout = "aviso/1"
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
            id_: Objeto(f"Documento de cobrança {id_}", matricula, cliente, nome or "")
            for id_, matricula, cliente, nome in documentos.values_list(
                "id", "imovel", "usuario__cliente", "usuario__cliente__nome"
            )
        }

    def motivos_de_cancelamento(self, canal: int, versoes: Mapping[int, str], hoje: date) -> dict[int, str]:
        valores = {"ids": list(versoes), "hoje": hoje, "sms": canal == Canal.SMS}
        return dict(linhas(MOTIVOS, valores))

    def destinos(self, canal: int, ids: Collection[int], hoje: date) -> dict[int, str]:
        valores = {"ids": list(ids), "hoje": hoje}
        return dict(linhas(EMAILS, valores)) if canal == Canal.EMAIL else celulares(linhas(FONES, valores))

    def contextos(self, ids: Collection[int], hoje: date) -> dict[int, dict[str, Any]]:
        parametro = ParametroSistema.atual()
        da_empresa = empresa(parametro)
        return {
            documento: self._contexto(*dele, parametro, da_empresa)
            for documento, *dele in linhas(CONTEXTOS, {"ids": list(ids), "hoje": hoje})
        }

    def _contexto(
        self,
        numero: int,
        nome: str,
        matricula: int,
        localidade: int,
        validade: date,
        valor: Decimal,
        tipo: int,
        parametro: ParametroSistema,
        da_empresa: dict,
    ) -> dict[str, Any]:
        try:
            codigo = codigo_barras.codigo_documento(
                localidade=localidade,
                matricula=matricula,
                sequencial=numero,
                tipo_documento=tipo,
                valor=valor,
                empresa=parametro.codigo_febraban,
                modulo=parametro.modulo_digito_verificador,
            )
        except codigo_barras.ErroCodigoBarras as erro:
            return {"impedimento": str(erro)}
        dia, reais = data(validade), moeda(valor)
        return contexto(
            codigo=codigo,
            matricula=matricula,
            nome=nome,
            valores={"{VALIDADEDOC}": dia, "{VALORDOC}": reais},
            quadro=[["Documento", str(numero)], ["Validade", dia], ["Valor", f"R$ {reais}"]],
            empresa=da_empresa,
        )
