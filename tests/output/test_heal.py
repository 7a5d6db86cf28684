"""Descriptions and records that a power cut left in part."""

import pytest

from gradshift.output.heal import heal


@pytest.mark.parametrize("content", [b"", b"{", bytes(40), b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("name", ["dataset_description.json", "logs/provenance.json"])
def test_only_damaged_descriptions_and_records_of_our_own_are_removed(tmp_path, content, name):
    (tmp_path / "logs").mkdir()
    path = tmp_path / name
    path.write_bytes(content)
    assert heal(tmp_path) == []
    (tmp_path / "logs" / "settings.toml").touch()
    assert heal(tmp_path) == [name]
    assert not path.exists()
    path.write_text('{"Name": "whole"}')
    assert heal(tmp_path) == []


@pytest.mark.parametrize("content", [bytes(40), b"[participant\n", b"\xff"])
def test_a_damaged_record_of_settings_is_removed(tmp_path, content):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "settings.toml").write_bytes(content)
    assert heal(tmp_path) == ["logs/settings.toml"]
