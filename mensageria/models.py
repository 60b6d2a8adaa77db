"""The outbox: what is to be sent, through what, and what became of it. This app knows no conta and no campaign."""

import hashlib
from datetime import datetime, time, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cadastro.campos import SegredoField
from mensageria import fontes
from mensageria.estados import Classe, Estado


class Canal(models.IntegerChoices):
    SMS = 1, "SMS"
    EMAIL = 2, "E-mail"


class Imutavel(Exception):
    """The row is part of what was sent and is never rewritten."""


def inicio_do_dia(dia) -> datetime:
    """00:00 of that day in TIME_ZONE, as an aware moment."""
    return timezone.make_aware(datetime.combine(dia, time.min))


def amanha(agora: datetime) -> datetime:
    """When the next local day begins."""
    return inicio_do_dia(timezone.localdate(agora) + timedelta(days=1))


class ServicoQuerySet(models.QuerySet):
    def disponiveis(self, agora: datetime):
        return self.filter(Q(em_espera_ate=None) | Q(em_espera_ate__lte=agora), ativo=True)


class Servico(models.Model):
    """What ServicoEmail and GatewaySMS share: a name, a switch, and the rest after a fault of its own."""

    nome = models.CharField(max_length=60, unique=True)
    ativo = models.BooleanField(default=True)
    prazo = models.PositiveSmallIntegerField(
        "prazo de resposta (s)", default=30, validators=[MinValueValidator(1), MaxValueValidator(300)]
    )
    em_espera_ate = models.DateTimeField("em espera até", null=True, blank=True, editable=False)
    motivo_espera = models.CharField("motivo da espera", max_length=300, blank=True, editable=False)

    objects = ServicoQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["nome"]

    def __str__(self):
        return self.nome

    def descansar(self, motivo: str, agora: datetime) -> None:
        """Keep the service out of use for a while; its messages stay pending and cost no attempt."""
        self.em_espera_ate = agora + timedelta(seconds=settings.ESPERA_DO_SERVICO)
        self.motivo_espera = motivo[:300]
        self.save(update_fields=["em_espera_ate", "motivo_espera"])


class ServicoEmail(Servico):
    class Seguranca(models.TextChoices):
        NENHUMA = "nenhuma", "Nenhuma"
        STARTTLS = "starttls", "STARTTLS"
        TLS = "tls", "TLS"

    host = models.CharField("host SMTP", max_length=253)
    porta = models.PositiveIntegerField(default=587, validators=[MinValueValidator(1), MaxValueValidator(65535)])
    seguranca = models.CharField("segurança", max_length=8, choices=Seguranca, default=Seguranca.STARTTLS)
    usuario = models.CharField("usuário", max_length=254, blank=True)
    senha = SegredoField(blank=True)
    mensagens_por_conexao = models.PositiveIntegerField(
        "mensagens por conexão", default=100, validators=[MinValueValidator(1)]
    )
    ordem = models.PositiveSmallIntegerField(default=1)
    uso_interno = models.BooleanField("uso interno", default=False)

    class Meta(Servico.Meta):
        ordering = ["ordem", "nome"]
        verbose_name = "serviço de e-mail"
        verbose_name_plural = "serviços de e-mail"


class GatewaySMS(Servico):
    class Adaptador(models.TextChoices):
        JSON = "json", "JSON genérico"
        ZENVIA = "zenvia", "Zenvia v2"

    adaptador = models.CharField(max_length=10, choices=Adaptador, default=Adaptador.JSON)
    url = models.URLField("URL", help_text="endereço base da API")
    credencial = SegredoField("credencial", blank=True, help_text="token ou chave da API")
    remetente = models.CharField("remetente", max_length=20, blank=True, help_text="como a operadora o conhece")
    configuracao = models.JSONField(
        "configuração",
        default=dict,
        blank=True,
        help_text="para o adaptador JSON: caminhos e nomes dos campos; vazio usa o padrão",
    )
    tentativas_maximas = models.PositiveSmallIntegerField(
        "número máximo de tentativas", default=3, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )

    class Meta(Servico.Meta):
        verbose_name = "gateway de SMS"
        verbose_name_plural = "gateways de SMS"


