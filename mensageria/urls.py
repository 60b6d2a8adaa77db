from django.urls import include, path
from django.views.generic import RedirectView

from mensageria import views, views_calendario, views_dossie, views_incertas, views_retornos, views_servico, views_texto

app_name = "mensageria"
mensagens = [
    path("execucao/<uuid:execucao>/", views.balanco_da_execucao, name="balanco"),
    path("execucao/<uuid:execucao>/mensagens/", views.mensagens, name="mensagens"),
    path("execucao/<uuid:execucao>/de-fora/", views.nao_geradas, name="nao_geradas"),
    path("execucao/<uuid:execucao>/motivos/", views.motivos, name="motivos"),
    path("calendario/", views_calendario.calendario, name="calendario"),
    path("calendario/<int:canal>/<slug:origem>/", views_calendario.janela, name="janela"),
    path("incertas/", views_incertas.incertas, name="incertas"),
    path("pausados/", views_incertas.pausados, name="pausados"),
    path(
        "servico-email/",
        RedirectView.as_view(pattern_name="mensageria:servico_email", permanent=True),
        name="servico_email_antigo",
    ),
    path("<int:pk>/", views.mensagem, name="mensagem"),
    path("<int:pk>/html/", views.html, name="html"),
    path("<int:pk>/decidir/", views.decidir, name="decidir"),
    path("<int:pk>/dossie/", views_dossie.dossie, name="dossie"),
    path("cliente/<int:pk>/", views.do_cliente, name="do_cliente"),
    path("imovel/<int:pk>/", views.do_imovel, name="do_imovel"),
    path("texto/<slug:origem>/medir/<slug:campo>/", views_texto.medir_texto, name="medir_texto"),
    path("texto/<slug:origem>/previa/", views_texto.previa_do_texto, name="previa"),
    path("texto/<slug:origem>/teste/", views_texto.testar_texto, name="teste"),
    path("retornos/sms/<int:pk>/", views_retornos.sms, name="retorno_sms"),
]
urlpatterns = [
    path("mensagens/", include(mensagens)),
    # The manual's address of the page.
    path("campanha_preventiva/servico_email", views_servico.servico_email, name="servico_email"),
]
