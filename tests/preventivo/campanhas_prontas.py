"""Campaigns in any situation, with what they would have by then, for tests of the pages."""

import itertools
from datetime import timedelta

from django.utils import timezone

from mensageria.estados import Estado
from mensageria.models import Canal, Lote, Mensagem
from preventivo.models import Acordo, Aviso, Boleto, Campanha, Operacao, Registro, TipoCampanha
from tests.mensageria.apoio import nova_mensagem, por_em
from tests.mensageria.servicos import novo_remetente, novo_servico

S = Campanha.Situacao
_numeros = itertools.count(1)
LINHA = "23791234005678901234156789012345100010000012345"


def pronta(codigo: str = "claro") -> Operacao:
    """The operação with an API and a way out."""
    operacao = Operacao.objects.get(codigo=codigo)
    if operacao.remetente is None:
        numero = next(_numeros)
        servico = novo_servico(numero, nome=f"SERVICO_DE_{codigo.upper()}", cota_mensal=10_000)
        operacao.remetente = novo_remetente(servico, operacao.nome, email=f"{codigo}{numero}@cobranca.exemplo.com.br")
        operacao.url = "http://127.0.0.1:1/"
        operacao.save()
    return operacao


def nova_campanha(situacao: int = S.COLETANDO, *, codigo: str = "claro", tipo: str = "", **campos) -> Campanha:
    """For tomorrow, of the first tipo of the operação, unless it is told otherwise."""
    operacao, agora = pronta(codigo), timezone.now()
    tipos = TipoCampanha.objects.filter(operacao=operacao)
    padrao = {
        "envia_em": agora + timedelta(days=1),
        "situacao": situacao,
        "nome_do_arquivo": "clientes.csv",
        "resumo": f"{next(_numeros):064}",
        "tamanho": 1000,
        "criado_em": agora,
        "conferir_ate": agora + timedelta(hours=24),
        "confirmada_em": None if situacao in (S.IMPORTANDO, S.A_CONFERIR) else agora,
        "iniciada_em": agora if situacao in (*Campanha.NO_ENVIO, S.CONCLUIDA, S.CONCLUIDA_COM_FALHAS) else None,
        "encerrada_em": agora if situacao in Campanha.ENCERRADAS else None,
    }
    do_tipo = tipos.get(nome=tipo) if tipo else tipos.first()
    return Campanha.objects.create(operacao=operacao, tipo=do_tipo, **padrao | campos)


def novo_registro(campanha: Campanha, **campos) -> Registro:
    """A CPF that the company answered about."""
    numero = next(_numeros)
    padrao = {"linha": numero, "cpf": f"{numero:011}", "emails": ["ana@exemplo.com.br"]}
    padrao["coletado_em"] = campanha.envia_em
    return Registro.objects.create(campanha=campanha, **padrao | campos)


def novo_aviso(campanha: Campanha, situacao: str = Aviso.Situacao.NA_FILA, *, cpf: str = "", **campos) -> Aviso:
    """A boleto of a CPF of its own, to one address."""
    registro = novo_registro(campanha, **{"cpf": cpf} if cpf else {})
    acordo = Acordo.objects.create(registro=registro, numero=f"AC-{registro.pk}")
    boleto = Boleto.objects.create(
        campanha=campanha,
        acordo=acordo,
        numero=campos.pop("numero", f"B-{registro.pk}"),
        valor="1234.56",
        vencimento=campanha.dia,
        linha=LINHA,
        conferido_em=timezone.now(),
    )
    return Aviso.objects.create(
        campanha=campanha, boleto=boleto, situacao=situacao, **{"email": "ana@exemplo.com.br"} | campos
    )


def nova_mensagem_de(aviso: Aviso, estado: Estado, **campos) -> Mensagem:
    """The message of an aviso, by the service of its operação."""
    campanha = aviso.campanha
    lote, _ = Lote.objects.get_or_create(execucao=campanha.execucao, origem="preventivo", canal=Canal.EMAIL)
    mensagem = nova_mensagem(
        lote=lote,
        origem="preventivo",
        objeto_id=aviso.pk,
        destino=aviso.email,
        remetente=campanha.operacao.remetente,
        expira_em=timezone.now() + timedelta(days=1),
        **campos,
    )
    return por_em(mensagem, estado)
