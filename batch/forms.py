"""What is typed to start a process, to find it, to cancel it, and to have one started again and again."""

from datetime import datetime, time, timedelta

from crispy_forms.layout import Column, Field, Layout, Row
from django import forms
from django.contrib.auth.models import User
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils import timezone

from batch.models import Agendamento, Aviso, Processo, ProcessoIniciado
from batch.registro import Resto
from telas.campos import CampoDia, CampoHora, CampoInteiro
from telas.formularios import Formulario, FormularioDeModelo

TIPOS = [escolha for escolha in Processo.Tipo.choices if escolha[0] != Processo.Tipo.RELATORIO]
FIM_DO_DIA = time(23, 59, 59)
SEM_MICROSSEGUNDOS = timedelta(seconds=1)


class CampoAviso(forms.TypedChoiceField):
    """When whoever starts a process is told that it ended."""

    def __init__(self, **kwargs):
        super().__init__(
            label="Avisar por e-mail", choices=Aviso.choices, coerce=int, empty_value=Aviso.SEM_CONCLUIR, **kwargs
        )


class FormularioDeProcesso(Formulario):
    """Inserir Processo. Its lists of what may be chosen are offered by the page, as datalists."""

    tipo = forms.TypedChoiceField(
        label="Tipo do Processo",
        choices=[("", "Selecione"), *TIPOS],
        coerce=int,
        empty_value=None,
        required=False,
        help_text="O código do processo já diz o tipo.",
    )
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
    avisar = CampoAviso(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        do_processo = {"hx-get": reverse_lazy("batch:funcionalidades_do_processo"), "hx-target": "#do-processo"}
        self.fields["tipo"].widget.attrs |= do_processo | {"hx-include": "[name=processo]"}
        self.fields["processo"].widget.attrs |= do_processo | {
            "list": "processos",
            "autocomplete": "off",
            "hx-include": "[name=tipo]",
            "hx-trigger": "load, input changed delay:300ms, change",  # what was typed before the page was ready too
        }
        self.fields["precedente"].widget.attrs |= {"list": "precedentes", "autocomplete": "off", "size": 12}

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            Row(
                Column("tipo", css_class="col-sm-6 col-md-3"),
                Column("processo", css_class="col-sm-6 col-md-3"),
                Column("data", css_class="col-sm-6 col-md-3"),
                Column("hora", css_class="col-sm-6 col-md-3"),
            ),
            Row(
                Column("precedente", css_class="col-md-4"),
                Column("complemento", css_class="col-md-4"),
                Column("avisar", css_class="col-md-4"),
            ),
        )

    def clean_processo(self) -> Processo:
        return processo_ativo(self.cleaned_data["processo"])

    def clean_precedente(self) -> ProcessoIniciado | None:
        codigo = self.cleaned_data["precedente"]
        if codigo is None:
            return None
        achado = precedentes().filter(pk=codigo).first()
        if achado is None:
            terminou = ProcessoIniciado.objects.filter(pk=codigo).exists()
            raise ValidationError(f"O processo iniciado {codigo} já terminou." if terminou else "Processo inexistente.")
        return achado

    def clean(self):
        dados = super().clean()
        processo, precedente, tipo = (dados.get(nome) for nome in ("processo", "precedente", "tipo"))
        if tipo is None and "tipo" not in self.errors and not self.data.get("processo", "").strip():
            self.add_error("tipo", "Selecione um Tipo de Processo.")
        if processo and tipo and processo.tipo != tipo:
            self.add_error("processo", f"O processo {processo.pk} é do tipo {processo.get_tipo_display()}.")
        if processo and precedente and precedente.pk == processo.pk:
            self.add_error("precedente", "Processo inexistente.")  # the code of the Processo was typed once more
        return dados

    def agendado_para(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.cleaned_data["data"], self.cleaned_data["hora"]))


def processo_ativo(codigo: int) -> Processo:
    """Raises ValidationError, in GSAN's words where it has them."""
    achado = Processo.objects.filter(ativo=True, pk=codigo).exclude(tipo=Processo.Tipo.RELATORIO).first()
    if achado is None:
        raise ValidationError("Processo inexistente.")
    if achado.tipo == Processo.Tipo.COBRANCA_COMANDADO:
        raise ValidationError(f"O processo {achado.pk} começa na página de um comando de ação de cobrança.")
    return achado


