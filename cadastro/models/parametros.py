"""The system's parameters, one row, in the order of the manual's screen; and what the screen looks up by a code."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from cadastro.campos import DocumentoField, ReferenciaField, referencia_valida
from cadastro.documentos import normalizar_documento
from cadastro.models.lugares import Endereco, Municipio, Perfil

TAMANHO_SMS_DO_OPERADOR = 164
TAMANHO_SMS_MINIMO, TAMANHO_SMS_MAXIMO = 58, 300
SEM_EFEITO = "sem efeito neste sistema"
LOGOMARCA = "./imagens/logo.gif"


class UnidadeOrganizacional(models.Model):
    """A part of the company, by the code that the company gives it."""

    id = models.PositiveIntegerField("código", primary_key=True, validators=[MaxValueValidator(99_999)])
    descricao = models.CharField("descrição", max_length=40)

    class Meta:
        verbose_name = "unidade organizacional"
        verbose_name_plural = "unidades organizacionais"
        ordering = ["id"]

    def __str__(self):
        return self.descricao


class Funcionario(models.Model):
    """Who works in the company, by his matrícula there."""

    id = models.PositiveIntegerField("matrícula", primary_key=True, validators=[MaxValueValidator(999_999_999)])
    nome = models.CharField(max_length=70)

    class Meta:
        verbose_name = "funcionário"
        ordering = ["nome"]

    def __str__(self):
        return self.nome


def _indicador(rotulo: str, padrao: bool = False, ajuda: str = SEM_EFEITO) -> models.BooleanField:
    """Sim or Não."""
    return models.BooleanField(rotulo, default=padrao, help_text=ajuda)


def _digitos(rotulo: str, tamanho: int, ajuda: str = "") -> models.CharField:
    so_digitos = RegexValidator(r"^[0-9]*\Z", f"{rotulo} deve somente conter números positivos.")
    return models.CharField(
        rotulo, max_length=tamanho, blank=True, default="", help_text=ajuda, validators=[so_digitos]
    )


def _telefone(rotulo: str, ajuda: str = "") -> models.CharField:
    """As customers dial it: 08000-840195."""
    de_telefone = RegexValidator(r"^[0-9 ().+-]*\Z", f"{rotulo} possui caracteres inválidos.")
    return models.CharField(rotulo, max_length=20, blank=True, default="", help_text=ajuda, validators=[de_telefone])


def _valor_da_ficha(rotulo: str, ajuda: str = SEM_EFEITO) -> models.DecimalField:
    return models.DecimalField(
        rotulo,
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=ajuda,
        validators=[MinValueValidator(0, f"{rotulo} deve somente conter números positivos.")],
    )


def _quem(modelo, rotulo: str, ajuda: str = SEM_EFEITO) -> models.ForeignKey:
    return models.ForeignKey(
        modelo, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=rotulo, help_text=ajuda
    )


class ParametroSistema(Endereco):
    """Informar Parâmetros do Sistema (UC0060): one row, always number 1."""

    class Modulo(models.IntegerChoices):
        DEZ = 10, "10"
        ONZE = 11, "11"

    class Imagem(models.IntegerChoices):
        """How large an attached image may stay, in pixels."""

        INFORMAR = 0, "Informar o tamanho"
        PEQUENA = 1, "640 x 480"
        MEDIA = 2, "800 x 600"
        GRANDE = 3, "1024 x 768"

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    # Where an address was informed in one line, before it had parts, it is all in the logradouro.
    logradouro = models.CharField(max_length=120)
    municipio = models.ForeignKey(
        Municipio, on_delete=models.PROTECT, related_name="+", null=True, verbose_name="município"
    )

    # Dados Gerais da Empresa
    nome_estado = models.CharField("Nome do Estado", max_length=25, help_text=SEM_EFEITO)
    nome_empresa = models.CharField("Nome da Empresa", max_length=45)
    abreviatura_empresa = models.CharField("Abreviatura da Empresa", max_length=10, help_text=SEM_EFEITO)
    cnpj = DocumentoField("CNPJ", max_length=14)
    inscricao_estadual = models.CharField(
        "Inscrição Estadual", max_length=20, blank=True, default="", help_text=SEM_EFEITO
    )
    inscricao_municipal = models.CharField(
        "Inscrição Municipal", max_length=20, blank=True, default="", help_text=SEM_EFEITO
    )
    numero_contrato = models.CharField(
        "Número do Contrato", max_length=20, blank=True, default="", help_text=SEM_EFEITO
    )
    unidade_presidencia = _quem(UnidadeOrganizacional, "Unidade Organizacional da Presidência")
    presidente = _quem(Funcionario, "Presidente")
    diretor_comercial = _quem(Funcionario, "Diretor Comercial")
    telefone = _digitos("Número do Telefone", 9, "Nas mensagens, quando não há o de atendimento.")
    ramal = _digitos("Ramal", 4)
    fax = _digitos("Fax", 9, SEM_EFEITO)
    site = models.CharField("Site", max_length=150, blank=True)
    email = models.EmailField("E-Mail", blank=True)
    telefone_atendimento = _telefone("Número do Telefone de Atendimento")
    telefone_atendimento_esgoto = _telefone("Número do Telefone de Atendimento Serviço Esgoto")
    digitos_da_quadra = models.PositiveSmallIntegerField(
        "Quantidade de dígitos da quadra", default=3, help_text="3 ou 4: a largura da quadra na inscrição do imóvel."
    )
    quadra_face = _indicador("Indicador Quadra Face")
    cliente_programa_especial = _quem("cadastro.Cliente", "Cliente Responsável Programa Especial")
    perfil_programa_especial = _quem(
        Perfil, "Perfil do Programa Especial", "Imóveis deste perfil não recebem SMS nem e-mail."
    )
    popup_atualizacao_cadastral = _indicador("Indicador Popup de Atualização Cadastral")

    # Parâmetros para Relatório
    titulos_relatorio = models.CharField("Títulos de Relatório", max_length=40, default="", help_text=SEM_EFEITO)
    imagem_logomarca = models.CharField(
        "Caminho Imagem da Logomarca", max_length=30, default=LOGOMARCA, help_text=SEM_EFEITO
    )
    imagem_relatorio = models.CharField(
        "Caminho Imagem do Relatório", max_length=30, default=LOGOMARCA, help_text=SEM_EFEITO
    )
    imagem_conta = models.CharField("Caminho Imagem da Conta", max_length=30, default=LOGOMARCA, help_text=SEM_EFEITO)
    execucao_resumo_negativacao = models.PositiveSmallIntegerField(
        "Execução do Resumo de Negativação", default=1, help_text=SEM_EFEITO
    )
    controlar_autos_infracao = _indicador("Controlar os autos de infração")
    exibir_mensagem = _indicador("Indicador Exibir Mensagem")
    documento_obrigatorio = _indicador(
        "Documento Principal Obrigatório", ajuda="Com Sim, exige o CPF para incluir e alterar pessoas físicas."
    )
    consultar_receita = _indicador("Consultar Receita Federal")
    mensagem_vencimento_guia = models.CharField(
        "Mensagem de Vencimento da Guia de Pagamento Referente a Entrada de Parcelamento",
        max_length=100,
        blank=True,
        default="",
        help_text=SEM_EFEITO,
    )
    tamanho_anexo = models.PositiveSmallIntegerField(
        "Tamanho Máximo de Anexo para Registro de Atendimento", default=2, help_text=f"Em MB; {SEM_EFEITO}"
    )
    redimensionar_imagem = models.PositiveSmallIntegerField(
        "Redimensionar Imagem para", choices=Imagem, default=Imagem.INFORMAR, help_text=f"Em pixels; {SEM_EFEITO}"
    )
    tamanho_maximo_sms = models.PositiveSmallIntegerField(
        "Tamanho Máximo Mensagem via SMS",
        default=TAMANHO_SMS_DO_OPERADOR,
        validators=[
            MinValueValidator(TAMANHO_SMS_MINIMO, "Tamanho Máximo Mensagem via SMS deve ser de 58 a 300."),
            MaxValueValidator(TAMANHO_SMS_MAXIMO, "Tamanho Máximo Mensagem via SMS deve ser de 58 a 300."),
        ],
        help_text="De 58 a 164 posições; só o administrador passa de 164, até 300. Inclui as 57 posições do código de"
        " barras, acrescentado ao final do texto.",
    )
    valor_ficha_extrato = _valor_da_ficha(
        "Valor para Emissão de Extrato Tipo Ficha de Compensação",
        "A partir deste valor, o documento de cobrança sai como boleto bancário; vazio, nunca.",
    )
    valor_ficha_guia = _valor_da_ficha("Valor para Emissão de Guia de Pagamento no Formato Ficha de Compensação")
    valor_ficha_demonstrativo = _valor_da_ficha(
        "Valor para Emissão de Demonstrativo de Parcelamento no Formato Ficha de Compensação"
    )
    nome_receita_e_fantasia = _indicador(
        "Indicador de Uso do Nome Receita e Nome Fantasia em Substituição ao Nome e Nome Abreviado nas Telas Inserir e"
        " Manter Cliente",
        ajuda="",
    )

    # Dados Gerais de Cadastro
    usa_rota = _indicador("Indicador Usa Rota")
    versao_celular = models.CharField("versão do celular", max_length=10, blank=True, default="", help_text=SEM_EFEITO)
    dias_bloqueio_celular = models.PositiveSmallIntegerField(
        "Número de Dias Bloqueio Celular", null=True, blank=True, help_text=SEM_EFEITO
    )
    convergencia_repavimentacao = models.DecimalField(
        "Percentual de Convergência da Repavimentação",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=SEM_EFEITO,
        validators=[
            MinValueValidator(0, "Percentual de Convergência da Repavimentação deve ser de 0 a 100."),
            MaxValueValidator(100, "Percentual de Convergência da Repavimentação deve ser de 0 a 100."),
        ],
    )
    cliente_em_duplicidade = _indicador(
        "Cadastrar Cliente em duplicidade", True, "Com Não, proíbe dois clientes de mesmo nome e endereço."
    )
    nome_com_menos_de_10 = _indicador(
        "Incluir Nome de Cliente com menos de 10 posições", True, "Com Não, proíbe; os espaços não contam."
    )
    nome_generico = _indicador(
        "Incluir Nome de Cliente com descrição genérica", True, "Com Não, proíbe nomes como PROPRIETÁRIO."
    )
    bloquear_nome_validado = _indicador("Bloquear alterar o nome de cliente com CPF ou CNPJ validado", ajuda="")
    variar_hierarquia = _indicador("Variar Hierarquia da Unidade Organizacional")
    cliente_ficticio = _quem("cadastro.Cliente", "Cliente Fictício para Associar os Pagamentos Não Identificados")
    bloqueio_de_usuario = _indicador(
        "Indicador de bloqueio funcionalidade inserir/atualizar usuário",
        ajuda="Com Sim, impede incluir e alterar usuários na Administração, menos a um superusuário.",
    )
    dominio_email = models.CharField(
        "Domínio do E-mail corporativo",
        max_length=60,
        blank=True,
        default="",
        help_text="Como aguas.com.br: completa o e-mail de um usuário informado sem @.",
        validators=[
            RegexValidator(
                r"^@?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\Z",
                "Domínio do E-mail corporativo inválido: informe como aguas.com.br.",
            )
        ],
    )
    validar_documento = _indicador(
        "Indicador de Validar CPF/CNPJ", ajuda="Com Sim, mostra, no cliente, se o documento foi validado."
    )
    nome_atual_na_segunda_via = _indicador("Indicador de Imprimir Nome Cliente Atual na 2ª Via")

    # Aba Faturamento
    ano_mes_faturamento = ReferenciaField("Mês/Ano de Referência", help_text="Do faturamento, como 11/2026.")

    # Aba Arrecadação
    codigo_febraban = models.CharField(
        "Código da empresa na FEBRABAN", max_length=4, validators=[RegexValidator(r"^[0-9]{4}\Z", "Informe 4 dígitos.")]
    )
    modulo_digito_verificador = models.SmallIntegerField(
        "Módulo do Dígito Verificador", choices=Modulo, default=Modulo.DEZ
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
            models.CheckConstraint(
                condition=Q(digitos_da_quadra__in=(3, 4)),
                name="parametro_sistema_digitos_da_quadra",
                violation_error_message="Quantidade de dígitos da quadra deve ser 3 ou 4.",
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
            return cls.objects.select_related("perfil_programa_especial", "municipio").get()
        except cls.DoesNotExist:
            raise cls.DoesNotExist("Informe os parâmetros do sistema antes de continuar.") from None

    @property
    def telefone_com_ramal(self) -> str:
        return f"{self.telefone} ramal {self.ramal}" if self.telefone and self.ramal else self.telefone

    @property
    def endereco(self) -> str:
        """The address as messages print it; needs the município loaded."""
        return Endereco.__str__(self) if self.municipio_id else self.logradouro
