"""Calendário de Contato in a browser: hours and holidays are given, and who reads sees what holds and what waits."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from mensageria import calendario
from mensageria.models import Canal, FeriadoLocal
from tests.fabricas import nova_localidade
from tests.mensageria.apoio import nova_mensagem

from .acessibilidade import acessivel

PAGINA = "/mensagens/calendario/"
DOIS_MODOS = pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])


def linha(pagina, nome: str):
    return pagina.get_by_role("row").filter(has=pagina.get_by_role("rowheader", name=nome, exact=True))


@DOIS_MODOS
def test_hours_are_given_to_a_channel_of_an_origin(entrar, opcoes):
    pagina = entrar("operador", **opcoes)
    pagina.goto(PAGINA)
    expect(pagina.locator("#agora")).to_contain_text("SMS de cobrança: aberto a qualquer hora")

    linha(pagina, "SMS de cobrança").get_by_role("link", name="Alterar").click()
    pagina.get_by_label("Só nestes horários").check()
    expect(pagina.get_by_label("segunda-feira, das")).to_have_value("08:00")
    pagina.get_by_label("segunda-feira, até").fill("07:00")
    pagina.get_by_role("button", name="Gravar").click()
    expect(pagina.locator("#id_ate_0_error")).to_contain_text("O fim deve ser depois do começo")

    pagina.get_by_label("segunda-feira, até").fill("24:00")
    pagina.get_by_role("button", name="Gravar").click()

    pagina.get_by_text("Calendário de SMS de cobrança gravado.").wait_for()
    expect(linha(pagina, "SMS de cobrança").get_by_role("cell").first).to_have_text("08:00–24:00")
    expect(linha(pagina, "SMS de faturamento")).to_contain_text("a qualquer hora")


@DOIS_MODOS
def test_a_local_holiday_is_added_and_removed(entrar, servidor, opcoes):
    nova_localidade(7)
    pagina = entrar("supervisor", **opcoes)
    pagina.goto(f"{PAGINA}?ano=2027")
    expect(pagina.get_by_role("heading", name="Feriados nacionais de 2027")).to_be_visible()

    pagina.get_by_label("Data").fill("25/12/2027")
    pagina.get_by_label("Descrição").fill("NATAL")
    pagina.get_by_role("button", name="Adicionar").click()
    expect(pagina.locator("#feriado")).to_contain_text("Este dia já é feriado nacional")
    expect(pagina.get_by_label("Descrição")).to_have_value("NATAL")

    pagina.get_by_label("Data").fill("10/08/2027")
    pagina.get_by_label("Descrição").fill("PADROEIRA")
    pagina.get_by_label("Localidade").select_option("7 - LOCALIDADE 7")
    pagina.get_by_role("button", name="Adicionar").click()
    expect(linha(pagina, "PADROEIRA")).to_contain_text("localidade 7 - LOCALIDADE 7")

    linha(pagina, "PADROEIRA").get_by_role("button", name="Remover").click()
    pagina.get_by_role("button", name="Sim").click()
    pagina.get_by_text("Feriado removido: 10/08/2027, PADROEIRA.").wait_for()
    assert not FeriadoLocal.objects.exists()


def test_what_waits_says_until_when(entrar, servidor, django_user_model):
    """On a balance and on the page of the message; the window never opens, whatever the hour of the test."""
    mensagem = nova_mensagem(enviar_apos=timezone.now(), proxima_tentativa_em=timezone.now())
    calendario.definir(Canal.EMAIL, "", {}, usuario=django_user_model.objects.create_user("ana"))
    pagina = entrar("operador")

    pagina.goto(f"/mensagens/execucao/{mensagem.lote.execucao}/")
    expect(pagina.get_by_role("main")).to_contain_text("Aguardando janela (nunca abre)")
    pagina.goto(f"/mensagens/{mensagem.pk}/")
    expect(pagina.locator("#espera")).to_contain_text("Aguardando janela (nunca abre).")


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_its_pages_are_accessible_and_fit(entrar, servidor, django_user_model, opcoes):
    pessoa = django_user_model.objects.create_user("ana")
    calendario.definir(Canal.SMS, "cobranca", {}, usuario=pessoa)
    hoje = timezone.localdate()
    lugar = nova_localidade(7)
    for n, onde in enumerate(({"localidade": lugar}, {"municipio": lugar.municipio}, {})):
        FeriadoLocal.objects.create(
            data=date(hoje.year, 8, 10) + timedelta(days=n),
            descricao="NOSSA SENHORA DOS NAVEGANTES, PADROEIRA DA CIDADE BAIXA"[: 60 - n],
            **onde,
        )
    FeriadoLocal.objects.get_or_create(data=hoje, defaults={"descricao": "ANIVERSÁRIO DA CIDADE"})
    pagina = entrar("operador", **opcoes)

    for onde in (PAGINA, f"{PAGINA}1/cobranca/", f"{PAGINA}2/todas/"):
        pagina.goto(onde)
        acessivel(pagina)
        assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pagina.goto(f"{PAGINA}1/cobranca/")
    pagina.get_by_label("terça-feira, das").fill("9")
    pagina.get_by_role("button", name="Gravar").click()
    pagina.get_by_text("Corrija o que segue").wait_for()
    acessivel(pagina)
