import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from batch.inicio import iniciar
from exemplo import amostra, campanhas

PROCESSO = 336
ATE_O_ENVIO = timedelta(minutes=2)


class Command(BaseCommand):
    help = "Prepara a primeira execução: o administrador e, sem --vazio, o exemplo com o processo 336 comandado."

    def add_arguments(self, parser):
        parser.add_argument("--vazio", action="store_true", help="sem o exemplo")

    def handle(self, *args, vazio: bool, **options):
        usuario = self._administrador()
        if vazio or amostra.ja_carregada():
            return
        agora = timezone.now()
        with transaction.atomic():
            amostra.carregar(
                hoje=timezone.localdate(agora),
                agora=agora,
                smtp=settings.SIMULADOR_SMTP,
                sms=settings.SIMULADOR_SMS,
                recusadas=settings.VAR / "recusadas",
            )
            campanhas.configurar(apis=settings.SIMULADOR_OPERADORAS)
            iniciado = iniciar(PROCESSO, usuario=usuario, agendado_para=agora, agora=agora, complemento="Exemplo")
        cadastradas = campanhas.cadastrar(envia_em=agora + ATE_O_ENVIO, agora=agora, usuario=usuario)
        self.stdout.write(
            f"Exemplo carregado; processo iniciado de código {iniciado.pk} inserido com sucesso, "
            f"e {len(cadastradas)} campanhas preventivas cadastradas para daqui a pouco."
        )

    def _administrador(self):
        """The first superuser, made now when there is none, with a random password that is printed once."""
        usuarios = get_user_model().objects
        if usuario := usuarios.filter(is_superuser=True).order_by("pk").first():
            nome = usuario.get_username()
            self.stdout.write(
                f"Banco de antes; administrador: {nome}. Senha esquecida: ./avisa manage changepassword {nome}"
            )
            return usuario
        senha = secrets.token_urlsafe(12)
        usuario = usuarios.create_superuser("admin", password=senha)
        usuario.groups.add(*Group.objects.filter(name="administrador"))
        self.stdout.write(
            f"\nAdministrador criado. Usuário: admin   Senha: {senha}\nGuarde a senha: ela não será mostrada de novo.\n"
        )
        return usuario
