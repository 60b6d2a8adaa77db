"""What people must know, and who gets it."""

from django.db import models
from django.db.models import Q

from mensageria.models.servicos import GatewaySMS, Remetente, ServicoEmail


class Alerta(models.Model):
    """Something that people must know: it stands on the Painel until it is over, and goes out by e-mail.

    `chave` names the event, so that it is told once, whoever sees it first.
    """

    class Tipo(models.TextChoices):
        ESGOTADO = "esgotado", "Limite de envios esgotado"
        LEMBRETE = "lembrete", "Aguardando troca de serviço"
        COTA = "cota", "Cota perto do fim"
        PREVISAO = "previsao", "A cota não chega ao fim do período"
        TROCA = "troca", "Serviço de e-mail alterado"
        CIRCUITO = "circuito", "Serviço em falha"
        REMETENTE = "remetente", "Remetente recusado"
        PAUSA = "pausa", "Lote pausado"
        DIARIO = "diario", "Diário de envio sem espaço"
        PROCESSO = "processo", "Processo não concluído"
        FIM = "fim", "Processo concluído"

    tipo = models.CharField(max_length=10, choices=Tipo)
    chave = models.CharField(max_length=120, unique=True)
    servico_email = models.ForeignKey(
        ServicoEmail, on_delete=models.CASCADE, null=True, blank=True, verbose_name="serviço", related_name="alertas"
    )
    gateway = models.ForeignKey(GatewaySMS, on_delete=models.CASCADE, null=True, blank=True, related_name="alertas")
    remetente = models.ForeignKey(Remetente, on_delete=models.CASCADE, null=True, blank=True, related_name="alertas")
    assunto = models.CharField(max_length=150)
    titulo = models.CharField("título", max_length=150)
    # Paragraphs; what stands between ** is bold.
    texto = models.TextField()
    caminho = models.CharField(max_length=200, blank=True)  # of the page that it leads to
    tambem_para = models.EmailField("também para", blank=True)  # who made the change
    criado_em = models.DateTimeField("criado em")
    resolvido_em = models.DateTimeField("resolvido em", null=True, blank=True)
    enviado_em = models.DateTimeField("enviado em", null=True, blank=True)
    enviado_por = models.CharField("enviado por", max_length=60, blank=True)
    tentativas = models.PositiveSmallIntegerField(default=0)
    proxima_tentativa_em = models.DateTimeField("próxima tentativa em", null=True, blank=True)
    erro = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["proxima_tentativa_em"], name="alerta_a_enviar", condition=Q(enviado_em=None)),
            models.Index(fields=["criado_em"], name="alerta_aberto", condition=Q(resolvido_em=None)),
        ]

    def __str__(self):
        return self.titulo


class DestinatarioAlerta(models.Model):
    """Who gets the alerts: of one remetente, or of all."""

    email = models.EmailField("e-mail")
    remetente = models.ForeignKey(
        Remetente, on_delete=models.CASCADE, null=True, blank=True, help_text="vazio: os alertas de todos"
    )
    ativo = models.BooleanField(default=True)

    class Meta:
        verbose_name = "destinatário de alertas"
        verbose_name_plural = "destinatários de alertas"
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(fields=["email", "remetente"], name="destinatario_unico", nulls_distinct=False)
        ]

    def __str__(self):
        return self.email
