"""What is typed to register a campaign, to find one, and to act on one."""

from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter

from crispy_forms.layout import Column, Div, Fieldset, Layout, Row
from django import forms
from django.db.models import Q
from django.urls import reverse_lazy
from django.utils import timezone

from mensageria import consumo
from mensageria.models import Remetente, ServicoEmail
from preventivo.campanhas import CPFS_DE_UM_TESTE
from preventivo.models import Campanha, Operacao, TipoCampanha
from telas.campos import CampoDia, CampoHora
from telas.formularios import Formulario

DIAS_PARA_TRAS = timedelta(days=30)


class TiposPorOperacao(forms.models.ModelChoiceIterator):
    """The tipos under the name of their operação: without JavaScript all are offered, and one sees whose each is."""

    def __iter__(self):
        yield "", self.field.empty_label
        for operacao, tipos in groupby(self.queryset, key=attrgetter("operacao")):
            yield operacao.nome, [self.choice(tipo) for tipo in tipos]


class CampoTipo(forms.ModelChoiceField):
    iterator = TiposPorOperacao


def tipos_oferecidos():
    tipos = TipoCampanha.objects.filter(ativo=True, operacao__ativa=True).select_related("operacao")
    return tipos.defer("operacao__segredo").order_by("operacao__ordem", "operacao__nome", "ordem", "nome")


class Agenda(Formulario):
    """The day and the hour of a sending; any of them, since whoever acts refuses what has passed."""

    data = CampoDia(label="Data")
    hora = CampoHora(
        label="Horário",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "hh:mm", "data-mascara": "99:99"}),
    )

    @staticmethod
    def inicial(quando: datetime) -> dict:
        local = timezone.localtime(quando)
        return {"data": local.date(), "hora": f"{local:%H:%M}"}

    def envia_em(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.cleaned_data["data"], self.cleaned_data["hora"]))

    def desenhar(self, ajudante):
        ajudante.layout = Layout(self.desenho_da_agenda())

    @staticmethod
    def desenho_da_agenda() -> Fieldset:
        colunas = Column("data", css_class="col-sm-6"), Column("hora", css_class="col-sm-6")
        return Fieldset("Data/Horário Envio Emails", Row(*colunas), css_class="agenda")


class FormularioDeCampanha(Agenda):
    operacao = forms.ModelChoiceField(
        Operacao.objects.filter(ativa=True).defer("segredo"),
        label="Selecione a Operação",
        empty_label="Selecione",
        error_messages={"required": "Selecione a Operação.", "invalid_choice": "Esta operação não está mais ativa."},
    )
    tipo = CampoTipo(
        tipos_oferecidos(),
        label="Campanha",
        empty_label="Selecione",
        error_messages={"required": "Selecione a Campanha.", "invalid_choice": "Esta campanha não está mais ativa."},
    )
    arquivo = forms.FileField(
        label="Arquivo CSV (Preventivo)",
        help_text="Arquivos .CSV ou .XLSX",
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        error_messages={
            "required": "Selecione o arquivo com os CPFs e os e-mails.",
            "invalid": "Selecione o arquivo com os CPFs e os e-mails.",
            "empty": "O arquivo está vazio.",
        },
    )
    teste = forms.BooleanField(label="Campanha de teste: enviar tudo para o meu e-mail", required=False)
    field_order = ["operacao", "tipo", "data", "hora", "arquivo", "teste"]

    def __init__(self, *args, usuario, **kwargs):
        super().__init__(*args, **kwargs)
        self.usuario = usuario
        self.fields["operacao"].widget.attrs |= {
            "hx-get": reverse_lazy("preventivo:tipos"),
            "hx-trigger": "load, change",
            "hx-target": "#id_tipo",
            "hx-include": "#id_tipo",
            "hx-disabled-elt": "#id_tipo",  # or what is chosen meanwhile would be lost
        }
        so_os_primeiros = f"São usados só os {CPFS_DE_UM_TESTE} primeiros CPFs do arquivo."
        para_quem = f"Nenhum cliente recebe: todos os e-mails vão para {usuario.email}. " if usuario.email else ""
        self.fields["teste"].help_text = para_quem + so_os_primeiros

    def clean(self):
        dados = super().clean()
        operacao, tipo = dados.get("operacao"), dados.get("tipo")
        if operacao and tipo and tipo.operacao_id != operacao.pk:
            self.add_error("tipo", f"A campanha {tipo} é da operação {tipo.operacao}, e não da {operacao}.")
        if dados.get("teste") and not self.usuario.email:
            self.add_error(
                "teste", "Seu usuário não tem e-mail cadastrado: peça a um administrador, ou desmarque esta opção."
            )
        return dados

    def recusar(self, campo: str, motivo: str) -> None:
        """Say beside the field that the rules name why they refuse."""
        campo = "data" if campo == "envia_em" else campo
        self.add_error(campo if campo in self.fields else None, motivo)

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            Row(Column("operacao", css_class="col-md-6"), Column("tipo", css_class="col-md-6")),
            self.desenho_da_agenda(),
            Div("arquivo"),
            Div("teste"),
        )


