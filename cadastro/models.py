"""Who and where: the company's parameters, the places, the imóveis and the customers with their phones."""

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from cadastro.campos import DocumentoField, ReferenciaField, referencia_valida
from cadastro.digitos import formatar_matricula, matricula_valida
from cadastro.documentos import normalizar_documento
from cadastro.nomes import normalizar_nome
from cadastro.telefones import celular_e164, formatar_telefone

TAMANHO_SMS_DO_OPERADOR = 164
TAMANHO_SMS_MINIMO, TAMANHO_SMS_MAXIMO = 58, 300


class Perfil(models.Model):
    """Perfil do imóvel (GSAN imovel_perfil): data, since each company has its own."""

    id = models.PositiveSmallIntegerField("código", primary_key=True)
    descricao = models.CharField("descrição", max_length=40)

    class Meta:
        verbose_name = "perfil do imóvel"
        verbose_name_plural = "perfis do imóvel"
        ordering = ["id"]

    def __str__(self):
        return self.descricao


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


class Municipio(models.Model):
    nome = models.CharField(max_length=60)
    uf = models.CharField("UF", max_length=2)
    ddd = models.CharField("DDD", max_length=2, validators=[RegexValidator(r"^[1-9][0-9]\Z", "DDD inválido.")])

    class Meta:
        verbose_name = "município"
        ordering = ["nome"]
        constraints = [models.UniqueConstraint(fields=["uf", "nome"], name="municipio_unico")]

    def __str__(self):
        return f"{self.nome}/{self.uf}"


class Gerencia(models.Model):
    nome = models.CharField(max_length=60, unique=True)

    class Meta:
        verbose_name = "gerência regional"
        verbose_name_plural = "gerências regionais"
        ordering = ["nome"]

    def __str__(self):
        return self.nome


class Localidade(models.Model):
    id = models.PositiveSmallIntegerField("código", primary_key=True, validators=[MaxValueValidator(999)])
    nome = models.CharField(max_length=30)
    gerencia = models.ForeignKey(Gerencia, on_delete=models.PROTECT, verbose_name="gerência regional")
    municipio = models.ForeignKey(Municipio, on_delete=models.PROTECT, verbose_name="município")

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(id__range=(1, 999)), name="localidade_codigo_de_3_digitos")]

    def __str__(self):
        return f"{self.pk} - {self.nome}"


class SetorComercial(models.Model):
    localidade = models.ForeignKey(Localidade, on_delete=models.PROTECT, related_name="setores")
    codigo = models.PositiveSmallIntegerField("código")

    class Meta:
        verbose_name = "setor comercial"
        verbose_name_plural = "setores comerciais"
        ordering = ["localidade", "codigo"]
        constraints = [models.UniqueConstraint(fields=["localidade", "codigo"], name="setor_unico")]

    def __str__(self):
        return f"{self.localidade_id:03}.{self.codigo:03}"


class Rota(models.Model):
    setor = models.ForeignKey(SetorComercial, on_delete=models.PROTECT, related_name="rotas")
    codigo = models.PositiveSmallIntegerField("código")

    class Meta:
        ordering = ["setor", "codigo"]
        constraints = [models.UniqueConstraint(fields=["setor", "codigo"], name="rota_unica")]

    def __str__(self):
        return f"{self.setor} rota {self.codigo}"


class Quadra(models.Model):
    setor = models.ForeignKey(SetorComercial, on_delete=models.PROTECT, related_name="quadras")
    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="quadras")
    numero = models.PositiveSmallIntegerField("número")

    class Meta:
        ordering = ["setor", "numero"]
        constraints = [models.UniqueConstraint(fields=["setor", "numero"], name="quadra_unica")]

    def __str__(self):
        return f"{self.setor}.{self.numero:03}"


def _digito_da_matricula():
    """The módulo 11 digit of the matrícula's sequence, as SQL arithmetic on the column itself."""
    parcelas = [
        (F("matricula") / Value(10 ** (casa + 1))) % Value(10) * Value(peso) for casa, peso in enumerate(range(2, 10))
    ]
    soma = sum(parcelas[1:], parcelas[0])
    return (Value(11) - soma % Value(11)) % Value(11) % Value(10)


