"""The pictures of the pages: made of what the pages show, and not at all of a page with a fault."""

import os

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from PIL import Image

from exemplo import demonstracao, navegador
from exemplo.telas import PAGINAS, VARIANTES, Pagina, TelaComDefeito, em, fotografar, sessao_de

pytestmark = pytest.mark.navegador

ENTRAR = Pagina("entrar", em("telas:entrar"), anonima=True)
INICIO = Pagina("inicio", em("admin:index"))


def media(arquivo) -> float:
    """How light a picture is, from 0 to 255."""
    with Image.open(arquivo) as foto:
        cinza = list(foto.convert("L").resize((32, 32)).tobytes())
    return sum(cinza) / len(cinza)


def test_each_page_is_a_small_picture_of_1366_by_768(live_server, admin_user, tmp_path):
    arquivos = fotografar(live_server.url, sessao_de(admin_user), (ENTRAR, INICIO), tmp_path / "imagens")

    assert [arquivo.name for arquivo in arquivos] == ["entrar.png", "inicio.png"]
    for arquivo in arquivos:
        with Image.open(arquivo) as foto:
            assert (foto.size, foto.mode) == ((1366, 768), "P")
            assert len(foto.getcolors()) > 20
        assert arquivo.stat().st_size < 100_000
    assert arquivos[0].read_bytes() != arquivos[1].read_bytes()
    assert "DJANGO_ALLOW_ASYNC_UNSAFE" not in os.environ  # it was for as long as the browser ran


def test_the_variants_are_dark_and_on_a_cell_phone(live_server, admin_user, tmp_path):
    clara, *outras = fotografar(live_server.url, sessao_de(admin_user), (ENTRAR,), tmp_path, {"": {}, **VARIANTES})

    assert [arquivo.stem for arquivo in outras] == ["entrar-escuro", "entrar-celular", "entrar-celular-escuro"]
    escura, celular, _ = outras
    assert media(escura) < 100 < media(clara)
    with Image.open(celular) as foto:
        assert foto.width == 390


def test_the_steps_are_taken_before_the_picture(live_server, admin_user, tmp_path):
    def escrever(pagina):
        pagina.get_by_label("Usuário").fill("maria.souza")

    com_passos = Pagina("preenchida", ENTRAR.onde, passos=escrever, anonima=True)
    vazia, preenchida = fotografar(live_server.url, "", (ENTRAR, com_passos), tmp_path)

    assert vazia.read_bytes() != preenchida.read_bytes()


def ter_erro(pagina):
    pagina.evaluate("console.error('quebrou')")


@pytest.mark.parametrize(
    ("pagina", "mensagem"),
    [
        (Pagina("ausente", lambda: "/nao-ha/"), r"ausente: http://\S+/nao-ha/ respondeu 404"),
        (Pagina("com-erro", em("admin:index"), passos=ter_erro), "com-erro: console: quebrou"),
    ],
)
def test_a_page_with_a_fault_is_not_pictured(live_server, admin_user, tmp_path, pagina, mensagem):
    with pytest.raises(TelaComDefeito, match=mensagem):
        fotografar(live_server.url, sessao_de(admin_user), (pagina,), tmp_path)

    assert not list(tmp_path.iterdir())


def test_the_command_pictures_the_chosen_pages_from_a_database_of_its_own(
    django_db_setup, django_db_blocker, monkeypatch, tmp_path, capsys
):
    resultado = demonstracao.Resultado(iniciado=None, linhas=[], nao_geradas=[])
    monkeypatch.setattr(demonstracao, "executar", lambda *_: resultado)  # its own tests run it

    with django_db_blocker.unblock():
        call_command("telas", saida=tmp_path, so=["entrar", "administracao"])

    assert sorted(arquivo.name for arquivo in tmp_path.iterdir()) == ["administracao.png", "entrar.png"]
    assert str(tmp_path / "entrar.png") in capsys.readouterr().out


def test_the_command_knows_its_pages_by_name(capsys):
    with pytest.raises(CommandError, match="nao-ha"):
        call_command("telas", "--so", "nao-ha")

    assert len({pagina.nome for pagina in PAGINAS}) == len(PAGINAS)


@pytest.mark.parametrize(
    ("parte", "valor", "mensagem"),
    [("find_spec", lambda _: None, "requirements-dev.txt"), ("EXECUTAVEIS", (), "apt-get install chromium")],
)
def test_without_a_browser_the_command_says_how_to_get_one_before_anything_else(monkeypatch, parte, valor, mensagem):
    monkeypatch.setattr(navegador, parte, valor)

    with pytest.raises(CommandError, match=mensagem):
        call_command("telas", saida=settings.VAR / "nunca")

    assert not (settings.VAR / "nunca").exists()
