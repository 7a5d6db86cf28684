"""What the foot of a page says of the runs that made it."""

from gradshift.report.origin import _runs


def test_a_copy_of_settings_that_a_power_cut_damaged_is_passed_over(tmp_path):
    whole = "# gradshift study out participant\nfd-threshold = 0.3\n"
    (tmp_path / "20260101-100000_a_participant.toml").write_text(whole)
    for content in (b"# gradshift\nfd-thr", b"# gradshift\n\xff\xfe"):
        (tmp_path / "20260101-100000_b_participant.toml").write_bytes(content)
        (told,) = _runs(tmp_path)
        assert told.command.endswith("--fd-threshold 0.3")
