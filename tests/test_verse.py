"""The verse of the corpus: reading, cleaning, the table of forms, the written form, the splits."""

import json
import tarfile
from pathlib import Path

import pytest

from course_utils.training.bundled import verse
from course_utils.training.bundled.verse import Poem

QUIET_NIGHT = Poem("靜夜思", ("牀前明月光", "疑是地上霜", "舉頭望明月", "低頭思故鄉"))
WRITTEN = "《靜夜思》\n床前明月光，疑是地上霜。\n舉頭望明月，低頭思故鄉。"
STANDARD = Poem("靜夜思", ("床前明月光", *QUIET_NIGHT.lines[1:]))
DIGITS = "甲乙丙丁戊己庚辛壬癸"


def paragraphs(lines: tuple[str, ...]) -> list[str]:
    """`lines` as the source has them: a couplet a paragraph."""
    return [f"{first}，{second}。" for first, second in zip(lines[::2], lines[1::2], strict=True)]


def record(title: str, *lines: str) -> dict:
    return {"title": title, "author": "佚名", "paragraphs": paragraphs(lines)}


def numbered(number: int, count: int = 4, length: int = 5) -> Poem:
    """A poem of the given form whose lines no other number has."""
    lines = tuple(f"{number * count + line:0{length}d}" for line in range(count))
    table = str.maketrans("0123456789", DIGITS)
    return Poem(f"題{number}".translate(table), tuple(line.translate(table) for line in lines))


def write_source(folder: Path, collections: dict[str, list[dict]]) -> Path:
    """A folder laid out as the npm package is."""
    home = folder / "package" / "dist" / "quantangshi"
    (home / "error").mkdir(parents=True)
    for name, records in collections.items():
        (home / name).write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    return folder / "package"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_source(
        tmp_path,
        {
            "poet.song.0.json": [record("宋", *numbered(4).lines)],
            "poet.tang.11.json": [record("三", *numbered(3).lines), record("重出", *STANDARD.lines)],
            "poet.tang.10.json": [record("二", *numbered(2, 8, 7).lines)],
            "poet.tang.9.json": [
                record("靜夜思", *QUIET_NIGHT.lines),
                record("缺", "□前明月光", *STANDARD.lines[1:]),
            ],
            "authors.tang.json": [{"name": "李白", "desc": ""}],
            "error/poet.tang.0.json": [record("誤", *numbered(9).lines)],
        },
    )


def test_reads_a_folder_in_a_stable_order_and_each_text_once(source: Path) -> None:
    found = list(verse.poems(source))
    assert [one.title for one in found] == ["靜夜思", "二", "三"]
    assert found[0] == STANDARD
    assert [one.form for one in found] == ["5x4", "7x8", "5x4"]


def test_the_tarball_gives_the_same_poems(source: Path, tmp_path: Path) -> None:
    tarball = tmp_path / "poetry.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        archive.add(source, arcname="package")
    assert list(verse.poems(tarball)) == list(verse.poems(source))


def test_a_source_without_collections_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="quantangshi"):
        list(verse.poems(tmp_path))


@pytest.mark.parametrize(
    "lines",
    [
        STANDARD.lines[:3],
        STANDARD.lines[:2],
        STANDARD.lines + STANDARD.lines[:2],
        (*STANDARD.lines[:3], "低頭思故"),
        ("床前明月", "疑是地上", "舉頭望明", "低頭思故"),
        ("床前明月光", "疑是地上霜", "舉頭望明月", "低頭思□鄉"),
        ("床前明月光", "疑是地上霜", "舉頭望明月", "低頭思\ue841鄉"),
        ("床前明月光", "疑是地上霜", "舉頭望明月", "低頭思a鄉"),
        ("床前明月光", "疑是地上霜", "舉頭望明月", "低頭（一）"),
    ],
)
def test_other_forms_and_damaged_lines_are_left_out(lines: tuple[str, ...]) -> None:
    assert not verse.is_regular(lines)
    assert verse.poem("題", ["，".join(lines) + "。"]) is None


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("静夜思", "靜夜思"),
        ("帝京篇十首 二", "帝京篇"),
        ("小園四首  其一", "小園"),
        ("頌古二十六首  其一○", "頌古"),
        ("偈頌一百零二首  其九", "偈頌"),
        ("感懷  其五", "感懷"),
        ("姑熟雜詠十首（其一）", "姑熟雜詠"),
        ("嘉禾百詠 谷水", "嘉禾百詠·谷水"),
        ("雜曲歌辭 舞馬詞 三", "雜曲歌辭·舞馬詞"),
        ("春日登大悲閣（四言回文）", "春日登大悲閣"),
        ("偈頌（幷序（又作○）） 七十一", "偈頌"),
        ("讀《周易》", "讀周易"),
        ("三", "三"),
        ("一百五", "一百五"),
        ("", None),
        ("（失題）", None),
        ("挽□□", None),
        ("句  其一", None),
        ("舊屋已壞，墨迹不留", None),
        ("甘" * 17, None),
    ],
)
def test_titles(raw: str, title: str | None) -> None:
    assert verse.clean_title(raw) == title


