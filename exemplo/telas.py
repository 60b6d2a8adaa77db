"""Pictures of the pages, made from the sample's data, for the README and the manual."""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.contrib.auth.models import User
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import Client, override_settings
from django.test.testcases import LiveServerThread
from django.urls import reverse
from PIL import Image

from batch.models import ProcessoIniciado
from exemplo import demonstracao
from exemplo.navegador import CELULAR, FaltasNaPagina, abrir, chromium

CORES = 256  # a page has few; what its letters' edges lose is not seen


class TelaComDefeito(Exception):
    """A page that should be pictured answered with an error, or did what no page may do."""


@dataclass(frozen=True)
class Pagina:
    """A page to picture: its file, where it is, what to do there first (it gets Playwright's `Page`), and for whom."""

    nome: str
    onde: Callable[[], str]
    passos: Callable[[object], None] | None = None
    anonima: bool = False
    status: int = 200


def em(nome: str, *argumentos) -> Callable[[], str]:
    """The address of a view, asked when the page is opened."""
    return lambda: reverse(nome, args=argumentos)


def do_processo(nome: str) -> Callable[[], str]:
    """The address of a view of the sample's run of process 336."""
    return lambda: reverse(nome, args=[ProcessoIniciado.objects.latest("pk").pk])


PAGINAS = (
    Pagina("entrar", em("telas:entrar"), anonima=True),
    Pagina("painel", em("painel")),
    Pagina("administracao", em("admin:index")),
    Pagina("administracao-mensagens", em("admin:mensageria_mensagem_changelist")),
    Pagina("administracao-processo", do_processo("admin:batch_processoiniciado_change")),
)

# The rest is to be looked at, not shown: the end of each name, and how the page is opened.
PRINCIPAL = {"": {}}
VARIANTES = {
    "-escuro": {"color_scheme": "dark"},
    "-celular": CELULAR,
    "-celular-escuro": CELULAR | {"color_scheme": "dark"},
}


@contextmanager
def exemplo_servido(
    pasta: Path, dizer: Callable[[str], None], *, hoje: date | None = None
) -> Iterator[tuple[str, str]]:
    """The sample after its process 336, in a database of its own, on a server of its own: (address, session)."""
    with demonstracao.banco_proprio(), override_settings(DEBUG=False), warnings.catch_warnings():
        resultado = demonstracao.executar(pasta, demonstracao.relogio_de(hoje), dizer)
        if resultado.problemas:
            raise TelaComDefeito("a demonstração não fecha: " + "; ".join(resultado.problemas))
        chefe = User.objects.create_superuser("maria.souza", first_name="Maria", last_name="Souza")
        servidor = LiveServerThread("localhost", static_handler=StaticFilesHandler)
        servidor.daemon = True
        warnings.filterwarnings("ignore", "No directory at")  # what collectstatic makes need not be there
        servidor.start()
        servidor.is_ready.wait()
        if servidor.error:
            raise servidor.error
        try:
            yield f"http://{servidor.host}:{servidor.port}", sessao_de(chefe)
        finally:
            servidor.terminate()


def sessao_de(pessoa: User) -> str:
    """The key of a new session of that person."""
    cliente = Client()
    cliente.force_login(pessoa)
    return cliente.session.session_key


def fotografar(url: str, sessao: str, paginas: tuple[Pagina, ...], saida: Path, variantes=PRINCIPAL) -> list[Path]:
    """Picture each page of the server `url`, in each variant, into the folder `saida`; return the files."""
    saida.mkdir(parents=True, exist_ok=True)
    with chromium() as navegador:
        return [
            _fotografar(
                navegador, url, "" if pagina.anonima else sessao, pagina, saida / f"{pagina.nome}{fim}.png", opcoes
            )
            for fim, opcoes in variantes.items()
            for pagina in paginas
        ]


def _fotografar(navegador, url: str, sessao: str, pagina: Pagina, arquivo: Path, opcoes: dict) -> Path:
    aberta, vigia = abrir(navegador, url, sessao, **opcoes)
    resposta = aberta.goto(pagina.onde(), wait_until="networkidle")
    if resposta.status != pagina.status:
        raise TelaComDefeito(f"{arquivo.stem}: {aberta.url} respondeu {resposta.status}")
    if pagina.passos:
        pagina.passos(aberta)
        aberta.wait_for_load_state("networkidle")
    try:
        vigia.conferir()
    except FaltasNaPagina as faltas:
        raise TelaComDefeito(f"{arquivo.stem}: {faltas}") from faltas
    # The whole page where it is only to be looked at.
    foto = Image.open(io.BytesIO(aberta.screenshot(full_page=bool(opcoes))))
    foto.convert("RGB").quantize(CORES, dither=Image.Dither.NONE).save(arquivo, optimize=True)
    aberta.context.close()
    return arquivo
