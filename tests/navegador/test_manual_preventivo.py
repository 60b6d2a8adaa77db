"""The manual of the campaigns from its first section to its last, with the rotation off: a campaign is registered, its
service is exhausted, and somebody changes it, first to an exhausted one."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from playwright.sync_api import Page, expect

from mensageria import alertas_email, envio, rotacao
from mensageria.models import DestinatarioAlerta, Remetente, ServicoEmail
from preventivo import campanhas, coleta, importacao
from preventivo.models import Campanha, Operacao
from simuladores.boletos import Acordo, Boleto, cpf_de, linha_de_boleto
from simuladores.operadoras import OperadorasSimuladas
from simuladores.smtp import ServidorSMTP
from tests.fabricas import novo_parametro_sistema
from tests.mensageria.servicos import esgotar, novo_interno, novo_remetente, novo_servico

CPFS = [cpf_de(123_456_000 + numero) for numero in range(5)]
COTA = 2


@pytest.fixture
def correio():
    with ServidorSMTP() as aberto:
        yield aberto


@pytest.fixture
def api():
    """Each CPF has an agreement with a boleto that is due today, and one between the days of the rule."""
    hoje = timezone.localdate()
    with OperadorasSimuladas(dados={cpf: [_acordo(numero, hoje)] for numero, cpf in enumerate(CPFS)}) as aberta:
        yield aberta


def _acordo(numero: int, hoje) -> Acordo:
    valor = Decimal("50.00") + numero
    vencimentos = (hoje, hoje + timedelta(days=3))
    boletos = (
        Boleto(f"B{numero}-{dia:%d}", valor, dia, linha_de_boleto(valor, dia, 10 * numero + ordem))
        for ordem, dia in enumerate(vencimentos)
    )
    return Acordo(f"AC{numero}", tuple(boletos))


@pytest.fixture
def net(servidor, correio, api) -> Remetente:
    """Net sends through SERVICO_2, whose quota does not last; SERVICO_3 is exhausted already."""
    novo_parametro_sistema()
    novo_interno(correio.porta)
    remetente = novo_remetente(novo_servico(2, porta=correio.porta, cota_mensal=COTA), "Net", rotacao_automatica=False)
    esgotar(novo_servico(3, porta=correio.porta), timezone.now())
    novo_servico(5, porta=correio.porta, cota_mensal=100)
    DestinatarioAlerta.objects.create(email="sistema@exemplo.com.br")
    Operacao.objects.filter(codigo="net").update(
        url=f"{api.url}/net", remetente=remetente, limite_segundo=1000, usuario=api.usuario
    )
    operacao = Operacao.objects.get(codigo="net")
    operacao.segredo = api.segredo
    operacao.save()
    return remetente


def passar_o_tempo() -> datetime:
    """What beat and the workers do."""
    agora = timezone.now()
    campanhas.tique(agora)
    for campanha in Campanha.objects.filter(situacao__in=Campanha.EM_ANDAMENTO):
        coleta.coletar(campanha.operacao_id)
    campanhas.tique(timezone.now())
    for servico in ServicoEmail.objects.filter(uso_interno=False):
        envio.enviar(servico)
    rotacao.tique(timezone.now())
    campanhas.tique(timezone.now())
    alertas_email.enviar_pendentes(timezone.now())
    return agora


def de_quem(correio: ServidorSMTP, quem: str) -> list[str]:
    return [r.conteudo.decode() for r in correio.recebidas if quem in r.destinos]


def pelo_menu(pagina: Page, nome: str) -> None:
    pagina.get_by_role("navigation", name="Menu").get_by_role("link", name=nome).click()


def trocar(pagina: Page, servico: str) -> None:
    linha = pagina.get_by_role("row").filter(has=pagina.get_by_role("rowheader", name="Net"))
    linha.get_by_label("Serviço da operação").select_option(label=servico)
    linha.get_by_role("button", name="Atualizar").click()


def test_the_manual_from_the_registration_to_the_details(entrar, net, correio):
    ana = User.objects.create_user("ana", email="ana@exemplo.com.br")
    ana.groups.add(Group.objects.get(name="operador"))
    pagina = entrar(ana)

    # 1. Cadastro dos Dados
    pagina.goto("/campanha_preventiva/criar_campanha")
    pagina.get_by_label("Selecione a Operação").select_option(label="Net")
    expect(pagina.locator("#id_tipo option:checked")).to_have_text("NET FASE 1")
    amanha = timezone.localdate() + timedelta(days=1)
    pagina.get_by_label("Data").fill(f"{amanha:%d/%m/%Y}")
    pagina.get_by_label("Horário").fill("08:00")
    conteudo = "cpf;email\n" + "".join(f"{cpf};{cpf}@exemplo.com.br\n" for cpf in CPFS)
    planilha = {"name": "clientes.csv", "mimeType": "text/csv", "buffer": conteudo.encode()}
    pagina.get_by_label("Arquivo CSV (Preventivo)").set_input_files(planilha)
    pagina.get_by_role("button", name="CADASTRAR").click()
    pagina.get_by_text("Lendo o arquivo").wait_for()
    campanha = Campanha.objects.get()
    importacao.importar(campanha.pk, timezone.now())
    pagina.get_by_role("heading", name="Confira antes de confirmar").wait_for()
    expect(pagina.get_by_text("O envio não cabe como está.")).to_be_visible()  # and it says so before it begins
    pagina.get_by_role("button", name="Confirmar").click()
    pagina.get_by_role("button", name="Sim").click()
    pagina.get_by_text("Campanha confirmada").wait_for()

    # 2. Desempenho da Campanha: its hour comes, and the service is exhausted midway
    passar_o_tempo()
    agora = timezone.now()
    campanhas.reagendar(campanha.pk, agora + timedelta(milliseconds=1), usuario=ana, agora=agora)
    passar_o_tempo()
    pelo_menu(pagina, "Listar Campanhas")
    linha = pagina.get_by_role("row").filter(has_text="NET FASE 1")
    enviados = linha.locator("[data-rotulo='Email Enviados']")
    expect(enviados).to_have_text(str(COTA))
    expect(linha).to_contain_text("Aguardando troca de serviço")
    alertas = de_quem(correio, "sistema@exemplo.com.br")
    assert "O serviço SERVICO_2 da operação Net esgotou o limite de envios." in alertas[-1]
    assert "Altere o serviço de email para concluir seus envios." in alertas[-1]

    # 4. Alteração de Serviço de Email: one that is exhausted too
    troca = entrar(ana)
    troca.goto("/campanha_preventiva/servico_email")
    trocar(troca, "SERVICO_3 (esgotado)")
    troca.get_by_role("button", name="Usar mesmo assim").click()
    troca.get_by_text("O serviço SERVICO_3 está com o limite de envios esgotado.").first.wait_for()
    passar_o_tempo()
    assert any("O serviço SERVICO_3 da operação Net" in alerta for alerta in de_quem(correio, "sistema@exemplo.com.br"))
    expect(enviados).to_have_text(str(COTA))

    # and one that is not: the count is seen to grow, and the campaign ends by itself
    trocar(troca, "SERVICO_5")
    troca.get_by_text("atualizado com sucesso").wait_for()
    passar_o_tempo()
    expect(enviados).to_have_text(str(len(CPFS)))
    expect(linha).to_contain_text("Concluída")
    assert any("SERVICO_5" in mensagem for mensagem in de_quem(correio, "ana@exemplo.com.br"))  # the confirmation
    for cpf in CPFS:
        assert len(de_quem(correio, f"{cpf}@exemplo.com.br")) == 1

    linha.get_by_role("link", name="Ver Detalhes").click()
    enviadas = pagina.get_by_role("row").filter(has=pagina.get_by_role("rowheader", name="Enviadas"))
    expect(enviadas.get_by_role("cell").first).to_have_text(str(len(CPFS)))
    for servico, quantas in (("SERVICO_2", COTA), ("SERVICO_5", len(CPFS) - COTA)):
        expect(pagina.get_by_role("row").filter(has_text=servico)).to_contain_text(str(quantas))
