"""What mensageria asks about the boletos of campaigns: the object of a message is an Aviso, a boleto to one address."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import TextChoices

from cadastro.documentos import formatar_documento
from cadastro.models import ParametroSistema
from mensageria.fontes import DeOnde, Objeto, Prova, SemExemplo, empresa, linhas
from mensageria.geracao import MOTIVOS_DO_CANAL
from mensageria.models import Canal
from mensageria.pagamento.boleto import formatar_linha
from mensageria.textos import Dado
from preventivo.models import Aviso, Boleto, Campanha, TipoCampanha
from preventivo.prova import do_aviso
from telas.campos import moeda

ORIGEM = "preventivo"
ASSUNTO = "boletos"  # what an opt-out is from
MotivoDeNaoGerar = TextChoices("MotivoDeNaoGerar", MOTIVOS_DO_CANAL, module=__name__)
DADOS_PREVENTIVO = (
    Dado("{NOME_OPERACAO}", "Nome da operação", 30),
    Dado("{CPF}", "CPF do cliente, com parte oculta", 14),
    Dado("{VALOR}", "Valor do boleto", 13),
    Dado("{VENCIMENTO}", "Vencimento do boleto", 10),
    Dado("{ACORDO}", "Número do acordo", 40),
    Dado("{PARCELA}", "Parcela do acordo", 5),
    Dado("{BENEFICIARIO}", "Nome do beneficiário", 60),
    Dado("{CNPJ_BENEFICIARIO}", "CNPJ do beneficiário", 18),
)

# What makes a boleto `b` another fact to announce. Its value is read again when the message is composed.
VERSAO = "to_char(b.vencimento, 'YYYYMMDD')"

MOTIVOS = f"""
SELECT id, motivo FROM (
    SELECT v.id, CASE
        WHEN b.id IS NULL THEN 'objeto_cancelado'
        WHEN c.situacao = %(campanha_cancelada)s THEN 'campanha_cancelada'
        WHEN b.situacao = %(pago)s THEN 'paga'
        WHEN b.situacao <> %(aberto)s THEN 'objeto_cancelado'
        WHEN {VERSAO} <> v.versao THEN 'objeto_alterado'
    END AS motivo
    FROM unnest(%(ids)s::bigint[], %(versoes)s::text[]) AS v (id, versao)
    LEFT JOIN preventivo_aviso a ON a.id = v.id
    LEFT JOIN preventivo_boleto b ON b.id = a.boleto_id
    LEFT JOIN preventivo_campanha c ON c.id = a.campanha_id
) avaliado
WHERE motivo IS NOT NULL
"""

DESTINOS = """
SELECT a.id, coalesce(nullif(c.teste_para, ''), a.email)
FROM preventivo_aviso a
JOIN preventivo_campanha c ON c.id = a.campanha_id
WHERE a.id = ANY (%(ids)s)
"""

CONTEXTOS = """
SELECT a.id, o.nome, r.cpf, ac.numero, b.numero, b.parcela, b.valor, b.vencimento, b.linha, b.codigo, b.problema,
    b.beneficiario, b.documento_beneficiario, b.pix, b.pdf_id, x.nome, l.cor, o.assinatura
