"""The administration in a browser: in the palette of the product, in light and in dark."""

import pytest
from django.urls import reverse

from exemplo.navegador import CELULAR

from .acessibilidade import acessivel


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
@pytest.mark.parametrize("vista", ["index", "cadastro_cliente_add"])
def test_its_pages_are_accessible(entrar, admin_user, vista, opcoes):
    pagina = entrar(admin_user, **opcoes)

    assert pagina.goto(reverse(f"admin:{vista}")).status == 200

    acessivel(pagina)