def processos_a_iniciar(tipo: int | None = None):
    """What an operator may start: reports have pages of their own, and cobrança comandada begins at its comando."""
    ativos = Processo.objects.filter(ativo=True).exclude(tipo__in=Processo.DE_OUTRAS_TELAS)
    return ativos.filter(tipo=tipo) if tipo else ativos


def precedentes():
    """The processes that another may wait for, the newest first."""
    return ProcessoIniciado.objects.filter(situacao__in=ProcessoIniciado.AINDA_POR_TERMINAR).select_related("processo")


class FiltroDeProcessos(Formulario):
    """Consultar Processos. An empty final date is the initial one; an empty time, the first or the last of its day."""

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
            self.fields[f"{nome}_de_hora"] = CampoHora(label="Hora inicial", required=False)
            self.fields[f"{nome}_ate"] = CampoDia(label=f"{rotulo} até", required=False)
            self.fields[f"{nome}_ate_hora"] = CampoHora(label="Hora final", required=False)

    def clean(self):
        dados = super().clean()
        self._momentos = {nome: self._periodo(nome, dados) for nome in self.PERIODOS}
        return dados

    def _periodo(self, nome: str, dados: dict) -> tuple[datetime, datetime] | None:
        """Its first moment, and the first after it; None when nothing was asked, or what was makes no sense."""
        de, hora_de = dados.get(f"{nome}_de"), dados.get(f"{nome}_de_hora")
        ate, hora_ate = dados.get(f"{nome}_ate"), dados.get(f"{nome}_ate_hora")
        if any(f"{nome}_{ponta}" in self.errors for ponta in ("de", "de_hora", "ate", "ate_hora")):
            return None
        if de is None:
            if ate or hora_de or hora_ate:
                self.add_error(f"{nome}_de", "Informe a data inicial do período.")
            return None
        inicio, fim = _momento(de, hora_de or time.min), _momento(ate or de, hora_ate or FIM_DO_DIA)
        if ate and ate < de:
            self.add_error(f"{nome}_ate", "A data final é anterior à inicial.")
        elif fim < inicio:
            self.add_error(f"{nome}_ate_hora", "A hora final é anterior à inicial.")
        return inicio, fim + SEM_MICROSSEGUNDOS

    @property
    def periodos(self) -> list[tuple[str, list]]:
        """The title and the fields of each."""
        pontas = ("de", "de_hora", "ate", "ate_hora")
        return [(rotulo, [self[f"{nome}_{p}"] for p in pontas]) for nome, (rotulo, _) in self.PERIODOS.items()]

    @property
    def tem_periodo(self) -> bool:
        return any(self.data.get(campo.html_name) for _, campos in self.periodos for campo in campos)

    def filtrar(self, iniciados):
        """The processes that are asked for; none while something asked for makes no sense."""
        if not self.is_valid():
            return iniciados.none()
        for nome in ("processo", "situacao", "usuario"):
            if self.cleaned_data[nome] not in (None, ""):
                iniciados = iniciados.filter(**{nome: self.cleaned_data[nome]})
        for nome, (_, campo) in self.PERIODOS.items():
            if momentos := self._momentos[nome]:
                iniciados = iniciados.filter(**{f"{campo}__gte": momentos[0], f"{campo}__lt": momentos[1]})
        return iniciados


def _momento(dia, hora) -> datetime:
    return timezone.make_aware(datetime.combine(dia, hora))


class FormularioDeCancelamento(Formulario):
    """Why a process is cancelled, and what becomes of what others still do for it."""

    CONTINUA, CANCELA = "continua", "cancela"

    motivo = forms.CharField(
        label="Motivo", max_length=200, widget=forms.TextInput, error_messages={"required": "Informe o motivo."}
    )

    def __init__(self, *args, restos: list[tuple[Resto, int]], **kwargs):
        super().__init__(*args, **kwargs)
        self._restos = {f"resto_{numero}": resto for numero, (resto, _) in enumerate(restos)}
        for nome, (resto, quantos) in zip(self._restos, restos, strict=True):
            self.fields[nome] = forms.ChoiceField(
                label=f"{resto.nome.capitalize()} ({intcomma(quantos)})",
                choices=[
                    (self.CONTINUA, "Continuam: elas saem, como se o processo não fosse cancelado"),
                    (self.CANCELA, "São canceladas também"),
                ],
                widget=forms.RadioSelect,
                error_messages={"required": f"Escolha o que fazer com as {resto.nome}."},
            )

    @property
    def a_cancelar(self) -> list[Resto]:
        return [resto for nome, resto in self._restos.items() if self.cleaned_data[nome] == self.CANCELA]


