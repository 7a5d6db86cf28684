"""Which recipes a run uses, by the door that its data come through."""

from pathlib import Path

import pytest

from gradshift import settings as schema
from gradshift.errors import SettingsError
from gradshift.participant.recipes import chosen_recipes


def names(*derivatives: str, denoise: tuple[str, ...] = ("aCompCor", "36P")) -> list[str]:
    given = {"derivatives": derivatives, "denoise": denoise}
    settings = schema.make(Path("in"), Path("out"), "participant", given)
    return [recipe.name for recipe in chosen_recipes(settings)]


def test_what_is_denoised_is_not_denoised_again(tmp_path):
    assert names() == ["aCompCor", "36P"]
    assert names(f"xcp_d={tmp_path}") == ["asis"]
    with pytest.raises(SettingsError, match="24P would denoise again"):
        names(f"series={tmp_path}", denoise=("24P",))
    with pytest.raises(SettingsError, match="another program denoised"):
        names(denoise=("asis",))


def test_a_dataset_that_no_recipe_uses_is_refused():
    with pytest.raises(SettingsError, match="petprap, of which no recipe"):
        names("petprap=somewhere")
