"""Through what the messages of each origin leave."""

import pytest
from django.core.exceptions import ValidationError

from mensageria.models import OrigemEnvio


@pytest.mark.django_db
@pytest.mark.parametrize("origem", ["Faturamento", "cobrança", "preventivo?"])
def test_an_origin_that_no_app_registered_is_refused_with_the_ones_that_exist(origem):
    with pytest.raises(ValidationError, match="faturamento, cobranca"):
        OrigemEnvio(origem=origem, descricao="X").full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("origem", ["faturamento", "cobranca"])
def test_the_origins_that_apps_registered_are_accepted(origem):
    OrigemEnvio(origem=origem, descricao="X").full_clean()
