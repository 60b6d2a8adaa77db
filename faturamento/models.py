"""Bills: the groups, the contas with their frozen customers, what is still to be charged, and the texts about them."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from cadastro.campos import ReferenciaField, referencia_valida
from cadastro.models import Cliente, Imovel, Localidade, ParametroSistema, Perfil, Relacao
from faturamento.textos import DADOS_FATURAMENTO
from mensageria.textos import conferir_texto

MAIS_QUE_ZERO = MinValueValidator(Decimal("0.01"), "Informe um valor maior que zero.")
DOIS_DIGITOS = [MinValueValidator(1), MaxValueValidator(99)]


def _parcela(rotulo: str) -> models.DecimalField:
    """A part of what a conta charges, or takes off."""
    return models.DecimalField(rotulo, max_digits=11, decimal_places=2, default=0, validators=[MinValueValidator(0)])


class FaturamentoGrupo(models.Model):
    id = models.PositiveSmallIntegerField("código", primary_key=True)
    descricao = models.CharField("descrição", max_length=25)
    abreviatura = models.CharField(max_length=3, blank=True)
    referencia = ReferenciaField("referência", help_text="AAAAMM")
    dia_vencimento = models.PositiveSmallIntegerField(
        "dia de vencimento", default=10, validators=[MinValueValidator(1), MaxValueValidator(31)]
    )

    class Meta:
        verbose_name = "grupo de faturamento"
        verbose_name_plural = "grupos de faturamento"
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=referencia_valida("referencia"), name="grupo_referencia")]

    def __str__(self):
        return self.descricao


class Conta(models.Model):
    class Situacao(models.IntegerChoices):
        NORMAL = 0, "Normal"
        RETIFICADA = 1, "Retificada"
        INCLUIDA = 2, "Incluída"
        CANCELADA = 3, "Cancelada"
        CANCELADA_POR_RETIFICACAO = 4, "Cancelada por retificação"
        PARCELADA = 5, "Parcelada"
        ARRASTADA = 6, "Arrastada"
        ENTRADA_DE_PARCELAMENTO = 7, "Entrada de parcelamento"
        DEBITO_PRESCRITO = 8, "Débito prescrito"
        PRE_FATURADA = 9, "Pré-faturada"
        CARTAO_DE_CREDITO = 10, "Cartão de crédito"

    SITUACOES_EM_VIGOR = (Situacao.NORMAL, Situacao.RETIFICADA, Situacao.INCLUIDA)

    imovel = models.ForeignKey(Imovel, on_delete=models.PROTECT, related_name="contas", verbose_name="imóvel")
    localidade = models.ForeignKey(Localidade, on_delete=models.PROTECT, db_index=False)
    grupo = models.ForeignKey(FaturamentoGrupo, on_delete=models.PROTECT, related_name="contas", db_index=False)
    perfil = models.ForeignKey(Perfil, on_delete=models.PROTECT, db_index=False)
    referencia = ReferenciaField("referência", help_text="AAAAMM")
    emissao = models.DateField("emissão")
    vencimento = models.DateField()
    valor_agua = _parcela("água")
    valor_esgoto = _parcela("esgoto")
    valor_debitos = _parcela("débitos")
    valor_creditos = _parcela("créditos")
    valor_impostos = _parcela("impostos")
    valor = models.GeneratedField(
        expression=F("valor_agua") + F("valor_esgoto") + F("valor_debitos") - F("valor_creditos") - F("valor_impostos"),
        output_field=models.DecimalField(max_digits=11, decimal_places=2),
        db_persist=True,
    )
    situacao = models.PositiveSmallIntegerField("situação", choices=Situacao, default=Situacao.NORMAL)
    pago_em = models.DateField("pago em", null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=referencia_valida("referencia"), name="conta_referencia"),
            models.CheckConstraint(
                condition=Q(valor_agua__gte=0, valor_esgoto__gte=0, valor_debitos__gte=0)
                & Q(valor_creditos__gte=0, valor_impostos__gte=0),
                name="conta_parcelas_nao_negativas",
            ),
            models.CheckConstraint(condition=Q(valor__gte=0), name="conta_valor_nao_negativo"),
            models.CheckConstraint(condition=Q(situacao__range=(0, 10)), name="conta_situacao"),
        ]
        indexes = [
            models.Index(fields=["localidade", "grupo", "referencia"], name="conta_unidade"),
            models.Index(
                fields=["localidade", "vencimento"],
                name="conta_em_aberto",
                condition=Q(pago_em__isnull=True, situacao__in=(0, 1, 2)),
            ),
        ]

    def __str__(self):
        return f"{self.imovel_id} {self.referencia % 100:02}/{self.referencia // 100}"

    @property
    def em_vigor(self) -> bool:
        return self.situacao in self.SITUACOES_EM_VIGOR


class ClienteConta(models.Model):
    """The customers of a conta, frozen when it was made (GSAN cliente_conta)."""

    conta = models.ForeignKey(Conta, on_delete=models.CASCADE, related_name="clientes")
    cliente = models.ForeignKey(Cliente, on_delete=models.PROTECT, related_name="contas")
    relacao = models.PositiveSmallIntegerField("relação", choices=Relacao, default=Relacao.USUARIO)

    class Meta:
        verbose_name = "cliente da conta"
        verbose_name_plural = "clientes das contas"
        constraints = [models.UniqueConstraint(fields=["conta", "relacao"], name="conta_um_cliente_por_relacao")]

    def __str__(self):
        return f"{self.cliente_id} da conta {self.conta_id}"


class DebitoACobrar(models.Model):
    """A charge that is on no conta yet (service, fine); a documento de cobrança may take it."""

    imovel = models.ForeignKey(Imovel, on_delete=models.PROTECT, related_name="debitos", verbose_name="imóvel")
    descricao = models.CharField("descrição", max_length=60)
    referencia = ReferenciaField("referência", help_text="AAAAMM")
    valor = models.DecimalField(max_digits=11, decimal_places=2, validators=[MAIS_QUE_ZERO])
    cancelado = models.BooleanField(default=False)
    pago_em = models.DateField("pago em", null=True, blank=True)

    class Meta:
        verbose_name = "débito a cobrar"
        verbose_name_plural = "débitos a cobrar"
        constraints = [
            models.CheckConstraint(condition=Q(valor__gt=0), name="debito_valor_positivo"),
            models.CheckConstraint(condition=referencia_valida("referencia"), name="debito_referencia"),
        ]

    def __str__(self):
        return f"{self.descricao} de {self.imovel_id}"


class ParametroMensagemQuerySet(models.QuerySet):
    def em_vigor_em(self, referencia: int) -> "ParametroMensagem | None":
        """The newest version whose reference is not after that of the conta."""
        return self.filter(referencia__lte=referencia).order_by("-referencia", "-id").first()


class ParametroMensagem(models.Model):
    """Rules and texts of the billing messages, from a reference on. A version that was used is never rewritten."""

    referencia = ReferenciaField("referência do faturamento", help_text="AAAAMM a partir do qual vale")
    valor_minimo = models.DecimalField(
        "valor mínimo da conta", max_digits=11, decimal_places=2, validators=[MAIS_QUE_ZERO]
    )
    categorias = ArrayField(
        models.PositiveSmallIntegerField(choices=Imovel.Categoria), verbose_name="categoria do imóvel"
    )
    dias_antes = models.PositiveSmallIntegerField(
        "quantidade de dias antes do vencimento", default=0, blank=True, validators=[MaxValueValidator(99)]
    )
    tentativas_email = models.PositiveSmallIntegerField(
        "número máximo de tentativas para e-mail", default=3, validators=DOIS_DIGITOS
    )
    assunto = models.CharField("assunto do e-mail", max_length=150)
    texto_sms = models.CharField("texto SMS", max_length=300)
    texto_email = models.TextField("texto e-mail", max_length=10000)
    transliterar = models.BooleanField(
        "trocar acentos no SMS", default=True, help_text="Com acentos a operadora aceita menos posições por SMS."
    )
    criado_em = models.DateTimeField("criado em", auto_now_add=True)
    criado_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False
    )
    usado_em = models.DateTimeField("usado em", null=True, blank=True, editable=False)

    objects = ParametroMensagemQuerySet.as_manager()

    class Meta:
        verbose_name = "parametrização da mensagem de faturamento"
        verbose_name_plural = "parametrizações da mensagem de faturamento"
        ordering = ["-referencia", "-id"]
        constraints = [
            models.CheckConstraint(condition=referencia_valida("referencia"), name="parametro_mensagem_referencia"),
            models.CheckConstraint(condition=Q(valor_minimo__gt=0), name="parametro_mensagem_valor_minimo"),
            models.CheckConstraint(condition=Q(tentativas_email__range=(1, 99)), name="parametro_mensagem_tentativas"),
            models.CheckConstraint(condition=Q(dias_antes__range=(0, 99)), name="parametro_mensagem_dias"),
        ]

    def __str__(self):
        return f"{self.referencia % 100:02}/{self.referencia // 100} nº {self.pk}"

    def clean(self):
        self.dias_antes = self.dias_antes or 0  # GSAN: empty is none
        try:
            maximo = ParametroSistema.atual().tamanho_maximo_sms
        except ParametroSistema.DoesNotExist as erro:
            raise ValidationError(str(erro)) from None
        erros = {
            campo: problemas
            for campo, problemas in (
                ("texto_sms", conferir_texto("SMS", self.texto_sms, DADOS_FATURAMENTO, self.transliterar, maximo)),
                ("texto_email", conferir_texto("E-MAIL", self.texto_email, DADOS_FATURAMENTO)),
                ("assunto", conferir_texto("assunto", self.assunto, DADOS_FATURAMENTO)),
            )
            if problemas
        }
        if not self.categorias:
            erros["categorias"] = ["Informe Categoria do imóvel."]
        if erros:
            raise ValidationError(erros)

    def save(self, *args, **kwargs):
        usada = type(self).objects.filter(pk=self.pk, usado_em__isnull=False)
        if self.pk and usada.exists():
            raise ValidationError("Esta versão já foi usada e não se altera; crie outra.")
        super().save(*args, **kwargs)
