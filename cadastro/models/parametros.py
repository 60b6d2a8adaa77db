"""The parameters of the whole system (UC0060)."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from cadastro.campos import DocumentoField, ReferenciaField, referencia_valida
from cadastro.documentos import normalizar_documento
from cadastro.models.lugares import Perfil

TAMANHO_SMS_DO_OPERADOR = 164
TAMANHO_SMS_MINIMO, TAMANHO_SMS_MAXIMO = 58, 300


class ParametroSistema(models.Model):
    """The system's parameters: one row, always number 1 (UC0060)."""

    class Modulo(models.IntegerChoices):
        DEZ = 10, "10"
        ONZE = 11, "11"

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    nome_estado = models.CharField("nome do estado", max_length=25)
    nome_empresa = models.CharField("nome da empresa", max_length=45)
    abreviatura_empresa = models.CharField("abreviatura da empresa", max_length=10)
    cnpj = DocumentoField("CNPJ", max_length=14)
    endereco = models.CharField("endereço", max_length=120)
    telefone_atendimento = models.CharField("número do telefone de atendimento", max_length=20, blank=True)
    site = models.CharField("site", max_length=150, blank=True)
    email = models.EmailField("e-mail", blank=True)
    ano_mes_faturamento = ReferenciaField("ano/mês de faturamento", help_text="AAAAMM")
    codigo_febraban = models.CharField(
        "código da empresa na FEBRABAN", max_length=4, validators=[RegexValidator(r"^[0-9]{4}\Z", "Informe 4 dígitos.")]
    )
    modulo_digito_verificador = models.SmallIntegerField(
        "módulo do dígito verificador", choices=Modulo, default=Modulo.DEZ
    )
    tamanho_maximo_sms = models.PositiveSmallIntegerField(
        "tamanho máximo mensagem via SMS",
        default=TAMANHO_SMS_DO_OPERADOR,
        validators=[
            MinValueValidator(TAMANHO_SMS_MINIMO, "Tamanho Máximo Mensagem via SMS deve ser de 58 a 300."),
            MaxValueValidator(TAMANHO_SMS_MAXIMO, "Tamanho Máximo Mensagem via SMS deve ser de 58 a 300."),
        ],
        help_text="De 58 a 164 posições, com as 57 do código de barras; só o administrador passa de 164, até 300.",
    )
    perfil_programa_especial = models.ForeignKey(
        Perfil,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name="perfil do programa especial",
        help_text="Imóveis deste perfil não recebem SMS nem e-mail.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "parâmetros do sistema"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="parametro_sistema_linha_unica"),
            models.CheckConstraint(
                condition=Q(tamanho_maximo_sms__range=(TAMANHO_SMS_MINIMO, TAMANHO_SMS_MAXIMO)),
                name="parametro_sistema_tamanho_sms",
            ),
            models.CheckConstraint(
                condition=Q(modulo_digito_verificador__in=(10, 11)), name="parametro_sistema_modulo"
            ),
            models.CheckConstraint(
                condition=Q(codigo_febraban__regex=r"^[0-9]{4}$"), name="parametro_sistema_febraban"
            ),
            models.CheckConstraint(
                condition=referencia_valida("ano_mes_faturamento"), name="parametro_sistema_referencia"
            ),
        ]

    def __str__(self):
        return self.nome_empresa

    def clean(self):
        try:
            self.cnpj = normalizar_documento(self.cnpj or "")
        except ValueError:
            raise ValidationError({"cnpj": "CNPJ inválido."}) from None
        if len(self.cnpj) != 14:
            raise ValidationError({"cnpj": "CNPJ inválido."})

    @classmethod
    def atual(cls) -> "ParametroSistema":
        """The one row. Raises DoesNotExist, with words for the operator, before it is informed."""
        try:
            return cls.objects.select_related("perfil_programa_especial").get()
        except cls.DoesNotExist:
            raise cls.DoesNotExist("Informe os parâmetros do sistema antes de continuar.") from None
