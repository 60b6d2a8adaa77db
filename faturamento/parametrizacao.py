"""A new version of the rules and texts of the billing messages: it never rewrites another."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.formats import date_format

from cadastro.models import ParametroSistema
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
        super().__init__(
            f"{quem} gravou a versão {versao} ({quando}) depois que você abriu esta tela. Nada foi gravado. "
            "Confira o que está abaixo; ao atualizar de novo, vale o que está nesta tela."
        )
        self.versao = versao


def ultima() -> ParametroMensagem | None:
    """The version that was stored last, whatever its reference."""
    return ParametroMensagem.objects.select_related("criado_por").order_by("-id").first()


def conferir_referencia(referencia: int) -> None:
    """A version is for the reference that the system is at, or for a later one; raises ValidationError."""
    if referencia < ParametroSistema.atual().ano_mes_faturamento:
        raise ValidationError("Ano mês de referência inválido.")


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


def situacoes(versoes: list[ParametroMensagem]) -> dict[int, str]:
    """What each version is at the system's reference: vigente, futura or substituída."""
    parametro = ParametroSistema.objects.first()
    referencia = parametro.ano_mes_faturamento if parametro else 0
    vigente = ParametroMensagem.objects.em_vigor_em(referencia)
    return {versao.pk: _situacao(versao, referencia, vigente) for versao in _com_seguinte(versoes)}


def _com_seguinte(versoes: list[ParametroMensagem]) -> list[ParametroMensagem]:
    """Each with `substituida`: whether a newer one has its own reference."""
    mais_novas = _mais_novas(ParametroMensagem.objects.filter(referencia__in={v.referencia for v in versoes}))
    for versao in versoes:
        versao.substituida = mais_novas[versao.referencia] != versao.pk
    return versoes


def _mais_novas(versoes: QuerySet) -> dict[int, int]:
    return dict(versoes.order_by("referencia", "id").values_list("referencia", "id"))


def _situacao(versao: ParametroMensagem, referencia: int, vigente: ParametroMensagem | None) -> str:
    if vigente is not None and versao.pk == vigente.pk:
        return "vigente"
    return "futura" if versao.referencia > referencia and not versao.substituida else "substituída"
