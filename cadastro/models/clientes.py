"""The customers, their phones, and what they are of the imóveis."""

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

from cadastro.campos import DocumentoField
from cadastro.documentos import normalizar_documento
from cadastro.models.lugares import Endereco, Imovel
from cadastro.nomes import normalizar_nome
from cadastro.telefones import celular_e164, formatar_telefone

UFS = (
    *("AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA", "PB", "PE", "PI", "PR"),
    *("RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO"),
)


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


# What customers got after there were millions of them has constant defaults and no check, which would read them all.


def _texto(rotulo: str, tamanho: int, **opcoes) -> models.CharField:
    """Empty while it is not known, also for who writes the table in SQL."""
    return models.CharField(rotulo, max_length=tamanho, blank=True, default="", db_default="", **opcoes)


def _sim_nao(rotulo: str, padrao: bool) -> models.BooleanField:
    return models.BooleanField(rotulo, default=padrao, db_default=padrao)


class Cliente(models.Model):
    class Tipo(models.IntegerChoices):
        FISICA = 1, "Pessoa Física"
        JURIDICA = 2, "Pessoa Jurídica"

    class Sexo(models.IntegerChoices):
        MASCULINO = 1, "Masculino"
        FEMININO = 2, "Feminino"

    DO_TIPO = {11: Tipo.FISICA, 14: Tipo.JURIDICA}  # by the positions of the document

    nome = models.CharField(max_length=100)
    nome_abreviado = _texto("nome abreviado", 40)
    nome_busca = models.CharField(max_length=100, editable=False, default="")
    tipo = models.SmallIntegerField(choices=Tipo, default=Tipo.FISICA, db_default=Tipo.FISICA)
    documento = DocumentoField(
        "CPF/CNPJ", max_length=14, null=True, blank=True, unique=True, help_text="CPF ou CNPJ, também o alfanumérico"
    )
    documento_validado = _sim_nao("CPF/CNPJ validado", False)
    email = models.EmailField("e-mail", max_length=254, blank=True)
    por_sms = models.BooleanField("por SMS", default=False)
    por_email = models.BooleanField("por e-mail", default=False)
    # Of a person
    rg = _texto("RG", 13)
    rg_orgao = _texto("órgão expedidor do RG", 20)
    rg_uf = _texto("UF do RG", 2, choices=[(uf, uf) for uf in UFS])
    rg_emissao = models.DateField("data de emissão do RG", null=True, blank=True)
    nascimento = models.DateField("data de nascimento", null=True, blank=True)
    sexo = models.SmallIntegerField(choices=Sexo, null=True, blank=True)
    profissao = _texto("profissão", 60)
    nome_mae = _texto("nome da mãe", 100)
    # Of a company
    ramo_atividade = _texto("ramo de atividade", 60)
    # How he is charged
    dia_vencimento = models.SmallIntegerField(
        "dia do vencimento", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(31)]
    )
    acrescimos = _sim_nao("acréscimos por impontualidade", True)
    acao_cobranca = _sim_nao("ação de cobrança", True)
    negativacao = _sim_nao("negativação", True)
    fatura_antecipada = _sim_nao("fatura antecipada", False)
    nao_perturbe = models.BooleanField(
        "não perturbe", default=False, db_default=False, help_text="só recebe os avisos obrigatórios"
    )
    ativo = models.BooleanField(default=True)
    alterado_em = models.DateTimeField("alterado em", auto_now=True)

    objects = ClienteQuerySet.as_manager()

    class Meta:
        ordering = ["nome_busca", "id"]
        permissions = [  # GSAN's permissões especiais
            ("sem_documento_inserir", "Pode inserir pessoa física sem CPF"),
            ("sem_documento_manter", "Pode manter pessoa física sem CPF"),
            ("nome_curto", "Pode informar nome de cliente com menos de 10 posições"),
            ("nome_generico", "Pode informar nome genérico de cliente"),
            ("em_duplicidade", "Pode cadastrar cliente em duplicidade"),
            ("nome_validado", "Pode alterar nome de cliente com CPF/CNPJ validado"),
        ]
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
        if self.DO_TIPO[len(self.documento)] != self.tipo:
            sigla = "CPF, de 11" if self.tipo == self.Tipo.FISICA else "CNPJ, de 14"
            raise ValidationError({"documento": f"{self.get_tipo_display()} tem {sigla} posições."})

    def unique_error_message(self, model_class, unique_check):
        """Say whose the document is."""
        if unique_check != ("documento",):
            return super().unique_error_message(model_class, unique_check)
        sigla = "CPF" if len(self.documento) == 11 else "CNPJ"
        dono = Cliente.objects.por_documento(self.documento).values_list("pk", flat=True).first()
        return ValidationError(f"{sigla} já informado para cliente {dono}.", code="unique")

    def save(self, *args, **kwargs):
        self.nome_busca = normalizar_nome(self.nome)[:100]  # some letters become many: ß, ㎏
        self.tipo = self.DO_TIPO.get(len(self.documento or ""), self.tipo)  # the document tells
        if campos := kwargs.get("update_fields"):
            seguem = {"nome": "nome_busca", "documento": "tipo"}
            kwargs["update_fields"] = {*campos, *(seguem[campo] for campo in campos if campo in seguem)}
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