class Imovel(models.Model):
    class Categoria(models.IntegerChoices):
        RESIDENCIAL = 1, "Residencial"
        COMERCIAL = 2, "Comercial"
        INDUSTRIAL = 3, "Industrial"
        PUBLICO = 4, "Público"

    class SituacaoAgua(models.IntegerChoices):
        POTENCIAL = 1, "Potencial"
        FACTIVEL = 2, "Factível"
        LIGADO = 3, "Ligado"
        EM_FISCALIZACAO = 4, "Em fiscalização"
        CORTADO = 5, "Cortado"
        SUPRIMIDO = 6, "Suprimido"
        SUPRIMIDO_PARCIAL = 7, "Suprimido parcial"
        SUPRIMIDO_PARCIAL_A_PEDIDO = 8, "Suprimido parcial a pedido"

    matricula = models.PositiveIntegerField("matrícula", primary_key=True, help_text="com o dígito, sem o ponto")
    quadra = models.ForeignKey(Quadra, on_delete=models.PROTECT, related_name="imoveis")
    localidade = models.ForeignKey(Localidade, on_delete=models.PROTECT, related_name="imoveis")
    lote = models.PositiveSmallIntegerField(default=0)
    sublote = models.PositiveSmallIntegerField(default=0)
    endereco = models.CharField("endereço", max_length=150, blank=True)
    categoria = models.PositiveSmallIntegerField(choices=Categoria, default=Categoria.RESIDENCIAL)
    perfil = models.ForeignKey(Perfil, on_delete=models.PROTECT)
    situacao_agua = models.PositiveSmallIntegerField(
        "situação da água", choices=SituacaoAgua, default=SituacaoAgua.LIGADO
    )

    class Meta:
        verbose_name = "imóvel"
        verbose_name_plural = "imóveis"
        constraints = [
            models.CheckConstraint(
                condition=Q(matricula__range=(10, 999999999))
                & Q(Exact(F("matricula") % Value(10), _digito_da_matricula())),
                name="imovel_digito_da_matricula",
            ),
            models.CheckConstraint(condition=Q(categoria__range=(1, 4)), name="imovel_categoria"),
        ]

    def __str__(self):
        return formatar_matricula(self.matricula)

    def clean(self):
        if self.matricula is not None and not matricula_valida(self.matricula):
            raise ValidationError({"matricula": "Matrícula inválida: o dígito não confere."})

    @property
    def inscricao(self) -> str:
        """LLL.SSS.QQQ.LLLL.SSS; needs quadra and its setor loaded."""
        quadra = self.quadra
        return f"{self.localidade_id:03}.{quadra.setor.codigo:03}.{quadra.numero:03}.{self.lote:04}.{self.sublote:03}"


class ClienteQuerySet(models.QuerySet):
    """Ways to find customers among millions: each is answered by an index."""

    def por_nome(self, nome: str) -> "ClienteQuerySet":
        """By the start of the name, or by words that start so in any order; case and accents do not count."""
        plano = normalizar_nome(nome)
        citadas = [palavra.replace("\\", "\\\\").replace("'", "''") for palavra in plano.split()]
        palavras = SearchQuery(" & ".join(f"'{palavra}':*" for palavra in citadas), search_type="raw", config="simple")
        achados = Q(palavras=palavras)
        # A name that starts with these letters has words that do; asked for both, the server would split again into
        # words each name that it finds. Of other characters it makes words in its own way.
        letras = plano.replace(" ", "")
        if not (letras.isascii() and letras.isalpha()):
            achados |= Q(nome_busca__startswith=plano)
        return self.alias(palavras=SearchVector("nome_busca", config="simple")).filter(achados)

    def por_documento(self, documento: str) -> "ClienteQuerySet":
        """By the whole CPF or CNPJ, without mask."""
        return self.filter(documento=documento)

    def por_email(self, email: str) -> "ClienteQuerySet":
        """By the whole address; case does not count."""
        return self.alias(email_busca=Lower("email")).filter(~Q(email=""), email_busca=email.lower())

    def por_telefone(self, digitos: str) -> "ClienteQuerySet":
        """By the digits of a phone, with the DDD or without; nine may be a DDD and an old number of seven."""
        com_ddd = Q(ddd=digitos[:2], numero=digitos[2:])
        if len(digitos) > 9:
            achados = com_ddd
        else:
            achados = Q(numero=digitos) | com_ddd if len(digitos) == 9 else Q(numero=digitos)
        return self.filter(pk__in=ClienteFone.objects.filter(achados).values("cliente"))

    def por_matricula(self, matricula: int) -> "ClienteQuerySet":
        """Whoever is, or once was, bound to the imóvel."""
        return self.filter(pk__in=ClienteImovel.objects.filter(imovel=matricula).values("cliente"))


