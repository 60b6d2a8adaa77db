"""Rows for tests: each function makes one valid thing with all that it needs, and takes what the test cares about."""

import itertools
from datetime import date, datetime, timedelta
from decimal import Decimal

from cadastro.digitos import matricula_com_digito
from cadastro.models import (
    Cliente,
    ClienteEndereco,
    ClienteFone,
    ClienteImovel,
    Gerencia,
    Imovel,
    Localidade,
    Municipio,
    ParametroSistema,
    Perfil,
    Quadra,
    Relacao,
    Rota,
    SetorComercial,
)
from cobranca.models import AcaoCobranca, ComandoAcao, CriterioCobranca
from faturamento.models import ClienteConta, Conta, FaturamentoGrupo, ParametroMensagem
from mensageria.models import GatewaySMS, OrigemEnvio, Remetente, ServicoEmail

HOJE = date(2026, 11, 10)
_numeros = itertools.count(1)


def novo_parametro_sistema(**campos) -> ParametroSistema:
    padrao = {
        "nome_estado": "RIO GRANDE DO NORTE",
        "nome_empresa": "COMPANHIA DE ÁGUAS DE TESTE",
        "abreviatura_empresa": "CAT",
        "cnpj": "11222333000181",
        "logradouro": "Rua da Água, 1",
        "ano_mes_faturamento": 202611,
        "codigo_febraban": "0123",
    }
    return ParametroSistema.objects.update_or_create(pk=1, defaults=padrao | campos)[0]


def nova_localidade(codigo: int = 1) -> Localidade:
    gerencia, _ = Gerencia.objects.get_or_create(nome="GERÊNCIA ÚNICA")
    municipio, _ = Municipio.objects.get_or_create(nome="NATAL", uf="RN", defaults={"ddd": "84"})
    return Localidade.objects.get_or_create(
        pk=codigo, defaults={"nome": f"LOCALIDADE {codigo}", "gerencia": gerencia, "municipio": municipio}
    )[0]


def novo_imovel(*, localidade: Localidade | None = None, perfil: int = 1, **campos) -> Imovel:
    localidade = localidade or nova_localidade()
    setor, _ = SetorComercial.objects.get_or_create(localidade=localidade, codigo=1)
    rota, _ = Rota.objects.get_or_create(setor=setor, codigo=1)
    quadra, _ = Quadra.objects.get_or_create(setor=setor, numero=1, defaults={"rota": rota})
    Perfil.objects.get_or_create(pk=perfil, defaults={"descricao": f"PERFIL {perfil}"})
    padrao = {"matricula": matricula_com_digito(next(_numeros)), "quadra": quadra, "localidade": localidade}
    return Imovel.objects.create(**padrao | {"perfil_id": perfil} | campos)


def novo_cliente(*, celular: str | None = "987654321", ddd: str = "84", **campos) -> Cliente:
    """With both switches on, an address and a celular marked SMS, unless told otherwise."""
    numero = next(_numeros)
    padrao = {
        "nome": f"CLIENTE {numero}",
        "email": f"cliente{numero}@exemplo.com.br",
        "por_sms": True,
        "por_email": True,
    }
    cliente = Cliente.objects.create(**padrao | campos)
    if celular:
        novo_fone(cliente, ddd=ddd, numero=celular, principal=True, sms=True)
    return cliente


def novo_fone(cliente: Cliente, **campos) -> ClienteFone:
    padrao = {"tipo": ClienteFone.Tipo.CELULAR, "ddd": "84", "numero": "987654321"}
    return ClienteFone.objects.create(cliente=cliente, **padrao | campos)


def novo_endereco(cliente: Cliente, **campos) -> ClienteEndereco:
    """For correspondence, unless told otherwise."""
    municipio, _ = Municipio.objects.get_or_create(nome="NATAL", uf="RN", defaults={"ddd": "84"})
    padrao = {
        "tipo": ClienteEndereco.Tipo.RESIDENCIAL,
        "logradouro": "Avenida Senador Salgado Filho",
        "numero": "1555",
        "bairro": "Tirol",
        "municipio": municipio,
        "cep": "59015000",
        "correspondencia": True,
    }
    return ClienteEndereco.objects.create(cliente=cliente, **padrao | campos)


