from argparse import ArgumentTypeError
from datetime import date

import pytest

from cadastro.management.datas import dia


def test_a_day_is_read_as_iso():
    assert dia("2028-02-29") == date(2028, 2, 29)


@pytest.mark.parametrize("texto", ["28/02/2027", "2027-02-29", "amanhã", ""])
def test_another_way_of_writing_or_a_day_that_does_not_exist_is_refused_in_words(texto):
    with pytest.raises(ArgumentTypeError, match=f"dia inválido: “{texto}”; escreva AAAA-MM-DD"):
        dia(texto)