def test_text_and_parse_undo_each_other() -> None:
    assert verse.text(STANDARD) == WRITTEN
    for one in (STANDARD, numbered(1, 4, 7), numbered(1, 8, 5), numbered(1, 8, 7)):
        assert verse.parse(verse.text(one)) == one


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "《靜夜思》",
        WRITTEN + "\n",
        WRITTEN + "床",
        " " + WRITTEN,
        WRITTEN.replace("《", ""),
        WRITTEN.replace("靜夜思", ""),
        WRITTEN.replace("靜", "靜\n"),
        WRITTEN.replace("，", "。", 1),
        WRITTEN.replace("，", ",", 1),
        WRITTEN.replace("霜。", "霜"),
        WRITTEN.replace("\n舉", "舉"),
        WRITTEN.replace("明月光", "明光"),
        WRITTEN.replace("故", "\ufffd"),
        WRITTEN.replace("故", "x"),
        WRITTEN + "\n床前明月光，疑是地上霜。",
        WRITTEN.rsplit("\n", 1)[0],
    ],
)
def test_parse_is_strict(broken: str) -> None:
    assert verse.parse(broken) is None


def test_the_table_of_forms_is_sound() -> None:
    rows = Path(verse.__file__).with_name("forms.tsv").read_text(encoding="utf-8").splitlines()
    table = [row.split("\t") for row in rows if not row.startswith("#")]
    variants = [row[0] for row in table]
    assert all(len(row) == 3 and len(row[0]) == len(row[1]) == 1 and row[2] for row in table)
    assert len(variants) == len(set(variants))
    assert not set(variants) & {row[1] for row in table}, "a standard form is itself listed as a variant"
    for row in table:
        row[1].encode("big5")  # Taiwan's character set: an error names the form that is not in it


@pytest.mark.parametrize(
    ("source_form", "taiwan"),
    [
        ("爲裏着牀羣峯", "為裡著床群峰"),
        ("黄却带来强别", "黃卻帶來強別"),
        ("決况减凉", "決況減涼"),
        ("巖歎嘆閑閒游遊", "巖歎嘆閑閒游遊"),
        ("里后云于松台谷", "里后云于松台谷"),
        ("\ufa2e\uf90a", "郞金"),
    ],
)
def test_standard_forms(source_form: str, taiwan: str) -> None:
    assert verse.standard(source_form) == taiwan


def test_splits_are_fixed_and_share_no_title_and_no_poem() -> None:
    many = [numbered(number) for number in range(3000)]
    parts = verse.splits(many, seed=7)
    assert parts == verse.splits(many, seed=7) != verse.splits(many, seed=8)
    assert sum(map(len, parts.values())) == len(many)
    assert list(parts) == ["train", "validation", "test"]
    assert 0.94 < len(parts["train"]) / len(many) < 0.98
    assert 0.01 < len(parts["validation"]) / len(many) < 0.03
    titles = [{one.title for one in members} for members in parts.values()]
    assert not (titles[0] & titles[1] or titles[0] & titles[2] or titles[1] & titles[2])
    assert parts["test"][0].title == "題丁丁", "the same hash in every process and on every machine"


def test_another_version_of_a_known_poem_is_not_held_out() -> None:
    many = [numbered(number) for number in range(3000)]
    parts = verse.splits(many)
    known, held = parts["train"][0], parts["test"][0]
    half, quarter = (Poem(held.title, known.lines[:n] + held.lines[n:]) for n in (2, 1))
    again = verse.splits([*many, half, quarter])
    assert quarter in again["test"]
    assert all(half not in members for members in again.values())