class Remetente(models.Model):
    """A From address, its envelope sender, and the service that it leaves through now."""

    nome = models.CharField(max_length=60)
    email = models.EmailField("e-mail", unique=True)
    envelope = models.EmailField("endereço de retorno", blank=True, help_text="vazio: o próprio e-mail")
    responder_para = models.EmailField("responder para", blank=True)
    servico = models.ForeignKey(
        ServicoEmail, on_delete=models.PROTECT, related_name="remetentes", verbose_name="serviço"
    )

    class Meta:
        ordering = ["nome"]

    def __str__(self):
        return f"{self.nome} <{self.email}>"


class OrigemEnvio(models.Model):
    """Through what the messages of each origin leave: its Remetente and its SMS gateway."""

    origem = models.CharField(max_length=20, primary_key=True)
    descricao = models.CharField("descrição", max_length=60)
    remetente = models.ForeignKey(Remetente, on_delete=models.PROTECT, null=True, blank=True)
    gateway = models.ForeignKey(
        GatewaySMS, on_delete=models.PROTECT, null=True, blank=True, verbose_name="gateway de SMS"
    )

    class Meta:
        verbose_name = "origem de envio"
        verbose_name_plural = "origens de envio"
        ordering = ["origem"]

    def __str__(self):
        return self.descricao

    def servico(self, canal: Canal) -> Servico | None:
        """Through what a channel leaves now; needs gateway and remetente__servico loaded."""
        if canal == Canal.SMS:
            return self.gateway
        return self.remetente.servico if self.remetente else None

    def clean(self):
        if self.origem not in fontes.origens():
            conhecidas = ", ".join(fontes.origens())
            raise ValidationError({"origem": f"Origem desconhecida; as que existem são: {conhecidas}."})


class VersaoTextoManager(models.Manager):
    def da(self, canal: Canal, corpo: str, *, assunto: str = "", transliterar: bool = True) -> "VersaoTexto":
        """The version that holds exactly this text, made when it is new."""
        resumo = VersaoTexto.calcular_resumo(canal, assunto, corpo, transliterar)
        return self.get_or_create(
            resumo=resumo,
            defaults={"canal": canal, "assunto": assunto, "corpo": corpo, "transliterar": transliterar},
        )[0]


class VersaoTexto(models.Model):
    """A text as it is sent. Found by its content and never changed, so an old message can always be rendered again."""

    canal = models.PositiveSmallIntegerField(choices=Canal)
    assunto = models.CharField(max_length=150, blank=True)
    corpo = models.TextField()
    transliterar = models.BooleanField(default=True, help_text="troca o que o alfabeto do SMS não tem")
    resumo = models.CharField(max_length=64, unique=True, editable=False)
    criado_em = models.DateTimeField("criado em", auto_now_add=True)

    objects = VersaoTextoManager()

    class Meta:
        verbose_name = "versão de texto"
        verbose_name_plural = "versões de texto"
        ordering = ["-id"]

    def __str__(self):
        return f"{self.get_canal_display()} nº {self.pk}"

    @staticmethod
    def calcular_resumo(canal: int, assunto: str, corpo: str, transliterar: bool) -> str:
        partes = "\x1f".join([str(int(canal)), assunto, corpo, str(int(transliterar))])
        return hashlib.sha256(partes.encode()).hexdigest()

    def save(self, *args, **kwargs):
        if self.pk and not self._state.adding:
            raise Imutavel("Uma versão de texto não se altera; crie outra.")
        self.resumo = self.calcular_resumo(self.canal, self.assunto, self.corpo, self.transliterar)
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise Imutavel("Uma versão de texto não se apaga.")


class Lote(models.Model):
    """Messages of one run that share localidade, ação and canal: a cell of its balance.

    `execucao` is what a ProcessoIniciado or a Campanha keeps to find all its lotes again.
    """

    execucao = models.UUIDField("execução")
    origem = models.CharField(max_length=20)
    canal = models.PositiveSmallIntegerField(choices=Canal)
    localidade = models.ForeignKey("cadastro.Localidade", on_delete=models.PROTECT, null=True, blank=True)
    acao = models.CharField("ação", max_length=60, blank=True)
    criado_em = models.DateTimeField("criado em", auto_now_add=True, db_default=models.functions.Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["execucao", "origem", "canal", "localidade", "acao"],
                name="lote_celula_unica",
                nulls_distinct=False,
            )
        ]

    def __str__(self):
        return f"{self.origem} {self.get_canal_display()} {self.localidade_id or ''} {self.acao}".strip()


