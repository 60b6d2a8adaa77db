"""The way in."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import LoginView
from django.urls import reverse
from django.utils.decorators import method_decorator
from django_htmx.http import HttpResponseClientRedirect


@method_decorator(login_not_required, name="dispatch")
class Entrar(LoginView):
    template_name = "telas/entrar.html"

    def dispatch(self, request, *args, **kwargs):
        """A page that asked for a piece of itself after its session ended goes to the login whole, and comes back."""
        if request.htmx:
            volta = urlencode({"next": request.htmx.current_url_abs_path or "/"})
            return HttpResponseClientRedirect(f"{reverse('telas:entrar')}?{volta}")
        return super().dispatch(request, *args, **kwargs)


class PedirEntrada(LoginRequiredMiddleware):
    """Django's own, which also says that what was sent by somebody whose session ended was not stored."""

    def handle_no_permission(self, request, view_func):
        if request.method == "POST" and not request.htmx:
            messages.warning(
                request,
                "Sua sessão terminou antes do envio: nada foi gravado. Entre de novo; o botão Voltar do navegador "
                "costuma trazer de volta o que você digitou.",
            )
        return super().handle_no_permission(request, view_func)
