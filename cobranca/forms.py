"""Forms of the collection screens."""

from crispy_forms.layout import Column, Field, Fieldset, Layout, Row
from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from cadastro.models import Imovel, Localidade
from cobranca.models import AcaoCobranca, ComandoAcao, CriterioCobranca, TipoDocumento, TipoServico
from mensageria.forms_texto import CamposDeTexto
from telas.campos import CampoData, CampoInteiro, CampoMoeda, CampoSimNao
from telas.formularios import Base, Formulario, FormularioDeModelo

TODAS, SIM, NAO = "", "sim", "nao"


SEM_EFEITO = "sem efeito neste sistema"


def _sim_nao(label: str, *, sem_efeito: bool = False, **mais) -> CampoSimNao:
    if sem_efeito:
        mais["help_text"] = SEM_EFEITO
    return CampoSimNao(label=label, **{"initial": False} | mais)


def _numero(label: str, digitos: int, **mais) -> CampoInteiro:
    """A number from 1 on."""
    palavras = {"min_value": f"{label} deve somente conter números positivos."}
    return CampoInteiro(label=label, digitos=digitos, min_value=1, error_messages=palavras, **mais)


def _situacoes(label: str, situacoes) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=label,
        coerce=int,
        choices=situacoes.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nenhuma marcada: todas.",
    )


def _coluna(campo: str, largura: int = 4) -> Column:
    return Column(campo, css_class=f"col-md-{largura}")


def _lado_a_lado(campo: str, largura: int = 4) -> Column:
    return Column(Field(campo, wrapper_class="lado-a-lado"), css_class=f"col-md-{largura}")


