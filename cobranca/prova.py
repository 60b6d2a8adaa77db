"""What the dossier of a message says of the document that it announced: who commanded it, what it is and proves."""

from datetime import date, timedelta
from uuid import UUID

from cadastro.digitos import formatar_matricula
from cobranca.models import AcaoCobranca, CobrancaDocumento, CobrancaDocumentoItem
from faturamento.fonte import data, mes_ano, moeda
from faturamento.prova import do_processo, momento
from mensageria.fontes import Pares, Prova

# Lei 11.445/2007, art. 40, V and § 2º: the user is told at least so many days before the supply is suspended.
AVISO_PREVIO = timedelta(days=30)


def do_documento(id_: int, execucao: UUID) -> Prova:
    relacionadas = ("comando__acao", "comando__criado_por", "conta_bancaria")
    documento = CobrancaDocumento.objects.select_related(*relacionadas).filter(pk=id_).first()
    if documento is None:
        return Prova(comando=do_processo(execucao))
    comando = documento.comando
    return Prova(
        comando=[
            ("Comando de ação de cobrança", f"nº {comando.pk}, {comando.titulo}"),
            ("Ação de Cobrança", comando.acao),
            ("Ação comandada por", comando.criado_por or "o sistema"),
            ("Ação comandada em", momento(comando.criado_em)),
            ("Documentos gerados em", momento(comando.gerado_em)),
            *do_processo(execucao),
        ],
        dados=_dados(documento),
        itens=[_item(item) for item in documento.itens.select_related("conta", "debito").order_by("id")],
        declarar=lambda dia: _da_suspensao(comando.acao, documento, dia) if comando.acao.suspende_abastecimento else [],
    )


def _dados(documento: CobrancaDocumento) -> Pares:
    dados = [
        ("Documento", documento.numero),
        ("Imóvel", formatar_matricula(documento.imovel_id)),
        ("Emissão", data(documento.emissao)),
        ("Validade", data(documento.validade)),
        ("Total", f"R$ {moeda(documento.valor)}"),
        ("Forma", "Ficha de compensação" if documento.ficha else "Código de arrecadação"),
    ]
    if documento.ficha:
        dados += [("Conta bancária", documento.conta_bancaria), ("Nosso número", documento.nosso_numero_impresso)]
    if documento.cancelado:
        dados.append(("Situação na emissão do dossiê", "cancelado"))
    elif documento.pago_em:
        dados.append(("Pago em", data(documento.pago_em)))
    return dados


def _item(item: CobrancaDocumentoItem) -> Pares:
    if item.conta:
        nome, vence = f"Conta {mes_ano(item.conta.referencia)}", [("vencida em", data(item.conta.vencimento))]
    else:
        nome, vence = f"{item.debito.descricao} {mes_ano(item.debito.referencia)}", []
    return [(nome, ""), *vence, ("de", f"R$ {moeda(item.valor)}")]


def _da_suspensao(acao: AcaoCobranca, documento: CobrancaDocumento, dia: date) -> list[str]:
    """What it proves of the notice that the law asks for, counted from the day on which a server took it."""
    return [
        f"A ação “{acao}” pode levar à suspensão do abastecimento do imóvel {formatar_matricula(documento.imovel_id)}."
        " Esta mensagem avisou o usuário do débito, com o texto e o código de pagamento que estão neste dossiê.",
        f"A Lei 11.445/2007 (art. 40, § 2º) pede aviso prévio de ao menos {AVISO_PREVIO.days} dias antes da suspensão."
        f" Contados de {data(dia)}, eles se completam em {data(dia + AVISO_PREVIO)}.",
        "Este dossiê não prova que a suspensão ocorreu, nem que o débito permaneceu em aberto depois da emissão dele.",
    ]