def novo_vinculo(cliente: Cliente, imovel: Imovel, **campos) -> ClienteImovel:
    padrao = {"relacao": Relacao.USUARIO, "inicio": date(2020, 1, 1)}
    return ClienteImovel.objects.create(cliente=cliente, imovel=imovel, **padrao | campos)


def novo_grupo(referencia: int = 202611, codigo: int = 1) -> FaturamentoGrupo:
    return FaturamentoGrupo.objects.update_or_create(
        pk=codigo, defaults={"descricao": f"GRUPO {codigo}", "referencia": referencia}
    )[0]


def nova_conta(*, imovel: Imovel | None = None, cliente: Cliente | None = None, valor="123.45", **campos) -> Conta:
    """Due in three days, in force, unpaid, of the group's reference, with its frozen usuário."""
    imovel = imovel or novo_imovel()
    cliente = cliente or novo_cliente()
    padrao = {
        "localidade_id": imovel.localidade_id,
        "perfil_id": imovel.perfil_id,
        "referencia": 202611,
        "emissao": HOJE - timedelta(days=10),
        "vencimento": HOJE + timedelta(days=3),
        "valor_agua": Decimal(valor),
    }
    if "grupo" not in campos:
        padrao["grupo"] = novo_grupo()
    conta = Conta.objects.create(imovel=imovel, **padrao | campos)
    ClienteConta.objects.create(conta=conta, cliente=cliente)
    conta.refresh_from_db()
    return conta


def novo_parametro(**campos) -> ParametroMensagem:
    padrao = {
        "referencia": 202601,
        "valor_minimo": Decimal("10.00"),
        "categorias": [1, 2, 3, 4],
        "dias_antes": 5,
        "tentativas_email": 3,
        "assunto": "Conta de {NOME}",
        "texto_sms": "CAT: {NOME} mat {MATRICULA} conta {VALOR} vence {VENCTO}",
        "texto_email": "Olá, {NOME}.\n\nA conta do imóvel {MATRICULA} vence em {VENCTO}: R$ {VALOR}.",
    }
    return ParametroMensagem.objects.create(**padrao | campos)


def novas_saidas(
    *, smtp: tuple[str, int] = ("127.0.0.1", 2525), sms: str = "http://127.0.0.1:8025", **servico
) -> tuple[ServicoEmail, GatewaySMS]:
    """A service, a Remetente and a gateway that both origins use."""
    email = ServicoEmail.objects.create(
        nome=f"SERVICO_N{next(_numeros)}", host=smtp[0], porta=smtp[1], seguranca="nenhuma", **{"prazo": 5} | servico
    )
    remetente = Remetente.objects.create(
        nome="Águas de Teste", email=f"avisos{email.pk}@aguas.exemplo.com.br", servico=email
    )
    gateway = GatewaySMS.objects.create(nome=f"GATEWAY_{next(_numeros)}", url=sms, credencial="segredo", prazo=5)
    for origem in ("faturamento", "cobranca"):
        OrigemEnvio.objects.update_or_create(
            origem=origem, defaults={"descricao": origem, "remetente": remetente, "gateway": gateway}
        )
    return email, gateway


def nova_acao(**campos) -> AcaoCobranca:
    criterio, _ = CriterioCobranca.objects.get_or_create(descricao="ATRASO", defaults={"dias_de_atraso": 5})
    padrao = {
        "descricao": f"AVISO {next(_numeros)}",
        "dias_de_validade": 10,
        "tipo_documento": 8,
        "criterio": criterio,
        "por_sms": True,
        "por_email": True,
        "tentativas_email": 3,
        "assunto": "Débitos do imóvel {MATRICULA}",
        "texto_sms": "CAT: {NOME} mat {MATRICULA} debito {VALORDOC} ate {VALIDADEDOC}",
        "texto_email": "{NOME}, o imóvel {MATRICULA} deve R$ {VALORDOC}. Pague até {VALIDADEDOC}.",
    }
    return AcaoCobranca.objects.create(**padrao | campos)


def novo_comando(acao: AcaoCobranca | None = None, **campos) -> ComandoAcao:
    return ComandoAcao.objects.create(**{"titulo": "Comando", "acao": acao or nova_acao()} | campos)


def meio_dia(dia: date) -> datetime:
    """Noon of that day in São Paulo."""
    from zoneinfo import ZoneInfo

    return datetime(dia.year, dia.month, dia.day, 12, tzinfo=ZoneInfo("America/Sao_Paulo"))
