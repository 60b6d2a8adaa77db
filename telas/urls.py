from django.contrib.auth import views
from django.urls import path, reverse_lazy

from telas import views_auditoria
from telas.entrada import Entrar
from telas.tema import escolher

app_name = "telas"
urlpatterns = [
    path("entrar/", Entrar.as_view(), name="entrar"),
    path("sair/", views.LogoutView.as_view(), name="sair"),
    path(
        "senha/",
        views.PasswordChangeView.as_view(
            template_name="telas/senha.html", success_url=reverse_lazy("telas:senha_alterada")
        ),
        name="senha",
    ),
    path(
        "senha/alterada/",
        views.PasswordChangeDoneView.as_view(template_name="telas/senha_alterada.html"),
        name="senha_alterada",
    ),
    path("tema/", escolher, name="tema"),
    path("seguranca/auditoria/", views_auditoria.auditoria, name="auditoria"),
    path("seguranca/auditoria/exportar/", views_auditoria.exportar, name="auditoria_exportar"),
]