class ClienteEndereco(Endereco):
    class Tipo(models.IntegerChoices):
        RESIDENCIAL = 1, "Residencial"
        COMERCIAL = 2, "Comercial"

    cliente = models.ForeignKey(Cliente, on_delete=models.CASCADE, related_name="enderecos")
    tipo = models.PositiveSmallIntegerField(choices=Tipo)
    correspondencia = models.BooleanField("correspondência", default=False)

    class Meta:
        verbose_name = "endereço do cliente"
        verbose_name_plural = "endereços dos clientes"
        ordering = ["-correspondencia", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cliente"],
                condition=Q(correspondencia=True),
                name="endereco_uma_correspondencia_por_cliente",
                violation_error_message="O cliente já tem um endereço de correspondência.",
            ),
            models.CheckConstraint(condition=Q(tipo__in=(1, 2)), name="endereco_tipo"),
            models.CheckConstraint(condition=Q(cep__regex=r"^[0-9]{8}$"), name="endereco_cep"),
        ]


class NomeGenerico(models.Model):
    """A name that names nobody, such as CONSUMIDOR: which ones is data of each company."""

    nome = models.CharField(max_length=50, unique=True, help_text="sem contar acentos, maiúsculas e algarismos")

    class Meta:
        verbose_name = "nome genérico"
        verbose_name_plural = "nomes genéricos"
        ordering = ["nome"]

    def __str__(self):
        return self.nome


class Relacao(models.IntegerChoices):
    """ClienteRelacaoTipo of GSAN: what a customer is of an imóvel or of a conta."""

    PROPRIETARIO = 1, "Proprietário"
    USUARIO = 2, "Usuário"
    RESPONSAVEL = 3, "Responsável"


FIM_ANTES_DO_INICIO = "A data de fim não pode ser anterior à de início."


class VinculoQuerySet(models.QuerySet):
    def em_vigor(self, hoje: date) -> "VinculoQuerySet":
        return self.filter(Q(fim__isnull=True) | Q(fim__gt=hoje), inicio__lte=hoje)


class ClienteImovel(models.Model):
    cliente = models.ForeignKey(Cliente, on_delete=models.PROTECT, related_name="vinculos")
    imovel = models.ForeignKey(Imovel, on_delete=models.PROTECT, related_name="vinculos", verbose_name="imóvel")
    relacao = models.PositiveSmallIntegerField("relação", choices=Relacao)
    inicio = models.DateField("data de início")
    fim = models.DateField("data de fim", null=True, blank=True, help_text="vazia enquanto o vínculo vale")
    motivo_fim = _texto("motivo do fim", 60)

    objects = VinculoQuerySet.as_manager()

    class Meta:
        verbose_name = "vínculo de cliente e imóvel"
        verbose_name_plural = "vínculos de clientes e imóveis"
        constraints = [
            models.UniqueConstraint(fields=["imovel", "cliente", "relacao", "inicio"], name="vinculo_repetido"),
            models.CheckConstraint(
                condition=Q(fim__isnull=True) | Q(fim__gte=F("inicio")),
                name="vinculo_periodo",
                violation_error_message=FIM_ANTES_DO_INICIO,
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

    def clean(self):
        if self.inicio and self.fim and self.fim < self.inicio:  # the constraint says it, and not of which field
            raise ValidationError({"fim": FIM_ANTES_DO_INICIO})

    def __str__(self):
        return f"{self.cliente_id} {self.get_relacao_display()} de {self.imovel_id}"

    def validate_constraints(self, exclude=None):
        """Without a right relação there is nothing to compare, and Django would ask for it all the same."""
        if "relacao" not in (exclude or ()):
            super().validate_constraints(exclude=exclude)
