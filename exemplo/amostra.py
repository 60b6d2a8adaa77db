"""The sample: a small fictitious utility, ready to announce its bills through the simulators.

Its CSV files (`dados/exemplo/`) hold offsets from the import day, so it never goes stale.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from cadastro.importacao import ErroDeImportacao, ResultadoArquivo, importar
from cadastro.models import (
    Cliente,
    ClienteEndereco,
    Funcionario,
    Imovel,
    Municipio,
    ParametroSistema,
    UnidadeOrganizacional,
)
from cobranca.documentos import gerar_documentos
from cobranca.models import AcaoCobranca, ComandoAcao, CriterioCobranca
from faturamento.models import ParametroMensagem
from mensageria.models import DestinatarioAlerta, GatewaySMS, OrigemEnvio, Remetente, ServicoEmail

PASTA = settings.BASE_DIR / "dados" / "exemplo"
PERFIL_ESPECIAL = 5
DIAS_ANTES = 5
TOKEN_DO_SIMULADOR = "segredo"
COTA_MENSAL = 50_000  # of each e-mail service: what the sample sends does not come near


def ja_carregada() -> bool:
    """Whether this database has anything of a customer's in it."""
    return ParametroSistema.objects.exists() or Imovel.objects.exists()


def carregar(*, hoje: date, agora: datetime, smtp: str, sms: str, recusadas: Path) -> list[ResultadoArquivo]:
    """Load the sample as of `hoje`: base, parameters, texts, actions and their documents.

    `smtp` is host:port and `sms` the address of the gateway. Lines that the import refuses go to `recusadas`.
    """
    resultados = importar(PASTA, saida=recusadas, hoje=hoje)
    if falhas := [resultado for resultado in resultados if resultado.erro]:
        raise ErroDeImportacao("; ".join(f"{falha.arquivo}: {falha.erro}" for falha in falhas))
    with transaction.atomic():
        configurar(hoje=hoje, smtp=smtp, sms=sms)
        _enderecos()
        comandar_acoes(hoje=hoje, agora=agora)
    return resultados


def configurar(*, hoje: date, smtp: str, sms: str) -> None:
    """The parameters, the services and the billing text of the sample."""
    _parametros(hoje)
    _saidas(smtp, sms)
    _textos(hoje)


def _parametros(hoje: date) -> None:
    natal, _ = Municipio.objects.get_or_create(nome="NATAL", uf="RN", defaults={"ddd": "84"})
    ParametroSistema.objects.create(
        nome_estado="RIO GRANDE DO NORTE",
        nome_empresa="ÁGUAS DO EXEMPLO S.A.",
        abreviatura_empresa="AGUAEX",
        cnpj="11222333000181",
        inscricao_estadual="200000000",
        unidade_presidencia=UnidadeOrganizacional.objects.create(id=100, descricao="PRESIDÊNCIA"),
        presidente=Funcionario.objects.create(id=2000018, nome="IRACEMA DAS NEVES"),
        diretor_comercial=Funcionario.objects.create(id=2000026, nome="JOÃO DAS ÁGUAS"),
        logradouro="Rua das Nascentes",
        numero="100",
        bairro="Tirol",
        municipio=natal,
        cep="59000000",
        telefone="30000195",
        ramal="1000",
        telefone_atendimento="0800 000 0195",
        site="https://aguas.example",
        email="atendimento@aguas.example",
        titulos_relatorio="ÁGUAS DO EXEMPLO",
        exibir_mensagem=True,
        valor_ficha_guia=10_000_000,
        valor_ficha_demonstrativo=10_000_000,
        usa_rota=True,
        versao_celular="3.1.5.0",
        dias_bloqueio_celular=180,
        dominio_email="aguas.example",
        ano_mes_faturamento=hoje.year * 100 + hoje.month,
        codigo_febraban="0123",
        perfil_programa_especial_id=PERFIL_ESPECIAL,
    )


