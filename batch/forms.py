"""What is typed to start a process, and to find one that was started."""

from datetime import datetime, time, timedelta

from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils import timezone

from batch.models import Processo, ProcessoIniciado
from telas.campos import CampoDia, CampoHora, CampoInteiro
from telas.formularios import Formulario


class FormularioDeProcesso(Formulario):
    """Inserir Processo. Its lists of what may be chosen are offered by the page, as datalists."""

    processo = CampoInteiro(
        digitos=5, label="Processo", help_text="Digite o código, como 336, ou escolha na lista.", required=True
    )
    data = CampoDia(label="Data do Agendamento")
    hora = CampoHora(label="Hora do Agendamento")
    precedente = CampoInteiro(
        digitos=18,
        label="Processo Iniciado Precedente",
        help_text="Código de um processo iniciado: este só começa depois que ele for concluído.",
        required=False,
    )
    complemento = forms.CharField(label="Complemento", max_length=55, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["processo"].widget.attrs |= {
            "list": "processos",
            "autocomplete": "off",
            "hx-get": reverse_lazy("batch:funcionalidades_do_processo"),
            "hx-trigger": "load, input changed delay:300ms, change",  # what was typed before the page was ready too
            "hx-target": "#do-processo",
        }
        self.fields["precedente"].widget.attrs |= {"list": "precedentes", "autocomplete": "off", "size": 12}

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            Row(
                Column("processo", css_class="col-md-4"),
                Column("data", css_class="col-sm-6 col-md-4"),
                Column("hora", css_class="col-sm-6 col-md-4"),
            ),
            Row(Column("precedente", css_class="col-md-4"), Column("complemento", css_class="col-md-8")),
        )

    def clean_processo(self) -> Processo:
        return processo_ativo(self.cleaned_data["processo"])

    def clean_precedente(self) -> ProcessoIniciado | None:
        codigo = self.cleaned_data["precedente"]
        if codigo is None:
            return None
        achado = precedentes().filter(pk=codigo).first()
        if achado is None:
            raise ValidationError("Processo inexistente.")
        return achado

    def agendado_para(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.cleaned_data["data"], self.cleaned_data["hora"]))


def processo_ativo(codigo: int) -> Processo:
    """Raises ValidationError, in GSAN's words."""
    achado = Processo.objects.filter(pk=codigo, ativo=True).first()
    if achado is None:
        raise ValidationError("Processo inexistente.")
    return achado


def precedentes():
    """The processes that another may wait for, the newest first."""
    return ProcessoIniciado.objects.filter(situacao__in=ProcessoIniciado.AINDA_POR_TERMINAR).select_related("processo")


class FiltroDeProcessos(Formulario):
    """Consultar Processos. Of a period, the final day may be left out: it is then the initial one."""

    PERIODOS = {
        "agendamento": ("Agendamento", "agendado_para"),
        "inicio": ("Início", "iniciado_em"),
        "conclusao": ("Conclusão", "concluido_em"),
        "comando": ("Comando", "comandado_em"),
    }

    processo = CampoInteiro(digitos=5, label="Processo", required=False)
    situacao = forms.TypedChoiceField(
        label="Situação",
        coerce=int,
        empty_value=None,
        required=False,
        choices=[("", "Todas"), *ProcessoIniciado.Situacao.choices],
    )
    usuario = forms.ModelChoiceField(User.objects.none(), label="Usuário", required=False, empty_label="Todos")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["usuario"].queryset = User.objects.order_by("username")
        for nome, (rotulo, _) in self.PERIODOS.items():
            self.fields[f"{nome}_de"] = CampoDia(label=f"{rotulo} de", required=False)
            self.fields[f"{nome}_ate"] = CampoDia(label=f"{rotulo} até", required=False)

    def clean(self):
        dados = super().clean()
        for nome in self.PERIODOS:
            de, ate = dados.get(f"{nome}_de"), dados.get(f"{nome}_ate")
            if de and ate and ate < de:
                self.add_error(f"{nome}_ate", "A data final é anterior à inicial.")
            elif ate and not de and f"{nome}_de" not in self.errors:
                self.add_error(f"{nome}_de", "Informe a data inicial do período.")
        return dados

    @property
    def periodos(self) -> list:
        return [self[f"{nome}_{ponta}"] for nome in self.PERIODOS for ponta in ("de", "ate")]

    @property
    def tem_periodo(self) -> bool:
        return any(self.data.get(campo.html_name) for campo in self.periodos)

    def filtrar(self, iniciados):
        """The processes that are asked for; none while something asked for makes no sense."""
        if not self.is_valid():
            return iniciados.none()
        dados = self.cleaned_data
        for nome in ("processo", "situacao", "usuario"):
            if dados[nome] not in (None, ""):
                iniciados = iniciados.filter(**{nome: dados[nome]})
        for nome, (_, campo) in self.PERIODOS.items():
            if de := dados[f"{nome}_de"]:
                fim = (dados[f"{nome}_ate"] or de) + timedelta(days=1)
                iniciados = iniciados.filter(
                    **{f"{campo}__gte": _meia_noite(de), f"{campo}__lt": _meia_noite(fim)},
                )
        return iniciados


def _meia_noite(dia) -> datetime:
    return timezone.make_aware(datetime.combine(dia, time.min))
