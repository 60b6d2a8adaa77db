"""A URLconf with a page that breaks."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path


@login_not_required
def falhar(request):
    raise RuntimeError("segredo")


urlpatterns = [path("falha/", falhar)]
