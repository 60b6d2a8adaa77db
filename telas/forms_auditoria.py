"""The filter of the audit: who, what, which row, which action, when."""

from datetime import datetime, time, timedelta
from itertools import groupby

from django import forms
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.timezone import make_aware

from telas import auditoria, mudancas
from telas.campos import CampoDia, EscolhaLonga
from telas.formularios import Formulario
from telas.models import EntradaAuditoria

PESSOAS = 300  # that are suggested
ACHADAS = 10_000  # entries of one row; who has more is found by moment soon enough


class _Sugestoes(forms.TextInput):
    """A text, with names to choose from."""

    def __init__(self, sugestoes, **opcoes):
        super().__init__(**opcoes)
        self._sugestoes = sugestoes

    def render(self, name, value, attrs=None, renderer=None):
        lista = f"sugestoes-{name}"
        campo = super().render(name, value, {**(attrs or {}), "list": lista}, renderer)
        opcoes = format_html_join("", '<option value="{}"></option>', ((uma,) for uma in self._sugestoes))
        return format_html('{}<datalist id="{}">{}</datalist>', campo, lista, opcoes)


class FiltroDaAuditoria(Formulario):
    quem = forms.CharField(
        label="Quem", required=False, max_length=150, help_text="o login; o próprio Avisa é “sistema”"
    )
    modelo = forms.ChoiceField(label="O quê", required=False, widget=EscolhaLonga)
    numero = forms.CharField(label="Número", required=False, max_length=100, help_text="código ou matrícula")
    acao = forms.TypedChoiceField(
        label="Ação", required=False, coerce=int, choices=[("", "Todas"), *EntradaAuditoria.Acao.choices]
    )
    desde = CampoDia(label="De", required=False)
    ate = CampoDia(label="Até", required=False)

    def __init__(self, parametros):
        super().__init__(parametros)
        self.fields["quem"].widget = _Sugestoes(["sistema", *_logins()])
        self.fields["modelo"].choices = _modelos(self.data.get("modelo", ""))

    def clean(self):
        dados = super().clean()
        if dados.get("desde") and dados.get("ate") and dados["ate"] < dados["desde"]:
            self.add_error("ate", "A data final é anterior à inicial.")
        if dados.get("numero") and not dados.get("modelo") and "modelo" not in self.errors:
            self.add_error("modelo", "Informe de que é o número.")
        return dados

    def filtrar(self, entradas: QuerySet) -> QuerySet:
        """Each field alone is answered by an index; the history of a row has what belongs to it too."""
        dados = self.cleaned_data
        if dados["quem"]:
            entradas = entradas.filter(quem=dados["quem"])
        if dados["numero"]:
            entradas = entradas.filter(_do_registro(f"{dados['modelo']}:{dados['numero']}"))
        elif dados["modelo"]:
            entradas = entradas.filter(modelo=dados["modelo"])
        if dados["acao"]:
            entradas = entradas.filter(acao=dados["acao"])
        if dados["desde"]:
            entradas = entradas.filter(momento__gte=_inicio(dados["desde"]))
        if dados["ate"]:
            entradas = entradas.filter(momento__lt=_inicio(dados["ate"] + timedelta(days=1)))
        return entradas


def _do_registro(objeto: str) -> Q:
    """The entries of one row, found apart.

    The planner takes any row to have one entry in two hundred: for the latest of them it would walk the whole table.
    """
    dele = Q(objetos__contains=[objeto])
    achadas = list(EntradaAuditoria.objects.filter(dele).values_list("pk", flat=True))
    return Q(pk__in=achadas) if len(achadas) <= ACHADAS else dele


def _inicio(dia) -> datetime:
    return make_aware(datetime.combine(dia, time.min))


def _logins() -> list[str]:
    return list(User.objects.order_by("username").values_list("username", flat=True)[:PESSOAS])


def _modelos(pedido: str) -> list:
    """By app, as the administration shows them: what is audited, and what is asked for, of which there may be acts."""
    modelos = {um.modelo for um in auditoria.auditados()}
    modelos |= {isento for isento in auditoria.isentos() if isento._meta.label_lower == pedido}
    em_ordem = sorted(
        (
            str(apps.get_app_config(opcoes.app_label).verbose_name),
            mudancas.titulo(opcoes.label_lower),
            opcoes.label_lower,
        )
        for opcoes in (modelo._meta for modelo in modelos)
    )
    grupos = groupby(em_ordem, key=lambda um: um[0])
    return [("", "Tudo"), *((app, [(codigo, nome) for _, nome, codigo in seus]) for app, seus in grupos)]
