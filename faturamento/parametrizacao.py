"""A new version of the rules and texts of the billing messages: it never rewrites another."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.formats import date_format

from cadastro.models import ParametroSistema
from faturamento.fonte import mes_ano
from faturamento.models import ParametroMensagem

CAMPOS = (
    "referencia",
    "valor_minimo",
    "categorias",
    "dias_antes",
    "tentativas_email",
    "texto_sms",
    "transliterar",
    "assunto",
    "texto_email",
)


class VersaoMaisNova(Exception):
    """Somebody stored a version meanwhile; the message says who and when."""

    def __init__(self, versao: ParametroMensagem):
        quem = versao.criado_por or "Outra pessoa"
        quando = date_format(timezone.localtime(versao.criado_em), "d/m/Y H:i")
        super().__init__(f"{quem} gravou a versão {versao} ({quando})")
        self.versao = versao


def referencia_do_sistema() -> int:
    """0 before the system's parameters are informed."""
    return ParametroSistema.objects.values_list("ano_mes_faturamento", flat=True).first() or 0


def ultima() -> ParametroMensagem | None:
    """The version that was stored last, whatever its reference."""
    return ParametroMensagem.objects.select_related("criado_por").order_by("-id").first()


def conferir_referencia(referencia: int) -> None:
    """A version is for the reference that the system is at, or for a later one; raises ValidationError."""
    do_sistema = ParametroSistema.atual().ano_mes_faturamento
    if referencia < do_sistema:
        raise ValidationError(f"Ano mês de referência inválido. A do sistema é {mes_ano(do_sistema)}; não há anterior.")


@transaction.atomic
def nova_versao(nova: ParametroMensagem, *, vista: int | None, usuario) -> ParametroMensagem | None:
    """Store `nova` as a version of its own; None when the newest of its reference already says the same.

    `vista` is the `ultima` that its author saw. Raises VersaoMaisNova when that is not the last any more.
    """
    ParametroSistema.objects.select_for_update().get()  # one at a time
    atual = ultima()
    if atual is not None and atual.pk != vista:
        raise VersaoMaisNova(atual)
    conferir_referencia(nova.referencia)
    da_referencia = ParametroMensagem.objects.filter(referencia=nova.referencia).order_by("-id").first()
    if da_referencia and _conteudo(da_referencia) == _conteudo(nova):
        return None
    nova.criado_por = usuario
    nova.save(force_insert=True)
    return nova


def _conteudo(versao: ParametroMensagem) -> dict:
    return model_to_dict(versao, CAMPOS) | {"categorias": sorted(versao.categorias)}


def situacoes(versoes: list[ParametroMensagem], referencia: int) -> dict[int, str]:
    """What each version is when the system is at `referencia`: vigente, futura or substituída."""
    # One number a reference; there is a version for each change of a text, so all of them are few.
    mais_novas = dict(ParametroMensagem.objects.order_by("referencia", "id").values_list("referencia", "id"))
    vigente = max((outra for outra in mais_novas if outra <= referencia), default=None)
    return {versao.pk: _situacao(versao, mais_novas, vigente) for versao in versoes}


def _situacao(versao: ParametroMensagem, mais_novas: dict[int, int], vigente: int | None) -> str:
    if mais_novas[versao.referencia] != versao.pk or versao.referencia < (vigente or 0):
        return "substituída"
    return "vigente" if versao.referencia == vigente else "futura"
