"""What axe-core finds in a page."""

from functools import cache
from importlib.resources import files

TEMAS = {"light": "claro", "dark": "escuro"}
GRAVES = ("serious", "critical")

# Our pages and the administration name the theme by different attributes. What still moves is brought to its end.
PREPARAR = """(tema) => {
    document.documentElement.dataset.bsTheme = tema;
    document.documentElement.dataset.theme = tema;
    for (const animacao of document.getAnimations()) {
        if (animacao.effect.getComputedTiming().endTime !== Infinity) animacao.finish();
    }
}"""
# `preload` reads style sheets for a rule that is off, through a <style> that our policy refuses on the console.
OPCOES = "{resultTypes: ['violations'], iframes: false, preload: false}"
EXECUTAR = f"async () => (await axe.run(document, {OPCOES})).violations"


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def violacoes(pagina, tema: str) -> list[str]:
    """The serious and critical violations of what is on the page now, in the theme "light" or "dark", a line each."""
    pagina.emulate_media(color_scheme=tema)
    pagina.evaluate(PREPARAR, tema)
    if not pagina.evaluate("'axe' in window"):
        pagina.evaluate(_axe())
    return [
        f"{TEMAS[tema]}: {regra['id']} ({regra['impact']}): {regra['help']}: {_alvo(no)}: {_motivo(no)}"
        for regra in pagina.evaluate(EXECUTAR)
        if regra["impact"] in GRAVES
        for no in regra["nodes"]
    ]


def _alvo(no: dict) -> str:
    return " ".join(str(parte) for parte in no["target"])


def _motivo(no: dict) -> str:
    return " ".join(no["failureSummary"].split())


def acessivel(pagina) -> None:
    """Fail when the page, once it is loaded, has a serious or critical violation in light or in dark."""
    pagina.wait_for_load_state()
    # Without it a promise is never kept, and this would wait for ever.
    assert pagina.evaluate("matchMedia('(scripting: enabled)').matches"), (
        f"{pagina.url}: axe-core precisa de JavaScript"
    )
    antes = pagina.evaluate("({...document.documentElement.dataset})")
    achadas = [linha for tema in TEMAS for linha in violacoes(pagina, tema)]
    pagina.emulate_media(color_scheme="light")
    pagina.evaluate(
        """(antes) => {
            const atuais = document.documentElement.dataset;
            for (const nome of ['bsTheme', 'theme']) {
                if (nome in antes) atuais[nome] = antes[nome]; else delete atuais[nome];
            }
        }""",
        antes,
    )
    assert not achadas, f"{pagina.url}\n" + "\n".join(achadas)
