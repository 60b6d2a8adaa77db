"""The guard of the browser tests bites: each thing that no page may do makes a test fail, and nothing else does."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from exemplo.navegador import CELULAR, SEM_JAVASCRIPT, FaltasNaPagina

from .acessibilidade import acessivel

nossas_paginas = pytest.mark.urls("tests.navegador.urls")


@nossas_paginas
@pytest.mark.parametrize(
    ("caminho", "falta"),
    [
        ("/console/", "console: quebrou"),
        ("/politica/", "console: .*Content Security Policy"),
        ("/script/", "erro de script: .*naoExiste"),
        ("/fora/", "pedido a outra máquina: https://fora.example/logo.png"),
        ("/fora-da-porta/", "pedido a outra máquina: http://localhost:1/logo.png"),
        ("/sem-arquivo/", "resposta 404: .*/static/nao-ha.css"),
        ("/com-quebrada/", "resposta 500: .*/quebrada/"),
        ("/quebrada/", "resposta 500: .*/quebrada/"),
    ],
)
def test_what_no_page_may_do_is_seen(abrir, falta_esperada, caminho, falta):
    abrir().goto(caminho, wait_until="networkidle")

    falta_esperada(falta)


@nossas_paginas
def test_a_window_that_a_page_opens_is_watched_too(abrir, falta_esperada):
    pagina = abrir()
    pagina.goto("/janela/")

    with pagina.context.expect_page() as nova:
        pagina.get_by_role("link", name="Abrir").click()
    nova.value.wait_for_load_state()

    falta_esperada("console: quebrou")


@nossas_paginas
def test_a_fault_that_the_test_does_not_speak_of_makes_it_fail(request, abrir, falta_esperada, monkeypatch):
    abrir().goto("/console/")
    monkeypatch.setattr(request.node, "obj", lambda **_: None)

    with pytest.raises(FaltasNaPagina, match="console: quebrou"):
        request.node.ihook.pytest_pyfunc_call(pyfuncitem=request.node)

    falta_esperada("quebrou")


@nossas_paginas
@pytest.mark.parametrize("caminho", ["/boa/", "/dados/"])
def test_a_good_page_passes(abrir, caminho):
    pagina = abrir()
    pagina.goto(caminho)

    acessivel(pagina)


@nossas_paginas
def test_a_page_may_answer_403_and_404(abrir):
    pagina = abrir()

    assert pagina.goto("/proibida/").status == 403
    assert pagina.goto("/ausente/").status == 404


@nossas_paginas
def test_a_field_without_a_label_is_found_in_both_themes(abrir):
    pagina = abrir()
    pagina.goto("/sem-nome/")

    with pytest.raises(AssertionError, match=r"(?s)claro: label \(critical\).*: input: .*escuro: label"):
        acessivel(pagina)


@nossas_paginas
def test_a_page_without_javascript_is_refused_at_once(abrir):
    pagina = abrir(**SEM_JAVASCRIPT)
    pagina.goto("/boa/")

    with pytest.raises(AssertionError, match="axe-core precisa de JavaScript"):
        acessivel(pagina)


@nossas_paginas
def test_a_contrast_that_is_low_only_in_the_dark_is_found_and_the_theme_put_back(abrir):
    pagina = abrir()
    pagina.goto("/so-no-escuro/")

    with pytest.raises(AssertionError) as erro:
        acessivel(pagina)

    assert "escuro: color-contrast (serious)" in str(erro.value)
    assert "claro:" not in str(erro.value)
    assert pagina.evaluate("Object.keys(document.documentElement.dataset).length") == 0


@nossas_paginas
def test_static_files_are_served(abrir):
    pagina = abrir()
    pagina.goto("/com-arquivo/")

    assert pagina.evaluate("document.styleSheets[0].cssRules.length") > 100


@nossas_paginas
def test_a_person_of_the_group_is_logged_in_and_each_page_has_its_own(entrar, abrir, admin_user):
    paginas = (entrar("operador"), entrar("operador", **CELULAR), entrar("supervisor"), entrar(admin_user), abrir())
    for pagina in paginas:
        pagina.goto("/quem/")

    nomes = [pagina.get_by_role("status").inner_text() for pagina in paginas]
    assert [User.objects.get(username=nome).groups.get().name for nome in nomes[:3]] == [
        "operador",
        "operador",
        "supervisor",
    ]
    assert nomes[0] != nomes[1]
    assert nomes[3:] == ["admin", "ninguém"]


@nossas_paginas
def test_the_computer_is_brazilian_and_1366_pixels_wide(abrir):
    pagina = abrir()
    pagina.goto("/boa/")

    assert pagina.evaluate("[innerWidth, innerHeight, navigator.language]") == [1366, 768, "pt-BR"]
    assert pagina.evaluate("new Date(0).toLocaleString()") == "31/12/1969, 21:00:00"


@nossas_paginas
def test_the_cell_phone_is_390_pixels_wide(abrir):
    pagina = abrir(**CELULAR)
    pagina.goto("/boa/")

    assert pagina.evaluate("screen.width") == 390


@nossas_paginas
def test_a_form_goes_without_javascript(abrir):
    pagina = abrir(**SEM_JAVASCRIPT)
    pagina.goto("/formulario/")

    pagina.get_by_label("Nome").fill("José")
    pagina.get_by_role("button", name="Concluir").click()

    expect(pagina.get_by_text("Recebido: José")).to_be_visible()