class FormularioDeAcao(CamposDeTexto, FormularioDeModelo):
    """An action with its message; `data-vale-se` says on what a field depends, for acao.js."""

    origem = "cobranca"

    descricao = forms.CharField(
        label="Descrição da Ação de Cobrança",
        max_length=40,
        error_messages={"unique": "Já existe uma ação de cobrança com esta descrição."},
    )
    ativa = CampoSimNao(label="Indicador de Uso", choices=[("True", "Ativo"), ("False", "Inativo")])

    dias_de_validade = _numero("Número de Dias de Validade da Ação", 4)
    dias_de_vencimento = CampoInteiro(
        digitos=4,
        required=False,
        label="Número de Dias de Vencimento",
        help_text="Vazio: o documento vence na validade.",
    )
    tipo_documento = forms.TypedChoiceField(
        label="Tipo de Documento a ser Gerado",
        coerce=int,
        error_messages={"invalid_choice": "Tipo de Documento inexistente."},
    )
    texto_personalizado = forms.CharField(
        label="Texto personalizado",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Aparece na página do documento. Obrigatório quando o tipo de documento o pede.",
    )

    criterio = forms.ModelChoiceField(
        CriterioCobranca.objects,
        label="Critério de Cobrança",
        error_messages={"invalid_choice": "Critério de Cobrança inexistente."},
    )
    so_documento_valido = _sim_nao("Efetuar Ação para CPF/CNPJ Válido")
    executa_sem_debito = _sim_nao(
        "Pode ser Executada para Imóveis sem Débito",
        help_text="Sim: entra também quem só deve débitos a cobrar. Sem nada a cobrar não há documento.",
    )
    situacoes_agua = _situacoes("Situação da Ligação de Água dos Imóveis", Imovel.SituacaoAgua)
    situacoes_esgoto = _situacoes("Situação da Ligação de Esgoto dos Imóveis", Imovel.SituacaoEsgoto)

    considera_debitos = _sim_nao("Considera Débitos a Cobrar")
    acrescimos = _sim_nao("Considera Acréscimos por Impontualidade", sem_efeito=True)
    gera_taxa = _sim_nao("Gera Taxa", sem_efeito=True)
    considera_creditos = _sim_nao("Considera Créditos a Realizar", sem_efeito=True)
    considera_promissorias = _sim_nao("Considera Notas Promissória", sem_efeito=True)
    por_valor_decrescente = _sim_nao(
        "Seleção ordenando por valor decrescente", help_text="Sim: os documentos são numerados do maior valor ao menor."
    )
    valida_por_item = _sim_nao("Validar por item cobrado")
    dias_minimos = CampoInteiro(digitos=6, required=False, label="Quantidade de Dias Mínimo de Cobrança")
    dias_maximos = CampoInteiro(digitos=6, required=False, label="Quantidade de Dias Máximo de Cobrança")

    compoe_cronograma = _sim_nao("Compõe o Cronograma")
    ordem_cronograma = CampoInteiro(digitos=4, required=False, label="Ordem no Cronograma")
    obrigatoria = _sim_nao("Ação Obrigatória", sem_efeito=True)
    predecessora = forms.ModelChoiceField(AcaoCobranca.objects.none(), label="Ação Predecessora", required=False)
    dias_da_predecessora = CampoInteiro(
        digitos=4, required=False, label="Número de Dias entre a Ação e sua Predecessora"
    )
    predecessora_alternativa = forms.ModelChoiceField(
        AcaoCobranca.objects.none(), label="Ação Predecessora Alternativa", required=False
    )
    repetida_no_ciclo = _sim_nao("Pode ser Repetida no Ciclo", sem_efeito=True)
    usa_metas = _sim_nao("Usa Metas no Cronograma", sem_efeito=True)
    ordena_no_cronograma = _sim_nao("Usa Ordenamento no Cronograma", sem_efeito=True)
    ordena_nas_eventuais = _sim_nao("Usa Ordenamento nas Eventuais", sem_efeito=True)
    exibe_eventual = _sim_nao(
        "Exibir Cobrança Eventual", initial=True, help_text="Não: a ação não é oferecida a quem insere um comando."
    )

    tipo_servico = forms.ModelChoiceField(
        TipoServico.objects,
        label="Tipo de Serviço da Ordem de Serviço a ser Gerada",
        required=False,
        help_text=SEM_EFEITO,
        error_messages={"invalid_choice": "Tipo de Serviço inexistente."},
    )
    suspende_abastecimento = _sim_nao(
        "Provoca Suspensão de Abastecimento",
        help_text="Sim: o dossiê da mensagem diz o que ela prova do aviso prévio que a lei pede.",
    )
    emite_boletins = _sim_nao("Pode Emitir Boletins de Cadastro", sem_efeito=True)
    debito_interfere = _sim_nao("Situação do Débito Interfere na Situação da Ação", sem_efeito=True)
    dias_remuneracao = CampoInteiro(
        digitos=4, required=False, label="Limite de Dias para Remuneração de Terceiros", help_text=SEM_EFEITO
    )

    por_sms = _sim_nao("Por SMS")
    por_email = _sim_nao("Por Email")
    tentativas_email = CampoInteiro(digitos=2, required=False, label="Número máximo de tentativas de envio para EMAIL")
    aviso_obrigatorio = _sim_nao(
        "Aviso obrigatório",
        help_text="Sim: sai também fora do calendário de contato, e para quem pediu não perturbe.",
    )

    DEPENDEM = {
        "ordem_cronograma": "compoe_cronograma",
        "dias_minimos": "valida_por_item",
        "dias_maximos": "valida_por_item",
        "dias_da_predecessora": "predecessora",
        "tentativas_email": "por_email",
        "texto_sms": "por_sms",
        "transliterar": "por_sms",
        "assunto": "por_email",
        "texto_email": "por_email",
    }

    class Meta:
        model = AcaoCobranca
        fields = (
            "descricao",
            "dias_de_validade",
            "dias_de_vencimento",
            "tipo_documento",
            "texto_personalizado",
            "ativa",
            "criterio",
            "so_documento_valido",
            "executa_sem_debito",
            "situacoes_agua",
            "situacoes_esgoto",
            "considera_debitos",
            "acrescimos",
            "gera_taxa",
            "considera_creditos",
            "considera_promissorias",
            "por_valor_decrescente",
            "valida_por_item",
            "dias_minimos",
            "dias_maximos",
            "compoe_cronograma",
            "ordem_cronograma",
            "obrigatoria",
            "predecessora",
            "dias_da_predecessora",
            "predecessora_alternativa",
            "repetida_no_ciclo",
            "usa_metas",
            "ordena_no_cronograma",
            "ordena_nas_eventuais",
            "exibe_eventual",
            "tipo_servico",
            "suspende_abastecimento",
            "emite_boletins",
            "debito_interfere",
            "dias_remuneracao",
            "por_sms",
            "por_email",
            "aviso_obrigatorio",
            "tentativas_email",
            "texto_sms",
            "transliterar",
            "assunto",
            "texto_email",
        )

    field_order = Meta.fields

    @classmethod
    def digitado(cls, digitado: QueryDict, instancia: AcaoCobranca) -> "FormularioDeAcao":
        """The form with what was typed, not checked."""
        listas = {campo: digitado.getlist(campo) for campo in ("situacoes_agua", "situacoes_esgoto")}
        marcada = {"transliterar": "transliterar" in digitado}
        form = cls(initial=digitado.dict() | listas | marcada, instance=instancia)
        form.initial["visto"] = digitado.get("visto", "")
        return form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for campo, de in self.DEPENDEM.items():
            self.fields[campo].widget.attrs["data-vale-se"] = de
        for campo in ("texto_sms", "assunto", "texto_email"):  # asked for by the rules, when the channel is on
            self.fields[campo].required = False
        tipos = TipoDocumento.objects.filter(Q(ativo=True) | Q(pk=self.instance.tipo_documento))
        self.fields["tipo_documento"].choices = [
            (tipo.pk, f"{tipo} (pede texto personalizado)" if tipo.pede_texto else str(tipo)) for tipo in tipos
        ]
        if self.instance.pk is None:
            del self.fields["ativa"]
        atuais = (self.instance.predecessora_id, self.instance.predecessora_alternativa_id)
        outras = AcaoCobranca.objects.filter(Q(ativa=True) | Q(pk__in=[pk for pk in atuais if pk]))
        for campo in ("predecessora", "predecessora_alternativa"):
            self.fields[campo].queryset = outras.exclude(pk=self.instance.pk)

    def desenhar(self, ajudante):
        ajudante.render_hidden_fields = True
        ajudante.layout = Layout(
            Fieldset(
                "Ação de cobrança",
                Row(_coluna("descricao", 8), _coluna("dias_de_validade")),
                Row(_coluna("tipo_documento", 8), _coluna("dias_de_vencimento")),
                Row(_coluna("texto_personalizado", 12)),
                *([Row(_lado_a_lado("ativa"))] if "ativa" in self.fields else []),
            ),
            Fieldset(
                "Imóveis",
                Row(_coluna("criterio"), _lado_a_lado("so_documento_valido"), _lado_a_lado("executa_sem_debito")),
                Row(_lado_a_lado("situacoes_agua", 6), _lado_a_lado("situacoes_esgoto", 6)),
            ),
            Fieldset(
                "O que é cobrado",
                Row(
                    *map(_lado_a_lado, ("considera_debitos", "considera_creditos", "considera_promissorias")),
                    *map(_lado_a_lado, ("acrescimos", "gera_taxa", "por_valor_decrescente")),
                ),
                Row(_lado_a_lado("valida_por_item"), _coluna("dias_minimos"), _coluna("dias_maximos")),
            ),
            Fieldset(
                "Sequência",
                Row(_lado_a_lado("compoe_cronograma"), _coluna("ordem_cronograma"), _lado_a_lado("obrigatoria")),
                Row(_coluna("predecessora"), _coluna("dias_da_predecessora"), _coluna("predecessora_alternativa")),
                Row(
                    *map(_lado_a_lado, ("repetida_no_ciclo", "usa_metas", "ordena_no_cronograma")),
                    *map(_lado_a_lado, ("ordena_nas_eventuais", "exibe_eventual")),
                ),
            ),
            Fieldset(
                "Ordem de serviço e situação da ação",
                Row(_coluna("tipo_servico"), _coluna("dias_remuneracao"), _lado_a_lado("suspende_abastecimento")),
                Row(_lado_a_lado("emite_boletins"), _lado_a_lado("debito_interfere", 8)),
            ),
            Fieldset(
                "Enviar mensagem",
                Row(_lado_a_lado("por_sms"), _lado_a_lado("por_email"), _lado_a_lado("aviso_obrigatorio")),
                Row(_coluna("tentativas_email")),
            ),
        )

    @property
    def textos(self) -> dict[str, str]:
        """The texts of the channels that are on."""
        ligados = {"texto_sms": "por_sms", "texto_email": "por_email"}
        return {campo: self.cleaned_data[campo] for campo, canal in ligados.items() if self.cleaned_data[canal]}