class FiltroDeCampanhas(Formulario):
    """Of which days, and with which words: the last thirty days and what is to come, unless it is told otherwise."""

    data_inicial = CampoDia(label="Data Inicial", required=False)
    data_final = CampoDia(label="Data Final", required=False)
    busca = forms.CharField(
        label="Buscar",
        required=False,
        max_length=100,
        help_text="operação, campanha, arquivo ou status",
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    def __init__(self, parametros, *, hoje: date):
        dados = parametros.copy()
        dados.setdefault("data_inicial", self.base_fields["data_inicial"].prepare_value(hoje - DIAS_PARA_TRAS))
        super().__init__(dados)

    def clean(self):
        dados = super().clean()
        de, ate = dados.get("data_inicial"), dados.get("data_final")
        if de and ate and ate < de:
            self.add_error("data_final", "A data final é anterior à inicial.")
        return dados

    def filtrar(self, campanhas):
        """The campaigns that are asked for; none while something asked for makes no sense."""
        if not self.is_valid():
            return campanhas.none()
        dados = self.cleaned_data
        if de := dados["data_inicial"]:
            campanhas = campanhas.filter(envia_em__gte=_meia_noite(de))
        if ate := dados["data_final"]:
            campanhas = campanhas.filter(envia_em__lt=_meia_noite(ate + timedelta(days=1)))
        return campanhas.filter(_com(dados["busca"])) if dados["busca"] else campanhas


def _com(busca: str) -> Q:
    situacoes = [valor for valor, rotulo in Campanha.Situacao.choices if busca.casefold() in rotulo.casefold()]
    colunas = ("operacao__nome", "tipo__nome", "nome_do_arquivo")
    return Q(*((f"{coluna}__icontains", busca) for coluna in colunas), _connector=Q.OR) | Q(situacao__in=situacoes)


def _meia_noite(dia: date) -> datetime:
    return timezone.make_aware(datetime.combine(dia, time.min))


class FormularioDeMotivo(Formulario):
    motivo = forms.CharField(
        label="Motivo",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Fica guardado na campanha, com o seu nome.",
        error_messages={"required": "Informe o motivo."},
    )


class FormularioDeReenvio(FormularioDeMotivo):
    """Why, and for who may change it through which service; none of them keeps that of the operação."""

    servico = forms.ModelChoiceField(
        ServicoEmail.objects.filter(ativo=True, uso_interno=False).defer("senha"),
        label="Enviar por outro serviço",
        required=False,
        error_messages={"invalid_choice": "Este serviço não está mais disponível."},
    )

    def __init__(self, *args, remetente: Remetente | None, pode_trocar: bool, agora: datetime, **kwargs):
        super().__init__(*args, **kwargs)
        self.situacoes = {}
        campo = self.fields["servico"]
        if remetente is None or not pode_trocar:
            del self.fields["servico"]
            return
        outros = list(campo.queryset.exclude(pk=remetente.servico_id))
        self.situacoes = situacoes = consumo.situacoes(outros, agora)
        campo.choices = [
            ("", f"Não: manter {remetente.servico}"),
            *((outro.pk, f"{outro} (esgotado)" if situacoes[outro.pk].esgotado else str(outro)) for outro in outros),
        ]
        campo.help_text = (
            "Escolher outro troca o serviço da operação inteira: as próximas campanhas dela também sairão por ele."
        )

    @property
    def escolheu_esgotado(self) -> bool:
        servico = self.cleaned_data.get("servico")
        # The one that the operação leaves by meanwhile is no choice any more, and has no situation here.
        situacao = self.situacoes.get(servico.pk) if servico else None
        return situacao is not None and situacao.esgotado
