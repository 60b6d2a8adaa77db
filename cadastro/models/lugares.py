"""The places, from the município to the imóvel."""

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils.functional import cached_property

from cadastro.digitos import formatar_matricula, matricula_valida

DIGITOS_DA_QUADRA = 3  # before the parameters are informed


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


class Endereco(models.Model):
    """Where somebody is, in the parts that the postal service asks for."""

    logradouro = models.CharField(max_length=100)
    numero = models.CharField("número", max_length=10, blank=True, help_text="vazio: sem número")
    complemento = models.CharField(max_length=40, blank=True)
    bairro = models.CharField(max_length=60)
    municipio = models.ForeignKey(Municipio, on_delete=models.PROTECT, related_name="+", verbose_name="município")
    cep = models.CharField("CEP", max_length=8, validators=[RegexValidator(r"^[0-9]{8}\Z", "CEP inválido.")])

    class Meta:
        abstract = True

    def __str__(self):
        """AVENIDA SENADOR SALGADO FILHO - NÚMERO - 1555 - TIROL NATAL RN 59015-000, as GSAN prints it."""
        rua = [self.logradouro, f"NÚMERO - {self.numero}" if self.numero else "S/N", self.complemento]
        lugar = f"{self.bairro} {self.municipio.nome} {self.municipio.uf} {self.cep[:5]}-{self.cep[5:]}"
        return " - ".join(parte for parte in [*rua, lugar] if parte).upper()


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


class ComQuadraQuerySet(models.QuerySet):
    def com_largura(self) -> "ComQuadraQuerySet":
        """With how wide the number of a quadra is written, for lists: each row by itself would ask."""
        return self.annotate(digitos_da_quadra=Coalesce(Subquery(_digitos_da_quadra()[:1]), Value(DIGITOS_DA_QUADRA)))


class ComQuadra(models.Model):
    """What shows the number of a quadra, as wide as the parameters say."""

    objects = ComQuadraQuerySet.as_manager()

    class Meta:
        abstract = True

    @cached_property
    def digitos_da_quadra(self) -> int:
        return _digitos_da_quadra().first() or DIGITOS_DA_QUADRA


def _digitos_da_quadra() -> models.QuerySet:
    parametros = apps.get_model("cadastro.ParametroSistema").objects
    return parametros.order_by("pk").values_list("digitos_da_quadra", flat=True)


class Quadra(ComQuadra):
    setor = models.ForeignKey(SetorComercial, on_delete=models.PROTECT, related_name="quadras")
    rota = models.ForeignKey(Rota, on_delete=models.PROTECT, related_name="quadras")
    numero = models.PositiveSmallIntegerField("número")

    class Meta:
        ordering = ["setor", "numero"]
        constraints = [models.UniqueConstraint(fields=["setor", "numero"], name="quadra_unica")]

    def __str__(self):
        return f"{self.setor}.{self.numero:0{self.digitos_da_quadra}}"

    def clean(self):
        if self.numero is not None and len(str(self.numero)) > self.digitos_da_quadra:
            raise ValidationError({"numero": f"A quadra deve ter no máximo {self.digitos_da_quadra} dígitos."})


def _digito_da_matricula():
    """The módulo 11 digit of the matrícula's sequence, as SQL arithmetic on the column itself."""
    parcelas = [
        (F("matricula") / Value(10 ** (casa + 1))) % Value(10) * Value(peso) for casa, peso in enumerate(range(2, 10))
    ]
    soma = sum(parcelas[1:], parcelas[0])
    return (Value(11) - soma % Value(11)) % Value(11) % Value(10)


class Imovel(ComQuadra):
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

    class SituacaoEsgoto(models.IntegerChoices):
        POTENCIAL = 1, "Potencial"
        FACTIVEL = 2, "Factível"
        LIGADO = 3, "Ligado"
        EM_FISCALIZACAO = 4, "Em fiscalização"
        FORA_DE_USO = 5, "Ligado fora de uso"
        TAMPONADO = 6, "Tamponado"

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
    situacao_esgoto = models.PositiveSmallIntegerField(
        "situação do esgoto",
        choices=SituacaoEsgoto,
        default=SituacaoEsgoto.POTENCIAL,
        db_default=SituacaoEsgoto.POTENCIAL,
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
        """LLL.SSS.QQQ.LLLL.SSS, QQQQ where quadras have four digits; needs quadra and its setor loaded."""
        quadra = f"{self.quadra.numero:0{self.digitos_da_quadra}}"
        return f"{self.localidade_id:03}.{self.quadra.setor.codigo:03}.{quadra}.{self.lote:04}.{self.sublote:03}"
