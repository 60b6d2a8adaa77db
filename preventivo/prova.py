"""What the dossier of a message says of its boleto, and of who ordered the campaign."""

from django.utils import timezone
from django.utils.formats import date_format

from cadastro.documentos import formatar_documento, mascarar
from mensageria.fontes import Prova
from mensageria.pagamento.boleto import formatar_linha
from preventivo.models import Aviso
from telas.campos import moeda


def do_aviso(id_: int) -> Prova:
    relacionadas = ("campanha__operacao", "campanha__tipo", "campanha__criado_por", "boleto__acordo__registro")
    aviso = Aviso.objects.select_related(*relacionadas).filter(pk=id_).first()
    if aviso is None:
        return Prova()
    campanha, boleto = aviso.campanha, aviso.boleto
    return Prova(
        comando=[
            ("Campanha", f"nº {campanha.pk}, {campanha.tipo}"),
            ("Operação", campanha.operacao),
            ("Cadastrada por", campanha.criado_por or "o sistema"),
            ("Cadastrada em", _momento(campanha.criado_em)),
            ("Confirmada em", _momento(campanha.confirmada_em)),
            ("Data/Horário envio", _momento(campanha.envia_em)),
            ("SHA-256 do arquivo", campanha.resumo),
        ],
        dados=[
            ("Boleto", boleto.numero),
            ("CPF", mascarar(boleto.acordo.registro.cpf)),
            ("Acordo", boleto.acordo.numero),
            ("Beneficiário", boleto.beneficiario),
            ("CNPJ do beneficiário", formatar_documento(boleto.documento_beneficiario)),
            ("Vencimento", f"{boleto.vencimento:%d/%m/%Y}"),
            ("Valor", f"R$ {moeda(boleto.valor)}"),
            *([("Linha digitável", formatar_linha(boleto.linha))] if boleto.codigo else []),
        ],
    )


def _momento(instante) -> str:
    return date_format(timezone.localtime(instante), "d/m/Y H:i:s") if instante else "–"
