"""Boleto campaigns: CPFs and addresses come in, the company's API says what each owes, and what is due is announced.

    Operacao ─ TipoCampanha ─ Layout
        └─ Campanha ─ Registro (a CPF) ─ Acordo ─ Boleto ─ Aviso (a boleto to an address) ─ Mensagem, in the outbox

Everything below a Campanha is its own: what was collected for one is not read by another.
"""

import uuid
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cadastro.campos import SegredoField
from mensageria.models import Anexo, Imutavel, Remetente
from preventivo import operadoras


def dias_padrao() -> list[int]:
    """Due on the day itself, and in seven days: the manual's rule."""
    return [0, 7]


class Operacao(models.Model):
    """A company whose boletos are announced, and how its API is reached. A new one is a row, and a class for its
    dialect when it speaks another (`preventivo.operadoras`)."""

    codigo = models.SlugField("código", max_length=20, unique=True)
    nome = models.CharField(max_length=60, unique=True)
    dialeto = models.CharField("dialeto da API", max_length=20, choices=operadoras.dialetos)
    url = models.URLField("URL da API", blank=True, help_text="endereço base; vazio: não configurada")
    usuario = models.CharField("usuário", max_length=120, blank=True, help_text="client id ou usuário, se a API pedir")
    segredo = SegredoField("segredo", blank=True, help_text="client secret, chave ou senha da API")
    remetente = models.OneToOneField(
        Remetente,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="operacao_preventiva",
        help_text="por ele saem os e-mails da operação",
    )
    assinatura = models.TextField(
        blank=True,
        max_length=400,
        help_text="quem envia, no fim de cada e-mail: na primeira linha o nome, e nas outras CNPJ, atendimento, site; "
        "vazia: a empresa de Informar Parâmetros do Sistema",
    )
    dias_do_vencimento = ArrayField(
        models.PositiveSmallIntegerField(validators=[MaxValueValidator(365)]),
        verbose_name="dias até o vencimento",
        default=dias_padrao,
        help_text="vencimentos enviados, em dias a contar do dia da campanha: 0 é o próprio dia",
    )
    horas_da_confirmacao = models.PositiveSmallIntegerField(
        "horas da confirmação",
        default=6,
        validators=[MinValueValidator(1), MaxValueValidator(72)],
        help_text="nas últimas horas antes do envio cada CPF é consultado de novo",
    )
    conexoes = models.PositiveSmallIntegerField(
        "consultas simultâneas", default=4, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    limite_segundo = models.PositiveSmallIntegerField(
        "consultas por segundo", default=20, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    prazo = models.PositiveSmallIntegerField(
        "prazo de resposta (s)", default=20, validators=[MinValueValidator(1), MaxValueValidator(300)]
    )
    ordem = models.PositiveSmallIntegerField(default=1)
    ativa = models.BooleanField(default=True)
    # Its circuit breaker: after failures in a row nobody asks until that moment, and then one asks first.
    falhas_seguidas = models.PositiveSmallIntegerField("falhas seguidas", default=0, editable=False)
    em_espera_ate = models.DateTimeField("em espera até", null=True, blank=True, editable=False)
    motivo_espera = models.CharField("motivo da espera", max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = "operação"
        verbose_name_plural = "operações"
        ordering = ["ordem", "nome"]

    def __str__(self):
        return self.nome


class TipoCampanha(models.Model):
    """What the manual calls Campanha: CLARO FASE 1, CLARO TV FASE 1…"""

    operacao = models.ForeignKey(Operacao, on_delete=models.PROTECT, related_name="tipos", verbose_name="operação")
    nome = models.CharField(max_length=60)
    ordem = models.PositiveSmallIntegerField(default=1)
    ativo = models.BooleanField(default=True)

    class Meta:
        verbose_name = "tipo de campanha"
        verbose_name_plural = "tipos de campanha"
        ordering = ["operacao__ordem", "ordem", "nome"]
        constraints = [models.UniqueConstraint(fields=["operacao", "nome"], name="tipo_unico_na_operacao")]

    def __str__(self):
        return self.nome


class LayoutManager(models.Manager):
    def em_vigor(self, tipo: TipoCampanha) -> "Layout | None":
        """The newest version."""
        return self.filter(tipo=tipo).order_by("-versao").first()


class Layout(models.Model):
    """One version of the e-mail of a tipo de campanha. A change is a new version; a version is never rewritten."""

    tipo = models.ForeignKey(TipoCampanha, on_delete=models.PROTECT, related_name="layouts", verbose_name="campanha")
    versao = models.PositiveSmallIntegerField("versão")
    assunto = models.CharField(max_length=150)
    corpo = models.TextField("texto", max_length=10_000)
    cor = models.CharField(
        "cor do cabeçalho",
        max_length=7,
        default="#0b5c8a",
        validators=[RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", "Use uma cor como #0b5c8a.")],
    )
    criado_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    criado_em = models.DateTimeField("criado em", auto_now_add=True)

    objects = LayoutManager()

    class Meta:
        ordering = ["tipo", "-versao"]
        constraints = [models.UniqueConstraint(fields=["tipo", "versao"], name="versao_do_layout_unica")]

    def __str__(self):
        return f"{self.tipo}, versão {self.versao}"

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise Imutavel("Uma versão de layout não se altera; crie outra.")
        super().save(*args, **kwargs)


class CampanhaQuerySet(models.QuerySet):
    def em_andamento(self):
        return self.filter(situacao__in=Campanha.EM_ANDAMENTO)


class Campanha(models.Model):
    """A file of CPFs and addresses, and the moment when what they owe is announced.

    `execucao` names its lotes in the outbox. The numbers are those of the file, and `acordos` those returned by the
    company so far; what was sent is counted by the outbox.
    """

    class Situacao(models.IntegerChoices):
        IMPORTANDO = 1, "Importando"
        A_CONFERIR = 2, "A conferir"
        COLETANDO = 3, "Coletando"
        AGENDADA = 4, "Agendada"
        ENVIANDO = 5, "Enviando"
        AGUARDANDO_TROCA = 6, "Aguardando troca de serviço"
        PAUSADA = 7, "Pausada"
        CONCLUIDA = 8, "Concluída"
        CONCLUIDA_COM_FALHAS = 9, "Concluída com falhas"
        CANCELADA = 10, "Cancelada"

    ANTES_DO_ENVIO = (Situacao.A_CONFERIR, Situacao.COLETANDO, Situacao.AGENDADA)
    NO_ENVIO = (Situacao.ENVIANDO, Situacao.AGUARDANDO_TROCA)
    EM_ANDAMENTO = (Situacao.COLETANDO, Situacao.AGENDADA, *NO_ENVIO, Situacao.PAUSADA)
    ENCERRADAS = (Situacao.CONCLUIDA, Situacao.CONCLUIDA_COM_FALHAS, Situacao.CANCELADA)
    PRAZO_PARA_CONFERIR = timedelta(hours=24)

    execucao = models.UUIDField("execução", default=uuid.uuid4, unique=True, editable=False)
    operacao = models.ForeignKey(Operacao, on_delete=models.PROTECT, related_name="campanhas", verbose_name="operação")
    tipo = models.ForeignKey(TipoCampanha, on_delete=models.PROTECT, related_name="campanhas", verbose_name="campanha")
    # The version in force when it begins to send.
    layout = models.ForeignKey(Layout, on_delete=models.PROTECT, null=True, blank=True, editable=False)
    envia_em = models.DateTimeField("data/horário envio emails")
    situacao = models.PositiveSmallIntegerField("situação", choices=Situacao, default=Situacao.IMPORTANDO)
    situacao_antes = models.PositiveSmallIntegerField(  # of the pause
        "situação antes da pausa", choices=Situacao, null=True, blank=True, editable=False
    )
    motivo = models.CharField(max_length=300, blank=True)  # of the pause, the cancellation or the refused file
    teste_para = models.EmailField(
        "campanha de teste para", blank=True, help_text="todos os e-mails vão para este endereço; vazio: campanha real"
    )
    # The file
    nome_do_arquivo = models.CharField("arquivo", max_length=200)
    resumo = models.CharField("SHA-256", max_length=64)
    tamanho = models.PositiveBigIntegerField(default=0)  # bytes
    lidos = models.PositiveBigIntegerField(default=0)  # bytes of it
    linhas = models.PositiveIntegerField(default=0)
    registros = models.PositiveIntegerField(default=0, help_text="CPFs distintos aceitos")
    enderecos = models.PositiveIntegerField("e-mails", default=0)
    recusadas = models.PositiveIntegerField("linhas recusadas", default=0)
    duplicados = models.PositiveIntegerField("e-mails repetidos", default=0)
    acordos = models.PositiveIntegerField(default=0)
    criado_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    criado_em = models.DateTimeField("criada em")
    conferir_ate = models.DateTimeField("conferir até", null=True, blank=True)
    confirmada_em = models.DateTimeField("confirmada em", null=True, blank=True)
    iniciada_em = models.DateTimeField("envio iniciado em", null=True, blank=True)
    encerrada_em = models.DateTimeField("encerrada em", null=True, blank=True)

    objects = CampanhaQuerySet.as_manager()

    class Meta:
        ordering = ["-envia_em", "-id"]
        permissions = [
            ("cancelar_campanha", "Pode cancelar uma campanha"),
            ("reenviar_campanha", "Pode reenviar as falhas de uma campanha"),
            ("ver_cpf", "Pode ver o CPF inteiro nas campanhas"),
        ]
        indexes = [
            models.Index(fields=["envia_em"], name="campanha_envia_em"),
            models.Index(fields=["resumo"], name="campanha_do_arquivo"),
        ]

    def __str__(self):
        return f"{self.operacao} {timezone.localtime(self.envia_em):%d/%m/%Y às %H:%M}"

    @property
    def dia(self) -> date:
        """The campaign's day, local."""
        return timezone.localdate(self.envia_em)

    @property
    def confirma_desde(self) -> datetime:
        """What was collected before that is asked again before it is sent; needs operacao loaded."""
        return self.envia_em - timedelta(hours=self.operacao.horas_da_confirmacao)

    @property
    def encerrada(self) -> bool:
        return self.situacao in self.ENCERRADAS


class PedacoDoArquivo(models.Model):
    """A piece of the file of a campaign, kept until it is read: whoever imports may be another machine."""

    campanha = models.ForeignKey(Campanha, on_delete=models.CASCADE, related_name="pedacos")
    numero = models.PositiveIntegerField("número")
    dados = models.BinaryField()

    class Meta:
        verbose_name = "pedaço do arquivo"
        verbose_name_plural = "pedaços do arquivo"
        ordering = ["campanha", "numero"]
        constraints = [models.UniqueConstraint(fields=["campanha", "numero"], name="pedaco_unico")]

    def __str__(self):
        return f"{self.campanha_id}: {self.numero}"


class LinhaRecusada(models.Model):
    """A line of the file, or one of its addresses, that did not enter, and why."""

    campanha = models.ForeignKey(Campanha, on_delete=models.CASCADE, related_name="linhas_recusadas")
    linha = models.PositiveIntegerField()
    coluna = models.CharField(max_length=30, blank=True)  # empty: the line as a whole
    motivo = models.CharField(max_length=200)
    conteudo = models.CharField("conteúdo", max_length=300, blank=True)

    class Meta:
        verbose_name = "linha recusada"
        verbose_name_plural = "linhas recusadas"
        ordering = ["campanha", "linha", "id"]

    def __str__(self):
        return f"Linha {self.linha}: {self.motivo}"


class Registro(models.Model):
    """A CPF of a campaign with its addresses, and where its collection stands.

    `proxima_em` is when the company is to be asked about it; NULL when nothing more is. `tomado_ate` is the lease of
    whoever asks now.
    """

    campanha = models.ForeignKey(Campanha, on_delete=models.CASCADE, related_name="registros_da_campanha")
    linha = models.PositiveIntegerField()  # where the CPF comes first
    cpf = models.CharField("CPF", max_length=11)
    emails = ArrayField(models.CharField(max_length=254), verbose_name="e-mails")
    coletado_em = models.DateTimeField("coletado em", null=True, blank=True)  # the last good answer
    proxima_em = models.DateTimeField("próxima consulta em", null=True, blank=True)
    tomado_ate = models.DateTimeField("tomado até", null=True, blank=True)
    tentativas = models.PositiveSmallIntegerField(default=0)  # failed in a row
    erro = models.CharField(max_length=300, blank=True)  # of the last one

    class Meta:
        ordering = ["campanha", "id"]
        constraints = [models.UniqueConstraint(fields=["campanha", "cpf"], name="registro_do_cpf")]
        indexes = [
            models.Index(
                fields=["campanha", "proxima_em"], name="registro_a_coletar", condition=Q(proxima_em__isnull=False)
            ),
            models.Index(
                fields=["campanha", "coletado_em"], name="registro_coletado", condition=Q(proxima_em__isnull=True)
            ),
        ]

    def __str__(self):
        return f"Linha {self.linha}"  # whoever reads it may not be one who sees CPFs


class Acordo(models.Model):
    """An agreement that the company returned for a CPF."""

    registro = models.ForeignKey(Registro, on_delete=models.CASCADE, related_name="acordos")
    numero = models.CharField("número", max_length=40)
    descricao = models.CharField("descrição", max_length=120, blank=True)

    class Meta:
        ordering = ["registro", "numero"]
        constraints = [models.UniqueConstraint(fields=["registro", "numero"], name="acordo_do_registro")]

    def __str__(self):
        return self.numero


class Boleto(models.Model):
    """A boleto of an agreement, as the company said last. `codigo` is its bar code; empty when the line is not right,
    and then `problema` says why it must not be sent."""

    class Situacao(models.IntegerChoices):
        ABERTO = 1, "Em aberto"
        PAGO = 2, "Pago"
        CANCELADO = 3, "Cancelado"
        AUSENTE = 4, "Não consta mais"  # the last answer did not have it

    campanha = models.ForeignKey(Campanha, on_delete=models.CASCADE, related_name="boletos")
    acordo = models.ForeignKey(Acordo, on_delete=models.CASCADE, related_name="boletos")
    numero = models.CharField("número", max_length=40)
    parcela = models.PositiveSmallIntegerField(null=True, blank=True)
    valor = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    vencimento = models.DateField()
    situacao = models.PositiveSmallIntegerField("situação", choices=Situacao, default=Situacao.ABERTO)
    linha = models.CharField("linha digitável", max_length=60)  # as it came; digits only when it is right
    codigo = models.CharField("código de barras", max_length=44, blank=True)
    problema = models.CharField(max_length=200, blank=True)
    beneficiario = models.CharField("beneficiário", max_length=120, blank=True)
    documento_beneficiario = models.CharField("CNPJ do beneficiário", max_length=14, blank=True)
    pix = models.TextField("Pix copia e cola", blank=True)  # only one that is valid
    pdf = models.ForeignKey(Anexo, on_delete=models.PROTECT, null=True, blank=True, verbose_name="PDF da empresa")
    conferido_em = models.DateTimeField("conferido em")  # when the company said so

    class Meta:
        ordering = ["campanha", "vencimento", "id"]
        constraints = [models.UniqueConstraint(fields=["acordo", "numero"], name="boleto_do_acordo")]
        indexes = [
            models.Index(fields=["campanha", "vencimento"], name="boleto_da_campanha"),
            models.Index(fields=["numero"], name="boleto_numero"),
        ]

    def __str__(self):
        return self.numero


class Aviso(models.Model):
    """A boleto of the rule to one address: what a message of the outbox speaks of (`objeto_id`), or why none does."""

    class Situacao(models.TextChoices):
        NA_FILA = "na_fila", "Mensagem gerada"
        AGUARDANDO = "aguardando", "Aguardando confirmação"
        SEM_CONFIRMACAO = "sem_confirmacao", "Cancelada: boleto sem confirmação da empresa no prazo"
        PAGO = "pago", "Boleto pago ou cancelado antes do envio"
        LINHA_INVALIDA = "linha_invalida", "Linha digitável inválida"
        REPETIDO = "repetido", "Mesmo boleto e e-mail em outra campanha do dia"

    campanha = models.ForeignKey(Campanha, on_delete=models.CASCADE, related_name="avisos")
    boleto = models.ForeignKey(Boleto, on_delete=models.CASCADE, related_name="avisos")
    email = models.CharField("e-mail", max_length=254)
    situacao = models.CharField("situação", max_length=16, choices=Situacao)

    class Meta:
        ordering = ["campanha", "id"]
        constraints = [models.UniqueConstraint(fields=["boleto", "email"], name="aviso_do_boleto")]
        indexes = [models.Index(fields=["campanha", "situacao"], name="aviso_da_campanha")]

    def __str__(self):
        return f"{self.boleto_id} para {self.email}"