class LoteContagem(models.Model):
    """How many messages of a lote are in each state. The trigger of 0002_livro keeps it; nothing else writes it."""

    lote = models.ForeignKey(Lote, on_delete=models.CASCADE, related_name="contagens")
    estado = models.PositiveSmallIntegerField(choices=Estado)
    quantidade = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "contagem do lote"
        verbose_name_plural = "contagens dos lotes"
        constraints = [
            models.UniqueConstraint(fields=["lote", "estado"], name="contagem_unica"),
        ]

    def __str__(self):
        return f"{self.lote_id} {self.get_estado_display()}: {self.quantidade}"


class MensagemQuerySet(models.QuerySet):
    def da_execucao(self, execucao):
        return self.filter(lote__execucao=execucao)

    def devidas(self, agora: datetime):
        """Pending, with their moment come and their limit not past."""
        return self.filter(estado=Estado.PENDENTE, proxima_tentativa_em__lte=agora, expira_em__gt=agora)

    def programadas(self, agora: datetime):
        """Pending for a later local day."""
        return self.filter(estado=Estado.PENDENTE, enviar_apos__gte=amanha(agora))

    def de_hoje_ou_antes(self, agora: datetime):
        """Pending, and not programmed."""
        return self.filter(estado=Estado.PENDENTE, enviar_apos__lt=amanha(agora))


class Mensagem(models.Model):
    """One message to one customer about one fact, for ever: `chave` says which."""

    # Its index is mensagem_celula, below.
    lote = models.ForeignKey(Lote, on_delete=models.PROTECT, related_name="mensagens", db_index=False)
    chave = models.CharField(max_length=80, unique=True)
    canal = models.PositiveSmallIntegerField(choices=Canal)
    origem = models.CharField(max_length=20)
    objeto_id = models.BigIntegerField("objeto")
    versao_objeto = models.CharField("versão do objeto", max_length=40, blank=True)
    cliente = models.ForeignKey("cadastro.Cliente", on_delete=models.PROTECT, null=True, blank=True)
    remetente = models.ForeignKey(Remetente, on_delete=models.PROTECT, null=True, blank=True)
    gateway = models.ForeignKey(GatewaySMS, on_delete=models.PROTECT, null=True, blank=True)
    destino = models.CharField(max_length=254)
    texto = models.ForeignKey(VersaoTexto, on_delete=models.PROTECT)
    contexto = models.JSONField(null=True, blank=True, editable=False)
    enviar_apos = models.DateTimeField("enviar após")
    expira_em = models.DateTimeField("expira em")
    prioridade = models.SmallIntegerField(default=0)
    estado = models.PositiveSmallIntegerField(choices=Estado, default=Estado.PENDENTE, db_default=Estado.PENDENTE)
    motivo = models.CharField(max_length=300, blank=True, db_default="")
    tentativas = models.PositiveSmallIntegerField(default=0, db_default=0)
    tentativas_maximas = models.PositiveSmallIntegerField("número máximo de tentativas", default=1)
    proxima_tentativa_em = models.DateTimeField("próxima tentativa em")
    reserva = models.UUIDField(null=True, blank=True, editable=False)
    reserva_ate = models.DateTimeField(null=True, blank=True, editable=False)
    corpo_em = models.DateTimeField(null=True, blank=True, editable=False)
    servico = models.ForeignKey(ServicoEmail, on_delete=models.PROTECT, null=True, blank=True, verbose_name="serviço")
    id_externo = models.CharField("identificação externa", max_length=120, blank=True, db_default="")
    codigo_retorno = models.CharField("código de retorno", max_length=20, blank=True, db_default="")
    pedido_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    pedido_motivo = models.CharField("motivo do reenvio", max_length=200, blank=True, db_default="")
    criado_em = models.DateTimeField("criado em", auto_now_add=True, db_default=models.functions.Now())
    enviada_em = models.DateTimeField("enviada em", null=True, blank=True)

    objects = MensagemQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mensagens"
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["remetente", "-prioridade", "proxima_tentativa_em"],
                name="mensagem_fila_email",
                condition=Q(estado=Estado.PENDENTE, canal=Canal.EMAIL),
            ),
            models.Index(
                fields=["gateway", "-prioridade", "proxima_tentativa_em"],
                name="mensagem_fila_sms",
                condition=Q(estado=Estado.PENDENTE, canal=Canal.SMS),
            ),
            models.Index(fields=["expira_em"], name="mensagem_prazo", condition=Q(estado=Estado.PENDENTE)),
            models.Index(
                fields=["lote", "enviar_apos"],
                name="mensagem_por_terminar",
                condition=Q(estado__in=(Estado.PENDENTE, Estado.EM_ENVIO)),
            ),
            models.Index(fields=["reserva_ate"], name="mensagem_em_envio", condition=Q(estado=Estado.EM_ENVIO)),
            models.Index(
                fields=["gateway", "enviada_em"],
                name="mensagem_sms_enviada",
                condition=Q(estado=Estado.ENVIADA, canal=Canal.SMS),
            ),
            models.Index(fields=["id_externo"], name="mensagem_id_externo", condition=~Q(id_externo="")),
            models.Index(fields=["origem", "objeto_id"], name="mensagem_objeto"),
            models.Index(fields=["lote", "estado", "id"], name="mensagem_celula"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(canal=Canal.EMAIL, remetente__isnull=False) | Q(canal=Canal.SMS, gateway__isnull=False),
                name="mensagem_tem_por_onde_sair",
            ),
            models.CheckConstraint(condition=~Q(destino=""), name="mensagem_tem_destino"),
            models.CheckConstraint(
                condition=Q(tentativas__lte=F("tentativas_maximas")), name="mensagem_tentativas_ate_o_maximo"
            ),
            models.CheckConstraint(
                condition=Q(estado=Estado.EM_ENVIO, reserva__isnull=False)
                | (~Q(estado=Estado.EM_ENVIO) & Q(reserva__isnull=True)),
                name="mensagem_reserva_so_em_envio",
            ),
        ]

    def __str__(self):
        return f"{self.get_canal_display()} para {self.destino}"