class FiltroDeAcoes(Formulario):
    """Which actions the list shows."""

    DA_MENSAGEM = {"sms": {"por_sms": True}, "email": {"por_email": True}, NAO: {"por_sms": False, "por_email": False}}

    descricao = forms.CharField(label="Descrição", required=False, max_length=40)
    mensagem = forms.ChoiceField(
        label="Envia mensagem",
        required=False,
        choices=[(TODAS, "Todas"), ("sms", "Por SMS"), ("email", "Por Email"), (NAO, "Não envia")],
    )
    tipo_documento = forms.TypedChoiceField(label="Tipo de Documento", required=False, coerce=int, empty_value=None)
    criterio = forms.ModelChoiceField(
        CriterioCobranca.objects, label="Critério de Cobrança", required=False, empty_label="Todos"
    )
    cronograma = forms.ChoiceField(
        label="Compõe o Cronograma", required=False, choices=[(TODAS, "Tanto faz"), (SIM, "Sim"), (NAO, "Não")]
    )
    ativa = forms.ChoiceField(
        label="Situação", required=False, choices=[(TODAS, "Todas"), (SIM, "Ativas"), (NAO, "Inativas")]
    )

    def __init__(self, *args, tipos: dict[int, str], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["tipo_documento"].choices = [(TODAS, "Todos"), *tipos.items()]

    def filtrar(self, acoes):
        """What the valid fields ask for; one that is not valid filters nothing."""
        self.full_clean()
        dados = self.cleaned_data
        if descricao := dados.get("descricao"):
            acoes = acoes.filter(descricao__icontains=descricao)
        for campo in ("tipo_documento", "criterio"):
            if valor := dados.get(campo):
                acoes = acoes.filter(**{campo: valor})
        if cronograma := dados.get("cronograma"):
            acoes = acoes.filter(compoe_cronograma=cronograma == SIM)
        if mensagem := dados.get("mensagem"):
            acoes = acoes.filter(**self.DA_MENSAGEM[mensagem])
        if ativa := dados.get("ativa"):
            acoes = acoes.filter(ativa=ativa == SIM)
        return acoes


class FormularioDeCriterio(FormularioDeModelo):
    descricao = forms.CharField(label="Descrição do Critério de Cobrança", max_length=60)
    dias_de_atraso = _numero("Dias de atraso", 4, help_text="Uma conta é cobrada a partir de tantos dias vencida.")
    valor_minimo = CampoMoeda(
        label="Valor mínimo",
        min_value=0,
        error_messages=dict.fromkeys(("invalid", "min_value"), "Valor mínimo deve somente conter números positivos."),
        help_text="Do débito do imóvel; abaixo dele não há documento.",
    )

    class Meta:
        model = CriterioCobranca
        fields = ("descricao", "dias_de_atraso", "valor_minimo")

    def clean_descricao(self):
        descricao = self.cleaned_data["descricao"]
        if CriterioCobranca.objects.filter(descricao__iexact=descricao).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Já existe um critério de cobrança com esta descrição.")
        return descricao

    def desenhar(self, ajudante):
        ajudante.render_hidden_fields = True
        ajudante.layout = Layout(
            Row(_coluna("descricao", 12)), Row(_coluna("dias_de_atraso", 6), _coluna("valor_minimo", 6))
        )


class FormularioDeComando(Base, forms.ModelForm):
    titulo = forms.CharField(label="Título", max_length=60)
    acao = forms.ModelChoiceField(
        AcaoCobranca.objects.filter(ativa=True, exibe_eventual=True), label="Ação de Cobrança"
    )
    localidade = forms.ModelChoiceField(Localidade.objects, label="Localidade", required=False, empty_label="Todas")
    enviar_a_partir_de = CampoData(
        label="Enviar a partir de",
        required=False,
        help_text="Vazia: as mensagens saem assim que o processo 336 as gerar.",
    )

    class Meta:
        model = ComandoAcao
        fields = ("titulo", "acao", "localidade", "enviar_a_partir_de")

    def clean_enviar_a_partir_de(self):
        dia = self.cleaned_data["enviar_a_partir_de"]
        if dia and dia < timezone.localdate():
            raise forms.ValidationError("Enviar a partir de não pode ser um dia que já passou.")
        return dia
