"""What the foot of a page says of the runs that made it."""

from gradshift.report.origin import _runs


def test_a_copy_of_settings_that_a_power_cut_damaged_is_passed_over(tmp_path):
    whole = "# gradshift study out participant\nfd-threshold = 0.3\n"
    (tmp_path / "20260101-100000_a_participant.toml").write_text(whole)
    for content in (b"# gradshift\nfd-thr", b"# gradshift\n\xff\xfe"):
        (tmp_path / "20260101-100000_b_participant.toml").write_bytes(content)
        (told,) = _runs(tmp_path, None)
        assert told.command.endswith("--fd-threshold 0.3")


def test_a_page_names_the_last_run_of_its_own_comparison(tmp_path):
    runs = ("baseline = 'a'", "comparison = 'ratings'", "baseline = 'b'", "comparison = 'other'")
    for hour, given in enumerate(runs):
        text = f"# gradshift study out group\n{given}\n"
        (tmp_path / f"20260101-0{hour}0000_x_group.toml").write_text(text)

    def told(group):
        return [ran.command.rpartition(" ")[2] for ran in _runs(tmp_path, group)]

    assert told(tmp_path / "group") == ["b"]
    assert told(tmp_path / "group-ratings") == ["ratings"]
    assert told(None) == ["other"]
