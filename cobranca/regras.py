"""The rules of an AcaoCobranca, with GSAN's messages (referencia/gsan.md 3.2), by field."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from django.db.models import Q

from cobranca.textos import DADOS_COBRANCA
from mensageria.textos import conferir_texto

if TYPE_CHECKING:
    from cobranca.models import AcaoCobranca, TipoDocumento

ESPECIAIS = re.compile(r"[^\w .,/()ºª-]|_")


def conferir_acao(acao: AcaoCobranca, *, tipo: TipoDocumento | None, tamanho_maximo_sms: int) -> dict[str, list[str]]:
    """What is wrong with an action whose type of document is `tipo`: {field: messages}; empty when nothing is."""
    erros: dict[str, list[str]] = defaultdict(list)
    _conferir_descricao(acao, erros)
    _conferir_documento(acao, tipo, erros)
    _conferir_itens(acao, erros)
    _conferir_cronograma(acao, erros)
    _conferir_vizinhas(acao, erros)
    if acao.envia_mensagem:
        _conferir_isolamento(acao, erros)
    if acao.por_sms:
        _conferir_sms(acao, erros, tamanho_maximo_sms)
    if acao.por_email:
        _conferir_email(acao, erros)
    return dict(erros)


def _predecessoras(acao: AcaoCobranca) -> dict[str, AcaoCobranca]:
    pares = {"predecessora": acao.predecessora, "predecessora_alternativa": acao.predecessora_alternativa}
    return {campo: outra for campo, outra in pares.items() if outra is not None}


def _sucessoras(acao: AcaoCobranca):
    """The other actions that name this one as predecessora or alternativa; none while it is not stored."""
    outras = type(acao).objects.exclude(pk=acao.pk)
    return outras.filter(Q(predecessora=acao.pk) | Q(predecessora_alternativa=acao.pk)) if acao.pk else outras.none()


def _titulo(acao: AcaoCobranca, campo: str) -> str:
    return acao._meta.get_field(campo).verbose_name.title()


def _conferir_descricao(acao: AcaoCobranca, erros: dict) -> None:
    if achados := dict.fromkeys(ESPECIAIS.findall(acao.descricao)):
        erros["descricao"].append(
            f"Descrição da Ação de Cobrança não pode ter caracteres especiais: {' '.join(achados)}"
        )


def _conferir_documento(acao: AcaoCobranca, tipo: TipoDocumento | None, erros: dict) -> None:
    if tipo is None and acao.tipo_documento is not None:
        erros["tipo_documento"].append("Tipo de Documento inexistente.")
    elif tipo and tipo.pede_texto and not acao.texto_personalizado.strip():
        erros["texto_personalizado"].append("Informe Texto personalizado.")
    if (acao.dias_de_vencimento or 0) > (acao.dias_de_validade or 0):
        erros["dias_de_vencimento"].append(
            "Número de Dias de Vencimento não pode ser maior que o Número de Dias de Validade da Ação."
        )


def _conferir_itens(acao: AcaoCobranca, erros: dict) -> None:
    if not acao.valida_por_item:
        return
    for campo, qual in (("dias_minimos", "Mínimo"), ("dias_maximos", "Máximo")):
        if getattr(acao, campo) is None:
            erros[campo].append(f"Informe Quantidade de Dias {qual} de Cobrança.")
    if None not in (acao.dias_minimos, acao.dias_maximos) and acao.dias_minimos > acao.dias_maximos:
        erros["dias_maximos"].append(
            "Quantidade de Dias Máximo de Cobrança não pode ser menor que a Quantidade de Dias Mínimo."
        )


def _conferir_cronograma(acao: AcaoCobranca, erros: dict) -> None:
    outras = type(acao).objects.exclude(pk=acao.pk)
    if not acao.compoe_cronograma:
        if acao.obrigatoria:
            erros["obrigatoria"].append("Ação Obrigatória deve compor o cronograma.")
        if not acao.envia_mensagem:  # one that does is refused by FS0018
            for campo in _predecessoras(acao):
                nome = _titulo(acao, campo)
                erros[campo].append(f"Ação que não compõe o cronograma não pode ter {nome}.")
        return
    if not acao.ordem_cronograma:
        erros["ordem_cronograma"].append("Informe Ordem no Cronograma.")
    elif repetida := outras.filter(compoe_cronograma=True, ordem_cronograma=acao.ordem_cronograma).first():
        erros["ordem_cronograma"].append(f"Ação {repetida.descricao} já cadastrada com o número de ordem informado.")
    for campo, outra in _predecessoras(acao).items():
        if acao.ordem_cronograma and acao.ordem_cronograma <= outra.ordem_cronograma:
            nome = acao._meta.get_field(campo).verbose_name
            erros["ordem_cronograma"].append(f"A ordem deve ser maior que a da {nome}.")
    seguinte = _sucessoras(acao).filter(compoe_cronograma=True, ordem_cronograma__lte=acao.ordem_cronograma).first()
    if seguinte:  # without this two actions could precede each other
        erros["ordem_cronograma"].append(f"A ordem deve ser menor que a da sucessora {seguinte.descricao}.")


def _conferir_vizinhas(acao: AcaoCobranca, erros: dict) -> None:
    for campo, outra in _predecessoras(acao).items():
        if outra.pk == acao.pk:
            erros[campo].append("Uma ação não pode ser predecessora de si mesma.")
        elif outra.envia_mensagem:  # FS0020, for the alternativa too
            erros[campo].append("A Ação Predecessora não pode ter mensagem associada.")
    if acao.predecessora and acao.dias_da_predecessora is None:
        erros["dias_da_predecessora"].append("Informe Número de Dias entre a Ação e sua Predecessora.")


def _conferir_isolamento(acao: AcaoCobranca, erros: dict) -> None:
    if acao.tipo_servico_id:  # FS0017
        erros["tipo_servico"].append("Ação com mensagem não pode ter Tipo de Serviço associado.")
    for campo in _predecessoras(acao):  # FS0018, for the alternativa too
        erros[campo].append(f"Ação com mensagem não pode ter {_titulo(acao, campo)}.")
    if acao.compoe_cronograma:  # FS0019
        erros["compoe_cronograma"].append("Ação com mensagem não pode compor o cronograma.")
    if seguinte := _sucessoras(acao).first():  # the hole of FS0020: turning it on in an action that others follow
        campo = "por_sms" if acao.por_sms else "por_email"
        erros[campo].append(f"Ação com mensagem não pode ter sucessora, e é predecessora de {seguinte.descricao}.")


def _conferir_sms(acao: AcaoCobranca, erros: dict, maximo: int) -> None:
    if not acao.texto_sms.strip():
        erros["texto_sms"].append("Informe Texto SMS.")
        return
    erros["texto_sms"] += conferir_texto("SMS", acao.texto_sms, DADOS_COBRANCA, acao.transliterar, maximo)
    if not erros["texto_sms"]:
        del erros["texto_sms"]


def _conferir_email(acao: AcaoCobranca, erros: dict) -> None:
    if not acao.tentativas_email:
        erros["tentativas_email"].append("Informe número máximo de tentativas de envio.")
    if not acao.texto_email.strip():
        erros["texto_email"].append("Informe Texto E-MAIL.")
    elif problemas := conferir_texto("E-MAIL", acao.texto_email, DADOS_COBRANCA):
        erros["texto_email"] += problemas
    if not acao.assunto.strip():
        erros["assunto"].append("Informe Assunto do e-mail.")
    elif problemas := conferir_texto("assunto", acao.assunto, DADOS_COBRANCA):
        erros["assunto"] += problemas