FROM preventivo_aviso a
JOIN preventivo_boleto b ON b.id = a.boleto_id
JOIN preventivo_acordo ac ON ac.id = b.acordo_id
JOIN preventivo_registro r ON r.id = ac.registro_id
JOIN preventivo_campanha c ON c.id = a.campanha_id
JOIN preventivo_operacao o ON o.id = c.operacao_id
LEFT JOIN preventivo_layout l ON l.id = c.layout_id
LEFT JOIN mensageria_anexo x ON x.resumo = b.pdf_id
WHERE a.id = ANY (%(ids)s)
"""

OBJETOS = """
SELECT a.id, b.numero, r.cpf
FROM preventivo_aviso a
JOIN preventivo_boleto b ON b.id = a.boleto_id
JOIN preventivo_acordo ac ON ac.id = b.acordo_id
JOIN preventivo_registro r ON r.id = ac.registro_id
WHERE a.id = ANY (%(ids)s)
"""


@dataclass(frozen=True)
class _Linha:
    """A row of CONTEXTOS."""

    operacao: str
    cpf: str
    acordo: str
    numero: str
    parcela: int | None
    valor: Decimal
    vencimento: date
    linha: str
    codigo: str
    problema: str
    beneficiario: str
    documento: str
    pix: str
    anexo: str | None
    nome_do_anexo: str | None
    cor: str | None
    assinatura: str


class FonteDeBoletos:
    nome = "Campanha Preventiva"
    canais = (Canal.EMAIL,)
    motivos_de_nao_gerar = MotivoDeNaoGerar
    layout = "boleto/2"
    assunto = ASSUNTO
    dados = DADOS_PREVENTIVO
    ver_textos = "preventivo.view_layout"
    escrever_textos = ("preventivo.add_layout", "preventivo.change_layout")
    exemplo_por = ""  # always the newest
    de_onde = DeOnde(
        "Campanha",
        "preventivo:campanhas",
        "preventivo:campanha_da_execucao",
        "Ver a campanha",
        "preventivo.view_campanha",
    )

    def exemplo(self, matricula: int | None, hoje: date) -> int:
        """The newest boleto of any operação; these have no matrícula."""
        return _exemplo(Aviso.objects.all())

    def objetos(self, ids: Collection[int]) -> dict[int, Objeto]:
        return {
            id_: Objeto(f"Boleto {numero}", None, None, f"CPF {mascarar_cpf(cpf)}")
            for id_, numero, cpf in linhas(OBJETOS, {"ids": list(ids)})
        }

    def prova(self, objeto: int, execucao: UUID) -> Prova:
        return do_aviso(objeto)

    def motivos_de_cancelamento(self, canal: int, versoes: Mapping[int, str], hoje: date) -> dict[int, str]:
        valores = {
            "ids": list(versoes),
            "versoes": list(versoes.values()),
            "campanha_cancelada": Campanha.Situacao.CANCELADA.value,
            "pago": Boleto.Situacao.PAGO.value,
            "aberto": Boleto.Situacao.ABERTO.value,
        }
        return dict(linhas(MOTIVOS, valores))

    def destinos(self, canal: int, ids: Collection[int], hoje: date) -> dict[int, str]:
        """All to one address in a test campaign."""
        return dict(linhas(DESTINOS, {"ids": list(ids)})) if canal == Canal.EMAIL else {}

    def contextos(self, ids: Collection[int], hoje: date) -> dict[int, dict[str, Any]]:
        parametro = ParametroSistema.objects.select_related("municipio").first()  # a collection agency may have none
        da_empresa = empresa(parametro) if parametro else {}
        return {aviso: _contexto(_Linha(*dele), da_empresa) for aviso, *dele in linhas(CONTEXTOS, {"ids": list(ids)})}


def exemplo_do_tipo(tipo: TipoCampanha) -> int:
    """The newest boleto to show a layout on: of that tipo, or else of its operação. Raises SemExemplo."""
    da_operacao = Aviso.objects.filter(campanha__operacao=tipo.operacao_id)
    try:
        return _exemplo(da_operacao.filter(campanha__tipo=tipo))
    except SemExemplo:
        return _exemplo(da_operacao)


def _exemplo(avisos) -> int:
    validos = avisos.exclude(boleto__codigo="").order_by("-pk")
    if aviso := validos.values_list("pk", flat=True).first():
        return aviso
    raise SemExemplo("Ainda não há boleto para mostrar: ele aparece quando uma campanha começa a enviar.")


def mascarar_cpf(cpf: str) -> str:
    """***.456.789-**, as people see it who may not see it whole."""
    return f"***.{cpf[3:6]}.{cpf[6:9]}-**"


def _quem_assina(assinatura: str) -> dict[str, str]:
    """Of an operação, in the place of the company's own data."""
    ditas = [linha.strip() for linha in assinatura.splitlines() if linha.strip()]
    return {"nome": ditas[0], "endereco": " · ".join(ditas[1:])} if ditas else {}


def _contexto(b: _Linha, da_empresa: dict[str, str]) -> dict[str, Any]:
    if not b.codigo:
        return {"impedimento": b.problema or "A linha digitável do boleto não confere."}
    parcela = "" if b.parcela is None else str(b.parcela)
    vencimento, valor, cnpj = f"{b.vencimento:%d/%m/%Y}", moeda(b.valor), formatar_documento(b.documento)
    quadro = [
        ["Beneficiário", b.beneficiario],
        ["CNPJ do beneficiário", cnpj],
        ["Acordo", b.acordo],
        ["Parcela", parcela],
        ["Vencimento", vencimento],
        ["Valor", f"R$ {valor}"],
    ]
    contexto: dict[str, Any] = {
        "titulo": f"Boleto {b.operacao}",
        "valores": {
            "{NOME_OPERACAO}": b.operacao,
            "{CPF}": mascarar_cpf(b.cpf),
            "{VALOR}": valor,
            "{VENCIMENTO}": vencimento,
            "{ACORDO}": b.acordo,
            "{PARCELA}": parcela,
            "{BENEFICIARIO}": b.beneficiario,
            "{CNPJ_BENEFICIARIO}": cnpj,
        },
        "quadro": [linha for linha in quadro if linha[1]],
        "empresa": _quem_assina(b.assinatura) or da_empresa,
        "codigo": b.codigo,
        "linha": b.linha,
        "linha_formatada": formatar_linha(b.linha),
        **({"cor": b.cor} if b.cor else {}),
        **({"pix": b.pix} if b.pix else {}),
    }
    # The company's own PDF, or what one drawn here has besides all this.
    if b.anexo:
        return contexto | {"anexo": [b.anexo, b.nome_do_anexo]}
    return contexto | {"pdf": {"pagador": f"CPF {mascarar_cpf(b.cpf)}"}}
