"""What is typed on the pages of Calendário de Contato."""

from datetime import date, time

from crispy_forms.layout import Column, Layout, Row
from django import forms

from cadastro.models import Localidade, Municipio
from mensageria import calendario
from mensageria.janela import DIAS, FIM_DO_DIA, Semana, nacionais
from mensageria.models import FeriadoLocal, JanelaContato
from telas.campos import CampoDia, CampoHora, EscolhaLonga
from telas.formularios import Formulario, quem_mudou

SUGERIDA: Semana = {dia: (time(8), time(20)) for dia in range(5)} | {5: (time(8), time(14))}


class CampoHoraDoDia(CampoHora):
    """hh:mm, written "24:00" at the end of a day."""

    def __init__(self, *, fim: bool = False, **kwargs):
        atributos = {"inputmode": "numeric", "placeholder": "hh:mm", "data-mascara": "99:99", "maxlength": "5"}
        kwargs.setdefault("input_formats", ["%H:%M"])
        super().__init__(required=False, widget=forms.TextInput(attrs=atributos), **kwargs)
        self.fim = fim

    def to_python(self, value):
        return FIM_DO_DIA if self.fim and str(value or "").strip() == "24:00" else super().to_python(value)

    def prepare_value(self, value):
        if not isinstance(value, time):
            return value
        return "24:00" if self.fim and value == FIM_DO_DIA else f"{value:%H:%M}"


class FormularioDeJanela(Formulario):
    """The hours of each day for one channel and origin, or none at all; a day without hours is closed.

    When somebody else changed them since the form was opened, it says so and nothing is stored.
    """

    LIVRE, RESTRITA = "livre", "restrita"

    quando = forms.ChoiceField(
        label="Quando as mensagens podem sair", widget=forms.RadioSelect(attrs={"class": "form-check-input"})
    )
    visto = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, dados=None, *, janela: JanelaContato | None, livre: str):
        self.janela = janela
        self.antes = calendario.semana_de(janela) if janela else None
        super().__init__(dados)
        self.fields["quando"].choices = [(self.LIVRE, livre), (self.RESTRITA, "Só nestes horários")]
        self.initial["quando"] = self.LIVRE if janela is None else self.RESTRITA
        self.initial["visto"] = self._retrato
        horas = SUGERIDA if self.antes is None else self.antes
        for dia, nome in enumerate(DIAS):
            for posicao, extremo in enumerate(("das", "até")):
                campo = CampoHoraDoDia(label=f"{nome}, {extremo}", fim=extremo == "até")
                campo.error_messages["invalid"] = f"Hora inválida em {campo.label}: escreva hh:mm."
                campo.widget.attrs |= {"aria-label": campo.label, "class": "form-control form-control-sm"}
                self.fields[_nome(extremo, dia)] = campo
                self.initial[_nome(extremo, dia)] = horas[dia][posicao] if dia in horas else None

    @property
    def _retrato(self) -> str:
        return "livre" if self.antes is None else calendario.em_palavras(self.antes)

    @property
    def dias(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Each day with its two fields; those with an error say so."""
        dias = [(nome, [self[_nome("das", dia)], self[_nome("até", dia)]]) for dia, nome in enumerate(DIAS)]
        for campo in (campo for _, campos in dias for campo in campos if campo.errors):
            campo.field.widget.attrs["class"] = "form-control form-control-sm is-invalid"
            campo.field.widget.attrs["aria-describedby"] = f"{campo.auto_id}_error"
        return dias

    @property
    def semana(self) -> dict | None:
        """The hours that were typed; None when messages may leave at any."""
        if self.cleaned_data["quando"] == self.LIVRE:
            return None
        pares = ((dia, self._par(dia)) for dia in range(len(DIAS)))
        return {dia: par for dia, par in pares if par != (None, None)}

    def clean(self):
        dados = super().clean()
        if dados.get("quando") == self.RESTRITA:
            for dia in range(len(DIAS)):
                self._conferir(dia)
        else:  # the hours are not looked at
            for nome in [nome for nome in self.errors if nome.partition("_")[0] in ("das", "ate")]:
                del self.errors[nome]
        if self.data.get("visto") != self._retrato:
            self.data = self.data.copy()
            self.data["visto"] = self._retrato
            quem = quem_mudou(self.janela) if self.janela else "Outra pessoa alterou este registro"
            self.add_error(
                None,
                f"{quem} enquanto você editava (agora: {self._retrato}). Nada foi gravado; "
                "ao confirmar de novo, vale o que está nesta tela.",
            )
        return dados

    def _par(self, dia: int) -> tuple[time | None, time | None]:
        return self.cleaned_data.get(_nome("das", dia)), self.cleaned_data.get(_nome("até", dia))

    def _conferir(self, dia: int) -> None:
        if {_nome("das", dia), _nome("até", dia)} & self.errors.keys():
            return
        das, ate = self._par(dia)
        if das is None and ate is not None:
            self.add_error(_nome("das", dia), f"Informe a hora em que {DIAS[dia]} começa.")
        elif das is not None and ate is None:
            self.add_error(_nome("até", dia), f"Informe a hora em que {DIAS[dia]} termina.")
        elif das is not None and ate <= das and ate != FIM_DO_DIA:
            self.add_error(
                _nome("até", dia),
                "O fim deve ser depois do começo. Para o fim do dia escreva 24:00; nada passa da meia-noite.",
            )


def _nome(extremo: str, dia: int) -> str:
    return f"{'das' if extremo == 'das' else 'ate'}_{dia}"


class FormularioDeFeriado(Formulario):
    data = CampoDia(label="Data")
    descricao = forms.CharField(label="Descrição", max_length=60)
    localidade = forms.ModelChoiceField(
        Localidade.objects.all(), label="Localidade", required=False, empty_label="Todas", widget=EscolhaLonga
    )
    municipio = forms.ModelChoiceField(
        Municipio.objects.all(), label="Município", required=False, empty_label="Nenhum", widget=EscolhaLonga
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["municipio"].help_text = "vale para todas as localidades dele"

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            Row(Column("data", css_class="col-md-3"), Column("descricao", css_class="col-md-9")),
            Row(Column("localidade", css_class="col-md-6"), Column("municipio", css_class="col-md-6")),
        )

    def clean_data(self) -> date:
        dia = self.cleaned_data["data"]
        if nome := nacionais(dia.year).get(dia):
            raise forms.ValidationError(f"Este dia já é feriado nacional: {nome}.")
        return dia

    def clean(self):
        dados = super().clean()
        if dados.get("localidade") and dados.get("municipio"):
            self.add_error("municipio", "Escolha a localidade ou o município, e não os dois.")
        elif dados.get("data"):
            self._conferir_repetido()
        return dados

    def _conferir_repetido(self) -> None:
        feriado = self.feriado()
        igual = FeriadoLocal.objects.filter(
            data=feriado.data, localidade=feriado.localidade, municipio=feriado.municipio
        ).first()
        if igual:
            self.add_error("data", f"Este dia já é feriado nesse lugar: {igual.descricao}.")

    def feriado(self) -> FeriadoLocal:
        return FeriadoLocal(**{nome: self.cleaned_data.get(nome) for nome in self.fields})