class Cliente(models.Model):
    nome = models.CharField(max_length=100)
    nome_busca = models.CharField(max_length=100, editable=False, default="")
    documento = DocumentoField(
        "CPF/CNPJ", max_length=14, null=True, blank=True, unique=True, help_text="CPF ou CNPJ, também o alfanumérico"
    )
    email = models.EmailField("e-mail", max_length=254, blank=True)
    por_sms = models.BooleanField("por SMS", default=False)
    por_email = models.BooleanField("por e-mail", default=False)
    ativo = models.BooleanField(default=True)
    alterado_em = models.DateTimeField("alterado em", auto_now=True)

    objects = ClienteQuerySet.as_manager()

    class Meta:
        ordering = ["nome_busca", "id"]
        indexes = [
            models.Index(OpClass(F("nome_busca"), name="text_pattern_ops"), name="cliente_nome_prefixo"),
            GinIndex(SearchVector("nome_busca", config="simple"), name="cliente_nome_palavras"),
            models.Index(Lower("email"), name="cliente_email", condition=~Q(email="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(documento__isnull=True) | Q(documento__regex=r"^([0-9]{11}|[0-9A-Z]{12}[0-9]{2})$"),
                name="cliente_documento_cpf_ou_cnpj",
            ),
        ]

    def __str__(self):
        return self.nome

    def clean(self):
        if not self.documento:
            self.documento = None
            return
        try:
            self.documento = normalizar_documento(self.documento)
        except ValueError as erro:
            raise ValidationError({"documento": str(erro)}) from None

    def unique_error_message(self, model_class, unique_check):
        """Say whose the document is."""
        if unique_check != ("documento",):
            return super().unique_error_message(model_class, unique_check)
        sigla = "CPF" if len(self.documento) == 11 else "CNPJ"
        dono = Cliente.objects.por_documento(self.documento).values_list("pk", flat=True).first()
        return ValidationError(f"{sigla} já informado para cliente {dono}.", code="unique")

    @property
    def tipo(self) -> str:
        """What the document tells: a CPF is of a person, a CNPJ of a company."""
        return {11: "Pessoa Física", 14: "Pessoa Jurídica"}.get(len(self.documento or ""), "")

    def save(self, *args, **kwargs):
        self.nome_busca = normalizar_nome(self.nome)[:100]  # some letters become many: ß, ㎏
        if (campos := kwargs.get("update_fields")) and "nome" in campos:
            kwargs["update_fields"] = {*campos, "nome_busca"}
        super().save(*args, **kwargs)


class ClienteFone(models.Model):
    class Tipo(models.IntegerChoices):
        RESIDENCIAL = 1, "Residencial"
        COMERCIAL = 2, "Comercial"
        CELULAR = 3, "Celular"
        FAX = 4, "Fax"

    cliente = models.ForeignKey(Cliente, on_delete=models.CASCADE, related_name="fones")
    tipo = models.PositiveSmallIntegerField(choices=Tipo)
    ddd = models.CharField("DDD", max_length=2, validators=[RegexValidator(r"^[1-9][0-9]\Z", "DDD inválido.")])
    numero = models.CharField(
        "número",
        max_length=9,
        validators=[RegexValidator(r"^[0-9]{7,9}\Z", "Número do Telefone deve conter entre 7 e 9 dígitos.")],
    )
    ramal = models.CharField(max_length=4, blank=True, validators=[RegexValidator(r"^[0-9]*\Z", "Ramal inválido.")])
    contato = models.CharField(max_length=50, blank=True)
    principal = models.BooleanField(default=False)
    sms = models.BooleanField("SMS", default=False)

    class Meta:
        verbose_name = "telefone do cliente"
        verbose_name_plural = "telefones dos clientes"
        ordering = ["-principal", "id"]
        indexes = [models.Index(fields=["numero", "ddd"], name="fone_numero")]
        constraints = [
            models.UniqueConstraint(
                fields=["cliente", "ddd", "numero", "ramal"],
                name="fone_repetido",
                violation_error_message="Telefone já informado.",
            ),
            models.UniqueConstraint(
                fields=["cliente"],
                condition=Q(sms=True),
                name="fone_um_sms_por_cliente",
                violation_error_message="O cliente já tem um telefone marcado para SMS.",
            ),
            models.UniqueConstraint(
                fields=["cliente"],
                condition=Q(principal=True),
                name="fone_um_principal_por_cliente",
                violation_error_message="O cliente já tem um telefone principal.",
            ),
            models.CheckConstraint(
                condition=Q(sms=False) | Q(tipo=3),
                name="fone_sms_so_celular",
                violation_error_message="Telefone SMS deve ser do Tipo Celular.",
            ),
            models.CheckConstraint(
                condition=Q(ddd__regex=r"^[1-9][0-9]$") & Q(numero__regex=r"^[0-9]{7,9}$"), name="fone_so_digitos"
            ),
        ]

    def __str__(self):
        return f"({self.ddd}) {self.numero}"

    @property
    def formatado(self) -> str:
        return formatar_telefone(self.ddd, self.numero, self.ramal)

    @property
    def pode_ser_sms(self) -> bool:
        """Whether it may be marked SMS; `recebe_sms` tells whether the mark is of any use."""
        return self.tipo == self.Tipo.CELULAR

    @property
    def recebe_sms(self) -> bool:
        return self.pode_ser_sms and celular_e164(self.ddd, self.numero) is not None


class Relacao(models.IntegerChoices):
    """ClienteRelacaoTipo of GSAN: what a customer is of an imóvel or of a conta."""

    PROPRIETARIO = 1, "Proprietário"
    USUARIO = 2, "Usuário"
    RESPONSAVEL = 3, "Responsável"


class VinculoQuerySet(models.QuerySet):
    def em_vigor(self, hoje: date) -> "VinculoQuerySet":
        return self.filter(Q(fim__isnull=True) | Q(fim__gt=hoje), inicio__lte=hoje)


class ClienteImovel(models.Model):
    cliente = models.ForeignKey(Cliente, on_delete=models.PROTECT, related_name="vinculos")
    imovel = models.ForeignKey(Imovel, on_delete=models.PROTECT, related_name="vinculos", verbose_name="imóvel")
    relacao = models.PositiveSmallIntegerField("relação", choices=Relacao)
    inicio = models.DateField("data de início")
    fim = models.DateField("data de fim", null=True, blank=True, help_text="vazia enquanto o vínculo vale")

    objects = VinculoQuerySet.as_manager()

    class Meta:
        verbose_name = "vínculo de cliente e imóvel"
        verbose_name_plural = "vínculos de clientes e imóveis"
        constraints = [
            models.UniqueConstraint(fields=["imovel", "cliente", "relacao", "inicio"], name="vinculo_repetido"),
            models.CheckConstraint(
                condition=Q(fim__isnull=True) | Q(fim__gte=F("inicio")),
                name="vinculo_periodo",
                violation_error_message="A data de fim não pode ser anterior à de início.",
            ),
            # The core of PostgreSQL has no gist operator class for integers (btree_gist is an extension), so the
            # imóvel enters as the range of one point.
            ExclusionConstraint(
                name="vinculo_um_usuario_por_vez",
                expressions=[
                    (Func(F("imovel"), F("imovel"), Value("[]"), function="int4range"), RangeOperators.OVERLAPS),
                    (
                        Func(F("inicio"), F("fim"), function="daterange", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(relacao=2),
                violation_error_message="O imóvel já tem um usuário neste período.",
            ),
        ]

    def __str__(self):
        return f"{self.cliente_id} {self.get_relacao_display()} de {self.imovel_id}"
