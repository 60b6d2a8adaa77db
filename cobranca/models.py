"""Collection: the actions, their criteria, the commands that run them and the documents that these make."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q

from batch.models import ProcessoIniciado
from cadastro.models import Imovel, Localidade, ParametroSistema
from cobranca import ficha
from cobranca.regras import conferir_acao
from faturamento.models import Conta, DebitoACobrar


class TipoServico(models.Model):
    """Tipo de serviço da ordem de serviço that an action may generate."""

    id = models.PositiveSmallIntegerField("código", primary_key=True)
    descricao = models.CharField("descrição", max_length=60)

    class Meta:
        verbose_name = "tipo de serviço"
        verbose_name_plural = "tipos de serviço"
        ordering = ["id"]

    def __str__(self):
        return self.descricao


class TipoDocumento(models.Model):
    """Tipo de documento a ser gerado: its code is two digits of the bar code."""

    id = models.PositiveSmallIntegerField(
        "código", primary_key=True, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    descricao = models.CharField("descrição", max_length=40)
    pede_texto = models.BooleanField(
        "pede texto personalizado", default=False, help_text="A ação que o gera tem de trazer o texto."
    )
    ativo = models.BooleanField(default=True)

    class Meta:
        verbose_name = "tipo de documento"
        verbose_name_plural = "tipos de documento"
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(id__range=(1, 99)), name="tipo_documento_de_2_digitos")]

    def __str__(self):
        return f"{self.pk} - {self.descricao}"


class CriterioCobranca(models.Model):
    descricao = models.CharField("descrição", max_length=60)
    dias_de_atraso = models.PositiveSmallIntegerField("dias de atraso", default=1, validators=[MinValueValidator(1)])
    valor_minimo = models.DecimalField(
        "valor mínimo", max_digits=11, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = "critério de cobrança"
        verbose_name_plural = "critérios de cobrança"
        ordering = ["descricao"]
        constraints = [
            models.CheckConstraint(condition=Q(dias_de_atraso__gte=1), name="criterio_dias_de_atraso"),
            models.CheckConstraint(condition=Q(valor_minimo__gte=0), name="criterio_valor_minimo"),
        ]

    def __str__(self):
        return self.descricao


class AcaoCobranca(models.Model):
    """A collection action (UC0214). One that sends messages stands alone: no service, cronograma or neighbours."""

    descricao = models.CharField("descrição da ação de cobrança", max_length=40, unique=True)
    ativa = models.BooleanField(default=True)

    # The document
    dias_de_validade = models.PositiveSmallIntegerField(
        "número de dias de validade da ação", validators=[MinValueValidator(1), MaxValueValidator(9999)]
    )
    dias_de_vencimento = models.PositiveSmallIntegerField(
        "número de dias de vencimento", null=True, blank=True, validators=[MaxValueValidator(9999)]
    )
    tipo_documento = models.PositiveSmallIntegerField(
        "tipo de documento a ser gerado", default=3, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    texto_personalizado = models.CharField("texto personalizado", max_length=500, blank=True)

    # Whom it looks at
    criterio = models.ForeignKey(CriterioCobranca, on_delete=models.PROTECT, verbose_name="critério de cobrança")
    situacoes_agua = ArrayField(
        models.PositiveSmallIntegerField(choices=Imovel.SituacaoAgua),
        verbose_name="situação da ligação de água dos imóveis",
        default=list,
        blank=True,
    )
    situacoes_esgoto = ArrayField(
        models.PositiveSmallIntegerField(choices=Imovel.SituacaoEsgoto),
        verbose_name="situação da ligação de esgoto dos imóveis",
        default=list,
        blank=True,
    )
    so_documento_valido = models.BooleanField("efetuar ação para CPF/CNPJ válido", default=False)
    executa_sem_debito = models.BooleanField("pode ser executada para imóveis sem débito", default=False)

    # What it charges
    considera_debitos = models.BooleanField("considera débitos a cobrar", default=False)
    acrescimos = models.BooleanField("considera acréscimos por impontualidade", default=False)
    gera_taxa = models.BooleanField("gera taxa", default=False)
    considera_creditos = models.BooleanField("considera créditos a realizar", default=False)
    considera_promissorias = models.BooleanField("considera notas promissória", default=False)
    por_valor_decrescente = models.BooleanField("seleção ordenando por valor decrescente", default=False)
    valida_por_item = models.BooleanField("validar por item cobrado", default=False)
    dias_minimos = models.PositiveIntegerField(
        "quantidade de dias mínimo de cobrança", null=True, blank=True, validators=[MaxValueValidator(999_999)]
    )
    dias_maximos = models.PositiveIntegerField(
        "quantidade de dias máximo de cobrança", null=True, blank=True, validators=[MaxValueValidator(999_999)]
    )

    # Its place among the others
    predecessora = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sucessoras",
        verbose_name="ação predecessora",
    )
    dias_da_predecessora = models.PositiveSmallIntegerField(
        "número de dias entre a ação e sua predecessora", null=True, blank=True
    )
    predecessora_alternativa = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sucessoras_alternativas",
        verbose_name="ação predecessora alternativa",
    )
    compoe_cronograma = models.BooleanField("compõe o cronograma", default=False)
    ordem_cronograma = models.PositiveSmallIntegerField("ordem no cronograma", default=0, blank=True)
    obrigatoria = models.BooleanField("ação obrigatória", default=False)
    repetida_no_ciclo = models.BooleanField("pode ser repetida no ciclo", default=False)
    usa_metas = models.BooleanField("usa metas no cronograma", default=False)
    ordena_no_cronograma = models.BooleanField("usa ordenamento no cronograma", default=False)
    ordena_nas_eventuais = models.BooleanField("usa ordenamento nas eventuais", default=False)
    exibe_eventual = models.BooleanField("exibir cobrança eventual", default=True)

    # What follows from it
    tipo_servico = models.ForeignKey(
        TipoServico,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name="tipo de serviço da ordem de serviço a ser gerada",
    )
    suspende_abastecimento = models.BooleanField("provoca suspensão de abastecimento", default=False)
    emite_boletins = models.BooleanField("pode emitir boletins de cadastro", default=False)
    debito_interfere = models.BooleanField("situação do débito interfere na situação da ação", default=False)
    dias_remuneracao = models.PositiveSmallIntegerField(
        "limite de dias para remuneração de terceiros", null=True, blank=True, validators=[MaxValueValidator(9999)]
    )

    # The message
    por_sms = models.BooleanField("enviar mensagem por SMS", default=False)
    por_email = models.BooleanField("enviar mensagem por e-mail", default=False)
    aviso_obrigatorio = models.BooleanField(
        "aviso obrigatório",
        default=False,
        db_default=False,
        help_text="sai a qualquer hora e também para quem pediu não perturbe",
    )
    tentativas_email = models.PositiveSmallIntegerField(
        "número máximo de tentativas de envio para e-mail", default=0, blank=True, validators=[MaxValueValidator(99)]
    )
    assunto = models.CharField("assunto do e-mail", max_length=150, blank=True)
    texto_sms = models.CharField("texto SMS", max_length=300, blank=True)
    texto_email = models.TextField("texto e-mail", max_length=10000, blank=True)
    transliterar = models.BooleanField("trocar acentos no SMS", default=True)

    class Meta:
        verbose_name = "ação de cobrança"
        verbose_name_plural = "ações de cobrança"
        ordering = ["descricao"]
        constraints = [
            models.CheckConstraint(
                condition=Q(por_sms=False, por_email=False)
                | Q(
                    tipo_servico__isnull=True,
                    predecessora__isnull=True,
                    predecessora_alternativa__isnull=True,
                    compoe_cronograma=False,
                ),
                name="acao_com_mensagem_fica_so",
                violation_error_message="Ação com mensagem não pode ter serviço, predecessora nem cronograma.",
            ),
            models.UniqueConstraint(
                fields=["ordem_cronograma"],
                condition=Q(compoe_cronograma=True),
                name="acao_ordem_unica",
                violation_error_message="Já existe uma ação com este número de ordem.",
            ),
            models.CheckConstraint(condition=Q(por_sms=False) | ~Q(texto_sms=""), name="acao_sms_com_texto"),
            models.CheckConstraint(
                condition=Q(por_email=False) | (~Q(texto_email="") & Q(tentativas_email__gte=1)),
                name="acao_email_com_texto",
            ),
            models.CheckConstraint(
                condition=Q(obrigatoria=False) | Q(compoe_cronograma=True),
                name="acao_obrigatoria_no_cronograma",
                violation_error_message="Ação obrigatória deve compor o cronograma.",
            ),
            models.CheckConstraint(
                condition=Q(valida_por_item=False)
                | Q(dias_minimos__isnull=False, dias_maximos__isnull=False, dias_minimos__lte=F("dias_maximos")),
                name="acao_dias_dos_itens",
            ),
        ]

    def __str__(self):
        return self.descricao

    @property
    def envia_mensagem(self) -> bool:
        return self.por_sms or self.por_email

    def clean(self):
        """The rules of gsan.md 3.2. What a number depends on being off, it is stored as 0 or empty."""
        self.ordem_cronograma = (self.compoe_cronograma and self.ordem_cronograma) or 0
        self.tentativas_email = (self.por_email and self.tentativas_email) or 0
        if not self.predecessora_id:
            self.dias_da_predecessora = None
        if not self.valida_por_item:
            self.dias_minimos = self.dias_maximos = None
        try:
            tamanho_maximo_sms = ParametroSistema.atual().tamanho_maximo_sms
        except ParametroSistema.DoesNotExist as erro:
            raise ValidationError(str(erro)) from None
        tipo = TipoDocumento.objects.filter(pk=self.tipo_documento).first()
        if erros := conferir_acao(self, tipo=tipo, tamanho_maximo_sms=tamanho_maximo_sms):
            raise ValidationError(erros)


class ComandoAcao(models.Model):
    """An eventual command of an action: whom to look at, and from when its messages may leave."""

    titulo = models.CharField("título", max_length=60)
    acao = models.ForeignKey(AcaoCobranca, on_delete=models.PROTECT, related_name="comandos", verbose_name="ação")
    localidade = models.ForeignKey(
        Localidade, on_delete=models.PROTECT, null=True, blank=True, help_text="vazia: todas"
    )
    enviar_a_partir_de = models.DateField("enviar a partir de", null=True, blank=True)
    criado_em = models.DateTimeField("comandado em", auto_now_add=True)
    criado_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False
    )
    geracao = models.ForeignKey(
        ProcessoIniciado,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name="processo que gera os documentos",
    )
    gerado_em = models.DateTimeField("documentos gerados em", null=True, blank=True, editable=False)
    anunciado_em = models.DateTimeField("mensagens geradas em", null=True, blank=True, editable=False)
    documentos_gerados = models.PositiveIntegerField(default=0, editable=False)
    fichas = models.PositiveIntegerField("fichas de compensação", default=0, db_default=0, editable=False)
    fichas_sem_conta = models.PositiveIntegerField(  # that no account was there for
        "documentos com valor de ficha que saíram com o código de arrecadação", default=0, db_default=0, editable=False
    )
    cancelado_em = models.DateTimeField("cancelado em", null=True, blank=True, editable=False)
    cancelado_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = "comando de ação de cobrança"
        verbose_name_plural = "comandos de ação de cobrança"
        ordering = ["-id"]

    def __str__(self):
        return self.titulo

    @property
    def em_geracao(self) -> bool:
        """Whether its documents are being made, or soon will be."""
        return not self.gerado_em and self.geracao is not None and self.geracao.situacao in ProcessoIniciado.A_CANCELAR


class ContaBancaria(models.Model):
    """The bank account that the fichas de compensação are paid to; what their lines are made of never changes after
    the first. At most one gives its numbers at a time, and each of them once."""

    # What a line is made of.
    FIXOS = ("banco", "agencia", "conta", "convenio", "carteira")

    banco = models.CharField(max_length=3, choices=[(b.codigo, f"{b.codigo} {b.nome}") for b in ficha.BANCOS.values()])
    agencia = models.CharField("agência", max_length=4, help_text="4 algarismos, sem o dígito")
    conta = models.CharField(max_length=10, blank=True, help_text="sem o dígito: Bradesco 7 algarismos, Itaú 5")
    convenio = models.CharField(
        "convênio ou código do beneficiário",
        max_length=7,
        blank=True,
        help_text="Banco do Brasil: 7 algarismos; Caixa: 6, sem o dígito",
    )
    carteira = models.CharField(max_length=3, help_text="Banco do Brasil e Bradesco: 2 algarismos; Caixa: 14; Itaú: 3")
    proximo_nosso_numero = models.BigIntegerField(
        "próximo nosso número", default=1, validators=[MinValueValidator(1)], help_text="só aumenta: nenhum se repete"
    )
    instrucoes = models.CharField("instruções", max_length=200, blank=True, help_text="impressas na ficha")
    ativa = models.BooleanField(default=True, help_text="a que dá número às novas fichas: só uma")

    class Meta:
        verbose_name = "conta bancária"
        verbose_name_plural = "contas bancárias"
        ordering = ["-ativa", "banco", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ativa"],
                condition=Q(ativa=True),
                name="conta_bancaria_uma_ativa",
                violation_error_message="Já existe uma conta bancária ativa: desative-a antes.",
            ),
            # Two rows of one account would give the same numbers twice. Where there is a convênio it is the account.
            models.UniqueConstraint(
                fields=["banco", "convenio"],
                condition=~Q(convenio=""),
                name="conta_bancaria_convenio_unico",
                violation_error_message="Este convênio já está cadastrado.",
            ),
            models.UniqueConstraint(
                fields=["banco", "agencia", "conta", "carteira"],
                condition=Q(convenio=""),
                name="conta_bancaria_unica",
                violation_error_message="Esta conta bancária já está cadastrada.",
            ),
            models.CheckConstraint(condition=Q(proximo_nosso_numero__gte=1), name="conta_bancaria_numero_positivo"),
        ]

    def __str__(self):
        return f"{self.get_banco_display()}, agência {self.agencia}, carteira {self.carteira}"

    def clean(self):
        """What the bank asks of each field; and what boletos were made of stays as it was. Where it is stored in the
        same transaction, as in the administration, no number is given between."""
        if erros := ficha.conferir_conta(self):
            raise ValidationError(erros)
        for campo in {"conta", "convenio"} - set(ficha.banco(self.banco).tamanhos):
            setattr(self, campo, "")
        contas = type(self).objects
        if transaction.get_connection().in_atomic_block:
            contas = contas.select_for_update()
        guardada = contas.filter(pk=self.pk).first()
        if guardada is None:
            return
        if self.proximo_nosso_numero < guardada.proximo_nosso_numero:
            raise ValidationError({"proximo_nosso_numero": "O próximo nosso número não pode diminuir."})
        mudados = [campo for campo in self.FIXOS if getattr(self, campo) != getattr(guardada, campo)]
        if mudados and self.documentos.exists():
            palavras = "Há fichas desta conta: desative-a e cadastre outra."
            raise ValidationError(dict.fromkeys(mudados, palavras))

    @transaction.atomic
    def save(self, *args, **kwargs):
        """Numbers that were given while somebody edited the account are not given again."""
        guardada = type(self).objects.select_for_update().filter(pk=self.pk).values_list("proximo_nosso_numero").first()
        if guardada:
            self.proximo_nosso_numero = max(self.proximo_nosso_numero, *guardada)
        super().save(*args, **kwargs)


class CobrancaDocumento(models.Model):
    """A payable document over what an imóvel owes; `numero` is the sequencial (9 digits) of its bar code."""

    comando = models.ForeignKey(ComandoAcao, on_delete=models.PROTECT, related_name="documentos")
    imovel = models.ForeignKey(Imovel, on_delete=models.PROTECT, related_name="documentos", verbose_name="imóvel")
    localidade = models.ForeignKey(Localidade, on_delete=models.PROTECT)
    tipo_documento = models.PositiveSmallIntegerField("tipo de documento")
    emissao = models.DateField("emissão")
    validade = models.DateField()
    vencimento = models.DateField(null=True, blank=True, help_text="vazio: a validade")
    valor = models.DecimalField(max_digits=11, decimal_places=2)
    cancelado = models.BooleanField(default=False)
    pago_em = models.DateField("pago em", null=True, blank=True)
    sequencial = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="o que outro sistema lhe deu; vazio: o próprio código"
    )
    # Those of a ficha de compensação; what was made as one stays one.
    conta_bancaria = models.ForeignKey(
        ContaBancaria,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="documentos",
        verbose_name="conta bancária",
        db_index=False,  # documento_nosso_numero_unico begins with it
    )
    nosso_numero = models.BigIntegerField("nosso número", null=True, blank=True)

    class Meta:
        verbose_name = "documento de cobrança"
        verbose_name_plural = "documentos de cobrança"
        constraints = [
            models.UniqueConstraint(fields=["comando", "imovel"], name="documento_um_por_imovel_no_comando"),
            models.CheckConstraint(condition=Q(valor__gt=0), name="documento_valor_positivo"),
            models.CheckConstraint(condition=Q(validade__gte=F("emissao")), name="documento_validade"),
            models.CheckConstraint(condition=Q(id__range=(1, 999999999)), name="documento_sequencial_de_9_digitos"),
            # Only of the fichas, which are few: no number is given twice, whoever gives them.
            models.UniqueConstraint(
                fields=["conta_bancaria", "nosso_numero"],
                condition=Q(nosso_numero__isnull=False),
                name="documento_nosso_numero_unico",
            ),
            models.CheckConstraint(
                condition=Q(conta_bancaria__isnull=True, nosso_numero__isnull=True)
                | Q(conta_bancaria__isnull=False, nosso_numero__isnull=False),
                name="documento_ficha_com_numero",
            ),
        ]

    def __str__(self):
        return f"Documento {self.pk} de {self.imovel_id}"

    @property
    def numero(self) -> int:
        """What identifies it in its bar code: of a document made elsewhere, the number that it has there."""
        return self.sequencial or self.pk

    @property
    def vence_em(self) -> date:
        """The day that a boleto of it carries."""
        return self.vencimento or self.validade

    @property
    def ultimo_dia(self) -> date:
        """On which it can be paid: a bank refuses a boleto after its due date; others live by their validity."""
        return min(self.vence_em, self.validade) if self.ficha else self.validade

    @property
    def ficha(self) -> bool:
        return self.nosso_numero is not None

    @property
    def nosso_numero_impresso(self) -> str:
        """As its bank writes it; needs `conta_bancaria` loaded."""
        return ficha.banco(self.conta_bancaria.banco).nosso_numero(self.conta_bancaria, self.nosso_numero)


class CobrancaDocumentoItem(models.Model):
    """A conta or a débito that a document charges, with its value on that day."""

    documento = models.ForeignKey(CobrancaDocumento, on_delete=models.CASCADE, related_name="itens")
    conta = models.ForeignKey(Conta, on_delete=models.PROTECT, null=True, blank=True, related_name="documentos")
    debito = models.ForeignKey(
        DebitoACobrar,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="documentos",
        verbose_name="débito a cobrar",
    )
    valor = models.DecimalField(max_digits=11, decimal_places=2)

    class Meta:
        verbose_name = "item do documento"
        verbose_name_plural = "itens dos documentos"
        constraints = [
            models.CheckConstraint(
                condition=Q(conta__isnull=False, debito__isnull=True) | Q(conta__isnull=True, debito__isnull=False),
                name="item_conta_ou_debito",
            ),
            models.UniqueConstraint(fields=["documento", "conta", "debito"], name="item_unico", nulls_distinct=False),
        ]

    def __str__(self):
        return f"{self.conta or self.debito}"


class ImovelSemDocumento(models.Model):
    """Who a command looked at and made no document for, and why (GSAN motivo de não geração)."""

    class Motivo(models.IntegerChoices):
        SEM_CANAL = 33, "Usuário sem canal de mensagem"
        VALOR_ABAIXO = 34, "Débito abaixo do valor mínimo"
        SEM_USUARIO = 35, "Imóvel sem usuário"
        PROGRAMA_ESPECIAL = 36, "Perfil do programa especial"
        SITUACAO_DA_LIGACAO = 37, "Situação da ligação que a ação não alcança"
        DOCUMENTO_INVALIDO = 38, "Usuário sem CPF/CNPJ válido"
        FORA_DA_FAIXA = 39, "Nenhum débito na faixa de dias da ação"
        SEM_PREDECESSORA = 40, "Sem documento da ação predecessora há dias bastantes"
        FORA_DA_COBRANCA = 41, "Usuário fora da ação de cobrança"

    comando = models.ForeignKey(ComandoAcao, on_delete=models.CASCADE, related_name="sem_documento")
    imovel = models.ForeignKey(Imovel, on_delete=models.PROTECT, verbose_name="imóvel")
    motivo = models.PositiveSmallIntegerField(choices=Motivo)

    class Meta:
        verbose_name = "imóvel sem documento"
        verbose_name_plural = "imóveis sem documento"
        constraints = [models.UniqueConstraint(fields=["comando", "imovel"], name="sem_documento_unico")]

    def __str__(self):
        return f"{self.imovel_id}: {self.get_motivo_display()}"