class FormularioDeAgendamento(FormularioDeModelo):
    """A process and the rule by which it is commanded again and again. Of another rule, what was typed is left out."""

    DA_REPETICAO = {
        Agendamento.Repeticao.MENSAL: "dia_do_mes",
        Agendamento.Repeticao.DIAS: "intervalo",
        Agendamento.Repeticao.SEMANAL: "dias_da_semana",
    }

    processo = forms.ModelChoiceField(Processo.objects.none(), label="Processo")
    repeticao = forms.TypedChoiceField(
        label="Repetição", choices=Agendamento.Repeticao.choices, coerce=int, widget=forms.RadioSelect
    )
    dia_do_mes = CampoInteiro(
        digitos=2,
        label="Dia do mês",
        required=False,
        help_text="De 1 a 31. Num mês mais curto, vale o último dia.",
    )
    intervalo = CampoInteiro(
        digitos=3, label="A cada quantos dias", required=False, help_text="De 1 a 366, contados da data abaixo."
    )
    dias_da_semana = forms.TypedMultipleChoiceField(
        label="Dias da semana",
        choices=Agendamento.Dia.choices,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    a_partir_de = CampoDia(label="A partir de")
    hora = CampoHora(
        label="Hora",
        input_formats=["%H:%M"],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "hh:mm", "data-mascara": "99:99"}),
    )
    complemento = forms.CharField(
        label="Complemento", max_length=55, required=False, help_text="Vai em cada processo comandado."
    )
    avisar = CampoAviso(required=False)

    class Meta:
        model = Agendamento
        fields = ["processo", "repeticao", *("dia_do_mes", "intervalo", "dias_da_semana"), "a_partir_de", "hora"]
        fields += ["complemento", "avisar"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["processo"].queryset = processos_a_iniciar() | Processo.objects.filter(pk=self.instance.processo_id)
        if isinstance(hora := self.initial.get("hora"), time):
            self.initial["hora"] = f"{hora:%H:%M}"

    def desenhar(self, ajudante):
        metade = "col-md-6"
        ajudante.layout = Layout(
            "visto",
            Row(Column("processo", css_class=metade), Column("complemento", css_class=metade)),
            Field("repeticao", wrapper_class="lado-a-lado"),
            Row(
                Column("dia_do_mes", css_class="col-md-4 da-repeticao-1"),
                Column("intervalo", css_class="col-md-4 da-repeticao-2"),
                Column(Field("dias_da_semana", wrapper_class="lado-a-lado"), css_class="da-repeticao-3"),
            ),
            Row(
                Column("a_partir_de", css_class="col-sm-6 col-md-3"),
                Column("hora", css_class="col-sm-6 col-md-3"),
                Column("avisar", css_class=metade),
            ),
        )

    def clean(self):
        dados = super().clean()
        da_regra = self.DA_REPETICAO.get(dados.get("repeticao"))
        for nome in self.DA_REPETICAO.values():
            if nome != da_regra:
                dados[nome] = [] if nome == "dias_da_semana" else None
                self.errors.pop(nome, None)
        if da_regra and da_regra not in self.errors:
            self._conferir(da_regra, dados[da_regra])
        return dados

    def _conferir(self, nome: str, valor) -> None:
        if not valor and valor != 0:
            self.add_error(nome, f"Informe {self.fields[nome].label}.")
        elif nome == "dia_do_mes" and not 1 <= valor <= 31:
            self.add_error(nome, "O dia do mês vai de 1 a 31.")
        elif nome == "intervalo" and not 1 <= valor <= 366:
            self.add_error(nome, "O intervalo vai de 1 a 366 dias.")
