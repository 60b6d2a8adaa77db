"""What the templates of every screen use."""

from datetime import datetime
from functools import cache
from importlib.resources import files
from urllib.parse import urlencode

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from telas import campos, menu, pedidos

register = template.Library()
TRACO = "–"
_ICONES = files("js_lib_bootstrap_icons") / "static" / "bootstrap-icons"


@cache
def _desenho(nome: str) -> str:
    """Read from the package, which is no installed app: its two thousand files need not be served."""
    svg = (_ICONES / f"{nome}.svg").read_text().strip()
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


@register.simple_tag
def icone(nome: str) -> SafeString:
    """A drawing of Bootstrap Icons, inline; it says nothing to a screen reader, so put words beside it."""
    return mark_safe(_desenho(nome))  # files of an installed package


@register.simple_tag
def pedido() -> SafeString:
    """The number that makes a form work once: see telas.pedidos."""
    return format_html('<input type="hidden" name="pedido" value="{}">', pedidos.novo())


@register.filter
def moeda(valor) -> str:
    return TRACO if valor is None else f"R$ {campos.moeda(valor)}"


@register.filter
def mes_ano(referencia) -> str:
    """202611 as 11/2026."""
    return TRACO if referencia is None else f"{referencia % 100:02}/{referencia // 100}"


@register.filter
def dia(data) -> str:
    return date_format(data, "d/m/Y") if data else TRACO


@register.filter
def momento(instante: datetime | None) -> str:
    return date_format(localtime(instante), "d/m/Y H:i:s") if instante else TRACO


@register.filter
def sim_nao(valor) -> str:
    return "Sim" if valor else "Não"


@register.filter
def pode(usuario, permissao: str) -> bool:
    """Whether somebody has a permission that only the data names."""
    return usuario.has_perm(permissao)


@register.filter
def quantos(numero, palavras: str) -> str:
    """`3|quantos:"mensagem,mensagens"` as "3 mensagens", the number with its points."""
    uma, muitas = palavras.split(",")
    return f"{intcomma(numero)} {uma if numero == 1 else muitas}"


@register.simple_tag
def ordenar(pagina, nome: str, titulo: str, classe: str = "") -> SafeString:
    """The heading of a column by which a table may be ordered."""
    sentido = pagina.sentido(nome)
    seta = {"ascending": " ▲", "descending": " ▼"}.get(sentido, "")
    return format_html(
        '<th scope="col" class="{}" aria-sort="{}">'
        '<a href="{}" id="ordenar-{}" data-tabela>{}<span aria-hidden="true">{}</span></a></th>',
        classe,
        sentido,
        pagina.link_da_ordem(nome),
        nome,
        titulo,
        seta,
    )


@register.simple_tag(takes_context=True)
def ir_para(context, url: str, palavras: str) -> SafeString:
    """A link to a page by the name of its URL, for whoever may open it; for others, only whom to ask."""
    usuario = context["request"].user
    if menu.pode_abrir(usuario, url):
        return format_html('<a href="{}">{}</a>', menu.endereco(url), palavras)
    return format_html('<span class="apoio">{}</span>', "Peça a um administrador.") if ":" in url else SafeString("")


@register.simple_tag(takes_context=True)
def historico(context, objeto, classe: str = "") -> SafeString:
    """The link to what the audit has of a row, for whoever may see it."""
    if not objeto or objeto.pk is None or not context["request"].user.has_perm("telas.view_entradaauditoria"):
        return SafeString("")
    consulta = urlencode({"modelo": objeto._meta.concrete_model._meta.label_lower, "numero": objeto.pk})
    return format_html('<a class="{}" href="{}?{}">Histórico</a>', classe, reverse("telas:auditoria"), consulta)


@register.inclusion_tag("telas/_trilha.html", takes_context=True)
def trilha(context, *mais: str) -> dict:
    """The breadcrumb of this page. `mais` are pairs (title, URL) of the steps after the menu's; the last has no URL.

    A page that is not in the menu says under which entry it stands by `pagina_do_menu` in its context.
    """
    url = context.get("pagina_do_menu") or _url_atual(context)
    achado = menu.caminho(url) if url else None
    passos = [("GSAN", "/")]
    if achado:
        (sistema, *antes), titulo = achado
        passos = [(sistema, "/"), *((passo, "") for passo in antes), (titulo, menu.endereco(url))]
    passos += [(mais[i], mais[i + 1] if i + 1 < len(mais) else "") for i in range(0, len(mais), 2)]
    *anteriores, (ultimo, _) = passos
    return {"anteriores": anteriores, "ultimo": ultimo}


@register.simple_tag(takes_context=True)
def no_menu(context) -> str:
    """The entry of the menu that this page belongs to."""
    return context.get("pagina_do_menu") or _url_atual(context)


def _url_atual(context) -> str:
    requisicao = context.get("request")
    achada = getattr(requisicao, "resolver_match", None)
    return achada.view_name if achada else ""
