"""Browser tests: pages of the live server in the system's Chromium, under watch.

A test that uses these fixtures fails, besides by what it asserts, when a page does what none may do (`Vigia`).
"""

import re
import threading
import time

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.signals import request_finished, request_started
from django.test import Client

from exemplo import navegador as navegadores

ABERTAS = pytest.StashKey[list]()
PASTA = settings.VAR / "navegador"


def pytest_collection_modifyitems(items):
    for item in items:
        if "navegador" in item.path.parts:
            item.add_marker("navegador")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    """What the pages did is part of the test, not of its end: it makes the test fail."""
    resultado = yield
    for _, vigia in pyfuncitem.stash.get(ABERTAS, []):
        vigia.conferir()
    return resultado


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep the picture of each page of a test that failed, and say what the page did, even if it is not why."""
    relatorio = yield
    if relatorio.when == "call" and relatorio.failed:
        nome = re.sub(r"[^\w.-]+", "-", item.nodeid.removeprefix("tests/navegador/")).strip("-")
        for numero, (pagina, vigia) in enumerate(item.stash.get(ABERTAS, []), 1):
            arquivo = PASTA / f"{nome}-{numero}.png"
            pagina.screenshot(path=arquivo, full_page=True)
            relatorio.sections.append(("tela", "\n".join([f"{pagina.url}: {arquivo}", *vigia.faltas])))
    return relatorio


@pytest.fixture(scope="package")
def navegador():
    """One browser for the tests of this package, gone when tests of another begin: they have no event loop."""
    with navegadores.chromium() as aberto:
        yield aberto


@pytest.fixture
def servidor(live_server):
    """The address of the live server. At the end, waits for the requests that closed pages left behind: the flush
    that follows and a query that is half-way could each wait for the other."""
    em_curso: set[int] = set()

    def comecou(**_):
        em_curso.add(threading.get_ident())

    def terminou(**_):
        em_curso.discard(threading.get_ident())

    request_started.connect(comecou)
    request_finished.connect(terminou)
    yield live_server.url
    limite = time.monotonic() + 5
    while em_curso - {threading.get_ident()} and time.monotonic() < limite:
        time.sleep(0.01)
    request_started.disconnect(comecou)
    request_finished.disconnect(terminou)


@pytest.fixture
def abrir(request, navegador, servidor):
    """Make pages with nobody logged in: `abrir()` on a computer, `abrir(**CELULAR)`, `abrir(**SEM_JAVASCRIPT)`."""
    abertas = request.node.stash[ABERTAS] = []

    def nova(*, sessao: str = "", **opcoes):
        pagina, vigia = navegadores.abrir(navegador, servidor, sessao, **opcoes)
        abertas.append((pagina, vigia))
        return pagina

    yield nova
    for pagina, _ in abertas:
        pagina.context.close()


@pytest.fixture
def entrar(abrir):
    """Make pages with somebody logged in: `entrar("operador")` is a new person of that group in a context of their own;
    "" is a person of no group. A User may be given instead. Options are those of `abrir`."""

    def com(quem: str | User, **opcoes):
        pessoa = quem if isinstance(quem, User) else _pessoa(quem)
        cliente = Client()
        cliente.force_login(pessoa)
        return abrir(sessao=cliente.session.session_key, **opcoes)

    return com


def _pessoa(grupo: str) -> User:
    pessoa = User.objects.create_user(f"{grupo or 'sem-grupo'}-{User.objects.count() + 1}", is_staff=True)
    if grupo:
        pessoa.groups.add(Group.objects.get(name=grupo))
    return pessoa


@pytest.fixture
def falta_esperada(request):
    """For a test that provokes a fault: `falta_esperada(r"resposta 500")` asserts it was seen, and forgets it."""

    def conferir(padrao: str) -> None:
        vistas = [(vigia, falta) for _, vigia in request.node.stash[ABERTAS] for falta in vigia.ver()]
        achadas = [(vigia, falta) for vigia, falta in vistas if re.search(padrao, falta)]
        assert achadas, f"nenhuma falta com {padrao!r}; as que houve: {[falta for _, falta in vistas]}"
        for vigia, falta in achadas:
            vigia.faltas.remove(falta)

    return conferir
