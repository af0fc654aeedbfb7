"""Files whose names look like patterns."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from tools import sources

NAMES = [("g[1]", "g1"), ("g*", "gx"), ("g?", "gy"), ("[ab]", "a"), ("a[b", "ab"), ("g[!x]", "gz")]


def write(path: Path, value: str) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.table({"v": [value], "w": [value]}), path)
    elif path.suffix == ".csv":
        path.write_text(f"v,w\n{value},{value}\n")
    else:
        path.write_text(f'{{"v": "{value}", "w": "{value}"}}\n')


def read(path: Path | str) -> list[str]:
    with sources.open(path) as table:
        return sorted(table.query(exp.select("v").from_(table.relation()))["v"].to_pylist())


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".json"])
@pytest.mark.parametrize(("odd", "plain"), NAMES)
def test_a_name_like_a_pattern_is_a_name(odd: str, plain: str, ending: str, tmp_path: Path) -> None:
    folder = tmp_path / "in[1]"
    folder.mkdir()
    write(folder / f"{plain}{ending}", "other")
    write(folder / f"{odd}{ending}", "mine")
    assert read(folder / f"{odd}{ending}") == ["mine"]
    assert read(folder) == ["mine", "other"]
    with sources.open(folder / f"{odd}{ending}") as table:
        assert table.dataset.short == odd


def test_a_pattern_is_still_a_pattern(tmp_path: Path) -> None:
    for name in ("g1", "g2", "h1"):
        write(tmp_path / f"{name}.csv", name)
    assert read(str(tmp_path / "g[12].csv")) == ["g1", "g2"]
    with sources.open(str(tmp_path / "g?.csv")) as table:
        assert table.dataset.short == tmp_path.name


def test_an_error_about_a_file_does_not_show_its_values(tmp_path: Path) -> None:
    for name, value in (("a", "1"), ("b", "canary")):
        (tmp_path / f"{name}.json").write_text(f'{{"v": {value}}}\n')
    with pytest.raises(sources.SourceError) as caught:
        sources.open(tmp_path)
    assert "canary" not in str(caught.value)
