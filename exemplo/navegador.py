"""The system's Chromium, driven by Playwright, and what no page of ours may do in it.

Shared by the screenshots (`exemplo/telas.py`) and the browser tests, the only ones that need Playwright: it is imported
late, since it is not among what the product runs on.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from django.conf import settings

EXECUTAVEIS = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: root has none. Nothing in the background: the only host that may be asked is ours.
ARGUMENTOS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ESPERA = 8_000  # milliseconds

# What a page is opened with, as arguments of `new_context`.
COMPUTADOR = {"viewport": {"width": 1366, "height": 768}}
CELULAR = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SEM_JAVASCRIPT = {"java_script_enabled": False}
BRASIL = {"locale": "pt-BR", "timezone_id": "America/Sao_Paulo"}
# Without motion nothing is half-way through a transition when it is looked at.
PARADO = {"reduced_motion": "reduce", "color_scheme": "light", "service_workers": "block"}

# The browser says this of each answer from 400 on and each request that was stopped; `Vigia` judges them itself.
DO_NAVEGADOR = "Failed to load resource:"


class SemNavegador(Exception):
    """Playwright or Chromium is missing. The message says how to get it."""


class FaltasNaPagina(AssertionError):
    """A page did what no page may do; the message has a line for each fault."""


def executavel() -> str:
    """Where Chromium is; SemNavegador when it, or Playwright, is not there."""
    if find_spec("playwright") is None:
        raise SemNavegador("Falta o Playwright. Para instalar: pip install -r requirements-dev.txt")
    for caminho in filter(None, map(shutil.which, EXECUTAVEIS)):
        return caminho
    raise SemNavegador("Falta o Chromium. No Debian: apt-get install chromium")


@contextmanager
def chromium() -> Iterator:
    """A running browser (Playwright's `Browser`).

    While it runs, Playwright keeps an event loop in this thread, and Django would refuse every query made from it.
    Nothing here is asynchronous: queries are as safe as without the loop, and are allowed until the browser is closed.
    """
    caminho = executavel()
    from playwright.sync_api import sync_playwright

    antes = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with (
            sync_playwright() as playwright,
            playwright.chromium.launch(executable_path=caminho, args=list(ARGUMENTOS)) as navegador,
        ):
            yield navegador
    finally:
        if antes is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = antes


def abrir(navegador, url: str, sessao: str = "", **opcoes) -> tuple:
    """A page in a context of its own, at the server `url`, in the session of that key; return (page, its Vigia)."""
    contexto = navegador.new_context(base_url=url, **COMPUTADOR | BRASIL | PARADO | opcoes)
    contexto.set_default_timeout(ESPERA)
    if sessao:
        contexto.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": sessao, "url": url}])
    vigia = Vigia(contexto, url)
    return contexto.new_page(), vigia


class Vigia:
    """Watches all pages of a context, and keeps in `faltas` what none may do.

    That is: an error on the console or out of a script; a request to another host, which is stopped; an answer from
    500 on; a file that is not there. A page that answers 403 or 404 is for the test to judge, and a fragment that does
    is on the console, where htmx puts it.
    """

    def __init__(self, contexto, url: str) -> None:
        self.faltas: list[str] = []
        self.contexto = contexto
        contexto.on("console", self._console)
        contexto.on("weberror", lambda erro: self.faltas.append(f"erro de script: {erro.error}"))
        contexto.on("response", self._resposta)
        contexto.route(re.compile(rf"^(?!{re.escape(url)}(/|$))(?!(data|blob|about):)"), self._fora)

    def ver(self) -> list[str]:
        """A copy of the faults so far."""
        for pagina in self.contexto.pages:
            pagina.wait_for_timeout(0)  # what already happened in the browser is told to us only when we ask something
        return list(self.faltas)

    def conferir(self) -> None:
        """Raise FaltasNaPagina if there was any fault so far."""
        if faltas := self.ver():
            raise FaltasNaPagina("\n".join(faltas))

    def _console(self, mensagem) -> None:
        if mensagem.type == "error" and not mensagem.text.startswith(DO_NAVEGADOR):
            self.faltas.append(f"console: {mensagem.text} ({mensagem.location.get('url')})")

    def _resposta(self, resposta) -> None:
        pode_faltar = resposta.request.resource_type in ("document", "xhr", "fetch")
        if resposta.status >= 500 or (resposta.status >= 400 and not pode_faltar):
            self.faltas.append(f"resposta {resposta.status}: {resposta.url}")

    def _fora(self, rota) -> None:
        self.faltas.append(f"pedido a outra máquina: {rota.request.url}")
        rota.abort()