class TentativaEnvio(models.Model):
    """One attempt: through what, when, what the server said, and the SHA-256 of what left. Append-only."""

    mensagem = models.ForeignKey(Mensagem, on_delete=models.PROTECT, related_name="envios")
    numero = models.PositiveSmallIntegerField("número")
    servico = models.CharField("serviço", max_length=60)
    destino = models.CharField(max_length=254)
    momento = models.DateTimeField()
    duracao_ms = models.PositiveIntegerField("duração (ms)", default=0)
    classe = models.CharField(max_length=12, choices=Classe)
    codigo = models.CharField("código", max_length=20, blank=True)
    resposta = models.TextField(blank=True)
    resumo = models.CharField("SHA-256", max_length=64, blank=True)
    pedido_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    pedido_motivo = models.CharField("motivo do reenvio", max_length=200, blank=True)

    class Meta:
        verbose_name = "tentativa de envio"
        verbose_name_plural = "tentativas de envio"
        ordering = ["-id"]

    def __str__(self):
        return f"{self.numero}ª tentativa: {self.get_classe_display()}"

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise Imutavel("Uma tentativa de envio não se altera.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise Imutavel("Uma tentativa de envio não se apaga.")


class NaoGerada(models.Model):
    """Who was left out of a run, and why: a row for each object (and canal, when only the canal was left out)."""

    execucao = models.UUIDField("execução")
    origem = models.CharField(max_length=20)
    unidade = models.BigIntegerField(help_text="código da unidade que o avaliou")
    objeto_id = models.BigIntegerField("objeto")
    canal = models.PositiveSmallIntegerField(choices=Canal, null=True, blank=True)
    localidade = models.ForeignKey("cadastro.Localidade", on_delete=models.PROTECT, null=True, blank=True)
    motivo = models.CharField(max_length=30)

    class Meta:
        verbose_name = "não gerada"
        verbose_name_plural = "não geradas"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["execucao", "origem", "unidade"], name="nao_gerada_unidade"),
            # Counts the reasons of a run without reading its rows; many are equal, so it is small.
            models.Index(fields=["execucao", "origem", "motivo", "unidade", "canal"], name="nao_gerada_motivo"),
        ]

    def __str__(self):
        return f"{self.origem} {self.objeto_id}: {self.motivo}"
