"""Rows of the campaigns for tests: each function makes one valid thing with all that it needs."""

import itertools
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from mensageria.models import Remetente, ServicoEmail
from mensageria.pagamento.boleto import ler_linha
from preventivo.models import Acordo, Boleto, Campanha, Layout, Operacao, Registro, TipoCampanha
from simuladores.boletos import cpf_de, linha_de_boleto
from tests.fabricas import HOJE, meio_dia, novo_parametro_sistema

AGORA = meio_dia(HOJE)
SEGREDO = "segredo"
_numeros = itertools.count(1)
S = Campanha.Situacao


def novo_cpf() -> str:
    return cpf_de(100_000_000 + next(_numeros))


def nova_operacao(codigo: str = "claro", *, smtp: tuple[str, int] = ("127.0.0.1", 2525), **campos) -> Operacao:
    """One of the manual's, whose API answers nowhere unless `url` says where, and whose e-mails leave by `smtp`."""
    novo_parametro_sistema()
    if "remetente" not in campos:
        servico = ServicoEmail.objects.create(
            nome=f"SERVICO_{codigo.upper()}_{next(_numeros)}", host=smtp[0], porta=smtp[1], seguranca="nenhuma", prazo=5
        )
        email = f"{codigo}{servico.pk}@cobranca.exemplo.com.br"
        campos["remetente"] = Remetente.objects.create(nome=codigo.upper(), email=email, servico=servico)
    padrao = {
        "nome": {"claro": "Claro", "net": "Net", "semparar": "Sem Parar"}.get(codigo, codigo.upper()),
        "dialeto": {"semparar": "sem_parar"}.get(codigo, codigo),
        "url": "http://127.0.0.1:9/claro",
        "usuario": "avisa",
        "segredo": SEGREDO,
        "conexoes": 2,
        "limite_segundo": 1000,
        "prazo": 5,
    }
    return Operacao.objects.update_or_create(codigo=codigo, defaults=padrao | campos)[0]


def novo_tipo(operacao: Operacao, nome: str = "FASE DE TESTE") -> TipoCampanha:
    """With a layout in force."""
    tipo, novo = TipoCampanha.objects.get_or_create(operacao=operacao, nome=nome)
    if novo:
        Layout.objects.create(
            tipo=tipo,
            versao=1,
            assunto="Boleto {NOME_OPERACAO} de {VENCIMENTO}",
            corpo="Olá, {CPF}.\n\nO boleto do acordo {ACORDO}, de R$ {VALOR}, vence em {VENCIMENTO}.",
        )
    return tipo


def nova_campanha(
    operacao: Operacao | None = None,
    *,
    cpfs: Mapping[str, Iterable[str]] | int = 0,
    situacao: int = S.COLETANDO,
    envia_em: datetime = AGORA,
    proxima_em: datetime | None = AGORA - timedelta(days=1),
    **campos,
) -> Campanha:
    """A campaign with the CPFs and their addresses, or with so many of one address each, which are to be collected."""
    operacao = operacao or nova_operacao()
    if isinstance(cpfs, int):
        cpfs = {cpf: [f"{cpf}@exemplo.com.br"] for cpf in (novo_cpf() for _ in range(cpfs))}
    padrao = {
        "tipo": campos.pop("tipo", None) or novo_tipo(operacao),
        "nome_do_arquivo": "clientes.csv",
        "resumo": f"{next(_numeros):064d}",
        "registros": len(cpfs),
        "criado_em": AGORA - timedelta(days=2),
        "confirmada_em": AGORA - timedelta(days=1),
    }
    campanha = Campanha.objects.create(operacao=operacao, situacao=situacao, envia_em=envia_em, **padrao | campos)
    Registro.objects.bulk_create(
        Registro(campanha=campanha, linha=linha, cpf=cpf, emails=list(emails), proxima_em=proxima_em)
        for linha, (cpf, emails) in enumerate(cpfs.items(), start=2)
    )
    return campanha


def novo_registro(campanha: Campanha, emails: Iterable[str] = ("ana@exemplo.com.br",), **campos) -> Registro:
    """A CPF whose answer is fresh: nothing more is asked about it."""
    padrao = {"cpf": novo_cpf(), "linha": next(_numeros), "coletado_em": campanha.envia_em - timedelta(hours=1)}
    return Registro.objects.create(campanha=campanha, emails=list(emails), **padrao | campos)


def novo_boleto(
    campanha: Campanha,
    emails: Iterable[str] = ("ana@exemplo.com.br",),
    *,
    registro: Registro | None = None,
    vencimento: date = HOJE,
    valor: str | Decimal = "123.45",
    **campos,
) -> Boleto:
    """Open, right and fresh, due on the day of the campaign, of a CPF of its own unless one is given."""
    registro = registro or novo_registro(campanha, emails)
    acordo = Acordo.objects.create(registro=registro, numero=f"AC{next(_numeros)}")
    linha = linha_de_boleto(Decimal(valor), vencimento, next(_numeros))
    padrao = {
        "numero": f"B{next(_numeros)}",
        "linha": linha,
        "codigo": ler_linha(linha, vencimento).codigo,
        "beneficiario": "Telefonia do Exemplo S.A.",
        "documento_beneficiario": "11222333000181",
        "conferido_em": campanha.envia_em - timedelta(hours=1),
    }
    return Boleto.objects.create(
        campanha=campanha, acordo=acordo, vencimento=vencimento, valor=Decimal(valor), **padrao | campos
    )