def _enderecos() -> None:
    """Where each customer gets letters, which the import does not bring."""
    ruas = ("Rua das Dunas", "Avenida do Farol", "Travessa dos Cajueiros", "Rua Professora Maria de Lourdes")
    natal = Municipio.objects.get(nome="NATAL", uf="RN")
    ClienteEndereco.objects.bulk_create(
        ClienteEndereco(
            cliente_id=pk,
            tipo=ClienteEndereco.Tipo.RESIDENCIAL,
            logradouro=ruas[pk % len(ruas)],
            numero=str(10 * (pk % 90) + 10),
            bairro="Ponta Negra" if pk % 2 else "Tirol",
            municipio=natal,
            cep=f"590{pk % 100:02}000",
            correspondencia=True,
        )
        for pk in Cliente.objects.values_list("pk", flat=True)
    )


def _saidas(smtp: str, sms: str) -> None:
    """SERVICO_1 for alerts alone; the others take over from each other, from SERVICO_2 on, with the manual's gap."""
    host, _, porta = smtp.rpartition(":")
    servicos = [
        ServicoEmail.objects.create(
            nome=f"SERVICO_{numero}",
            ordem=10 * numero,
            uso_interno=numero == 1,
            cota_mensal=COTA_MENSAL if numero > 1 else None,
            host=host,
            porta=int(porta),
            seguranca=ServicoEmail.Seguranca.NENHUMA,
            prazo=10,
        )
        for numero in (1, 2, 3, 5, 6)
    ]
    remetente = Remetente.objects.create(nome="Águas do Exemplo", email="avisos@aguas.example", servico=servicos[1])
    DestinatarioAlerta.objects.create(email="alertas@aguas.example")
    gateway = GatewaySMS.objects.create(
        nome="SIMULADOR", url=sms if urlsplit(sms).scheme else f"http://{sms}", credencial=TOKEN_DO_SIMULADOR, prazo=10
    )
    for origem, descricao in (("faturamento", "Faturamento"), ("cobranca", "Cobrança")):
        OrigemEnvio.objects.create(origem=origem, descricao=descricao, remetente=remetente, gateway=gateway)


def _textos(hoje: date) -> None:
    parametro = ParametroMensagem(
        referencia=hoje.year * 100 + hoje.month,
        valor_minimo=10,
        categorias=[1, 2, 4],
        dias_antes=DIAS_ANTES,
        tentativas_email=3,
        assunto="Sua conta de água vence em {VENCTO}",
        texto_sms="AGUAEX: {NOME}, matr {MATRICULA}, vence {VENCTO}, R$ {VALOR}.",
        texto_email=(
            "Olá, {NOME}.\n\n"
            "A conta do imóvel de matrícula {MATRICULA} vence em {VENCTO}, no valor de R$ {VALOR}.\n\n"
            "Se já pagou, desconsidere esta mensagem."
        ),
    )
    parametro.full_clean()
    parametro.save()


def comandar_acoes(*, hoje: date, agora: datetime) -> None:
    """Two collection actions with their documents: one to announce now, one from three days on."""
    criterio = CriterioCobranca.objects.create(descricao="ATRASO DE 20 DIAS", dias_de_atraso=20, valor_minimo=20)
    for titulo, nome, dias in (("Aviso de débito", "AVISO DE DÉBITO", 0), ("Aviso de corte", "AVISO DE CORTE", 3)):
        acao = AcaoCobranca(
            descricao=nome,
            dias_de_validade=15,
            tipo_documento=8,
            criterio=criterio,
            considera_debitos=True,
            por_sms=True,
            por_email=True,
            tentativas_email=3,
            assunto="Débitos do imóvel {MATRICULA}",
            texto_sms="AGUAEX: {NOME}, matr {MATRICULA}, debito R$ {VALORDOC} ate {VALIDADEDOC}.",
            texto_email=(
                "Prezado(a) {NOME},\n\n"
                "O imóvel de matrícula {MATRICULA} tem débitos de R$ {VALORDOC}. "
                "Pague até {VALIDADEDOC} e evite a interrupção do abastecimento."
            ),
        )
        acao.full_clean()
        acao.save()
        comando = ComandoAcao.objects.create(
            titulo=titulo, acao=acao, enviar_a_partir_de=hoje + timedelta(days=dias) if dias else None
        )
        gerar_documentos(comando.pk, hoje=hoje, agora=agora)
