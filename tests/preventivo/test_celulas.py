"""What is told of a cell without telling whose it is."""

import pytest

from preventivo.celulas import mascarar_cpfs


@pytest.mark.parametrize(
    ("texto", "mascarado"),
    [
        ("52998224725", "***982247**"),
        ("529.982.247-25", "***.982.247-**"),
        ("529 982 247 / 25", "*** 982 247 / **"),
        ("2998224725", "**982247**"),  # zeros that a spreadsheet dropped
        ("998224725", "*982247**"),
        ("485738843O4", "*********O4"),  # a letter for a digit
        ("O2998224725", "O**********"),
        ("529982247251", "*" * 12),  # a digit too many: which of them is not known
        ("5,2998224725E+10", "*,**982247**E+10"),
        ("529.982.247-25;111.444.777-35", "***.982.247-**;***.444.777-**"),
        ("52998224725@exemplo.com.br", "***982247**@exemplo.com.br"),
        ("cpf: ５２９９８２２４７２５", "cpf: ***９８２２４７**"),
        ("ana2@exemplo.com.br;01/02/2026", "ana2@exemplo.com.br;01/02/2026"),
        ("", ""),
    ],
)
def test_a_cpf_anywhere_in_a_text_is_masked(texto, mascarado):
    assert mascarar_cpfs(texto) == mascarado
