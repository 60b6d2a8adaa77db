"""What mensageria asks about collection documents. Their customer is the present usuário of the imóvel."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django.db.models import F, FilteredRelation, Q, TextChoices

from cadastro.digitos import formatar_matricula
from cadastro.models import ClienteImovel, ParametroSistema, Relacao
from cadastro.telefones import celular_e164
from cobranca.models import CobrancaDocumento
from cobranca.textos import DADOS_COBRANCA
from faturamento import codigo_barras
from faturamento.fonte import contexto, data, empresa, moeda
from mensageria.estados import Motivo
from mensageria.fontes import Objeto, SemExemplo
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


def usuarios_atuais(ids: Collection[int], hoje: date):
    """The vínculos of the present usuários of the imóveis of some documents."""
    return ClienteImovel.objects.filter(
        Q(fim__isnull=True) | Q(fim__gt=hoje), imovel__documentos__in=ids, relacao=Relacao.USUARIO, inicio__lte=hoje
    )


class FonteDeDocumentos:
    nome = "Cobrança"
    motivos_de_nao_gerar = MotivoDeNaoGerar
    layout = "aviso/1"
    dados = DADOS_COBRANCA
    ver_textos = "cobranca.view_acaocobranca"
    escrever_textos = ("cobranca.add_acaocobranca", "cobranca.change_acaocobranca")

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
        do_canal = "por_sms" if canal == Canal.SMS else "por_email"
        documentos = CobrancaDocumento.objects.filter(id__in=versoes)
        pagos = set(documentos.pagos().values_list("id", flat=True))
        que_recebem = set(
            usuarios_atuais(versoes, hoje)
            .filter(**{f"cliente__{do_canal}": True}, cliente__ativo=True)
            .values_list("imovel__documentos", flat=True)
        )
        motivos = dict.fromkeys(versoes, Motivo.OBJETO_CANCELADO.value)
        for id_, cancelado in documentos.values_list("id", "cancelado"):
            if cancelado:
                motivos[id_] = Motivo.OBJETO_CANCELADO
            elif id_ in pagos:
                motivos[id_] = Motivo.PAGA
            elif id_ not in que_recebem:
                motivos[id_] = Motivo.CANAL_DESLIGADO
            else:
                del motivos[id_]
        return motivos

    def destinos(self, canal: int, ids: Collection[int], hoje: date) -> dict[int, str]:
        usuarios = usuarios_atuais(ids, hoje).filter(imovel__documentos__in=ids)
        if canal == Canal.EMAIL:
            return dict(usuarios.exclude(cliente__email="").values_list("imovel__documentos", "cliente__email"))
        fones = usuarios.filter(cliente__fones__sms=True).values_list(
            "imovel__documentos", "cliente__fones__ddd", "cliente__fones__numero"
        )
        return {documento: celular for documento, ddd, numero in fones if (celular := celular_e164(ddd, numero))}

    def contextos(self, ids: Collection[int], hoje: date) -> dict[int, dict[str, Any]]:
        parametro = ParametroSistema.atual()
        da_empresa = empresa(parametro)
        linhas = usuarios_atuais(ids, hoje).values(
            "imovel",
            nome=F("cliente__nome"),
            documento=F("imovel__documentos"),
            localidade=F("imovel__documentos__localidade"),
            validade=F("imovel__documentos__validade"),
            valor=F("imovel__documentos__valor"),
            tipo=F("imovel__documentos__tipo_documento"),
        )
        return {
            linha["documento"]: self._contexto(linha, parametro, da_empresa)
            for linha in linhas
            if linha["documento"] in ids
        }

    def _contexto(self, linha: dict, parametro: ParametroSistema, da_empresa: dict) -> dict[str, Any]:
        try:
            codigo = codigo_barras.codigo_documento(
                localidade=linha["localidade"],
                matricula=linha["imovel"],
                sequencial=linha["documento"],
                tipo_documento=linha["tipo"],
                valor=linha["valor"],
                empresa=parametro.codigo_febraban,
                modulo=parametro.modulo_digito_verificador,
            )
        except codigo_barras.ErroCodigoBarras as erro:
            return {"impedimento": str(erro)}
        return contexto(
            codigo=codigo,
            matricula=linha["imovel"],
            nome=linha["nome"],
            valores={"{VALIDADEDOC}": data(linha["validade"]), "{VALORDOC}": moeda(linha["valor"])},
            quadro=[
                ["Documento", str(linha["documento"])],
                ["Validade", data(linha["validade"])],
                ["Valor", f"R$ {moeda(linha['valor'])}"],
            ],
            empresa=da_empresa,
        )
