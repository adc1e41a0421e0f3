"""One folder for a class: fetched, broken off, resumed, spoilt, compared; and a room without a network."""

import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest
from filelock import FileLock
from hubs import COMMIT, refusing, serving
from packaging.requirements import Requirement
from tiny import checkpoint_in

from course_utils import CourseError
from course_utils.commands.prefetch import main
from course_utils.place import repository
from course_utils.prefetch import course, manifest, room, wheels
from course_utils.prefetch.wheels import PLATFORMS, Target, checked, here, missing

NAME = "course/tiny"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return checkpoint_in(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def hub(model, monkeypatch):
    with serving({NAME: model}) as running:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", running.url)
        template = (
            huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE
        )  # made of the endpoint when it was imported
        monkeypatch.setattr(
            huggingface_hub.constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            running.url + template[template.index("/{") :],
        )
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        yield running


def prefetch(*arguments: object) -> int:
    return main([NAME, *map(str, arguments), "--no-wheels"])


def snapshot(folder: Path) -> Path:
    return folder / "hub" / "models--course--tiny" / "snapshots" / COMMIT


LOAD = f"""
from transformers import GPT2LMHeadModel
from course_utils import checkpoint
print(checkpoint())
for name in (checkpoint(), {NAME!r}):
    print(GPT2LMHeadModel.from_pretrained(name).config.n_layer == 2)
"""


def in_the_room(
    hub: Path, code: str, *before: str, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess:
    """Run code as a student would who was told where the models are. `before`: what the command begins with."""
    told = {
        "HF_HUB_CACHE": str(hub),
        "HF_HUB_OFFLINE": "1",
        "COURSE_CHECKPOINT": NAME,
        "PYTHONPATH": str(repository()),
    }
    return subprocess.run(
        [*before, sys.executable, "-c", code],
        env={**os.environ, **told, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
    )


class TestModels:
    def test_the_folder_is_whole_and_says_what_to_do(self, hub, model, tmp_path, capsys):
        assert prefetch("--to", tmp_path) == 0
        said = capsys.readouterr().out
        assert "COURSE_CHECKPOINT=course/tiny" in said and "HF_HUB_OFFLINE=1" in said
        assert (tmp_path / "INSTALL.txt").read_text(encoding="utf-8") in said
        for file in model.iterdir():
            assert (snapshot(tmp_path) / file.name).read_bytes() == file.read_bytes()
        assert (tmp_path / "course" / "notebooks" / "00_start_here.ipynb").is_file()
        assert huggingface_hub.try_to_load_from_cache(
            NAME, "config.json", cache_dir=tmp_path / "hub"
        )  # by the name alone
        assert main(["--check", "--to", str(tmp_path)]) == 0

    def test_the_name_is_enough_without_a_network(self, hub, tmp_path):
        """In a process of its own: the library, too, finds the model by its name, and nobody asks a hub."""
        prefetch("--to", tmp_path)
        loaded = in_the_room(tmp_path / "hub", LOAD)
        assert loaded.returncode == 0, loaded.stderr
        assert loaded.stdout.split() == [str(snapshot(tmp_path)), "True", "True"]

    def test_a_second_run_fetches_nothing_again(self, hub, tmp_path):
        prefetch("--to", tmp_path)
        before = dict(hub.served)
        assert before["model.safetensors"] > 0 and prefetch("--to", tmp_path) == 0 and hub.served == before

    def test_what_broke_off_is_not_whole_and_goes_on(self, hub, model, tmp_path, monkeypatch):
        size = (model / "model.safetensors").stat().st_size
        monkeypatch.setattr(
            huggingface_hub.file_download, "http_get", _once(huggingface_hub.file_download.http_get)
        )
        hub.cut = size // 2
        with pytest.raises(CourseError, match="Run this again"):
            prefetch("--to", tmp_path)
        assert not (tmp_path / "SHA256SUMS").exists()
        with pytest.raises(CourseError, match="not complete"):
            main(["--check", "--to", str(tmp_path)])
        hub.cut = None
        assert prefetch("--to", tmp_path) == 0 and main(["--check", "--to", str(tmp_path)]) == 0
        assert (snapshot(tmp_path) / "model.safetensors").read_bytes() == (
            model / "model.safetensors"
        ).read_bytes()

    def test_what_an_earlier_run_brought_still_counts(self, hub, tmp_path):
        prefetch("--to", tmp_path)
        assert main(["--to", str(tmp_path), "--no-wheels"]) == 0
        assert f"COURSE_CHECKPOINT={NAME}" in (tmp_path / "INSTALL.txt").read_text(encoding="utf-8")

    def test_a_damaged_file_is_named_and_fetched_again(self, hub, model, tmp_path, capsys):
        prefetch("--to", tmp_path)
        weights = snapshot(tmp_path) / "model.safetensors"
        with weights.resolve().open("r+b") as stream:
            stream.write(b"spoilt")
        assert (
            main(["--check", "--to", str(tmp_path)]) == 1
            and "model.safetensors: 內容不對 | changed" in capsys.readouterr().out
        )
        assert prefetch("--to", tmp_path) == 0
        assert weights.read_bytes() == (model / "model.safetensors").read_bytes()

    def test_a_file_that_arrives_damaged_is_not_kept(self, hub, tmp_path):
        hub.spoilt = True
        with pytest.raises(CourseError, match="model.safetensors arrived damaged"):
            prefetch("--to", tmp_path)
        assert (
            not (snapshot(tmp_path) / "model.safetensors").exists() and not (tmp_path / "SHA256SUMS").exists()
        )
        hub.spoilt = False
        assert prefetch("--to", tmp_path) == 0

    @pytest.mark.parametrize("name", ["no/such", "a b", "../x"])
    def test_a_name_that_is_none(self, hub, tmp_path, name):
        with pytest.raises(CourseError, match="Check the spelling"):
            main([name, "--to", str(tmp_path), "--no-wheels"])

    def test_a_model_that_needs_a_login(self, hub, tmp_path):
        hub.gated = True
        with pytest.raises(CourseError, match="hf auth login"):
            prefetch("--to", tmp_path)

    def test_no_hub(self, monkeypatch, tmp_path):
        with refusing() as address, pytest.raises(CourseError, match="does not answer"):
            monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
            prefetch("--to", tmp_path)

    def test_no_room(self, hub, tmp_path, monkeypatch):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        with pytest.raises(CourseError, match="are free. Make room"):
            prefetch("--to", tmp_path)
        assert hub.served == {} and not (tmp_path / "course").exists()

    def test_what_is_somebodys_own_is_not_touched(self, hub, tmp_path):
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(CourseError, match="holds other things .thesis.txt.*gpt2-class"):
            prefetch("--to", tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]

    def test_work_in_the_copy_of_the_course_is_not_lost(self, hub, tmp_path):
        work = tmp_path / "course" / "my-course" / "00_start_here.ipynb"
        work.parent.mkdir(parents=True)
        work.write_text("mine")
        (tmp_path / "course" / "gpt2_course.egg-info").mkdir()  # what installing makes may go
        with pytest.raises(CourseError, match="not of the course .my-course/00_start_here.ipynb.. Move them"):
            prefetch("--to", tmp_path)
        assert work.read_text() == "mine"
        shutil.rmtree(work.parent)
        assert prefetch("--to", tmp_path) == 0 and not (tmp_path / "course" / "gpt2_course.egg-info").exists()

    @pytest.mark.parametrize(
        "name", ["notebooks/我的筆記.ipynb", "notebooks/01_base_model.ipynb", ".git/config"]
    )
    @pytest.mark.parametrize("is_whole", [True, False])
    def test_a_file_added_or_changed_in_a_fetched_course_is_not_lost(self, tmp_path, name, is_whole):
        main(["--to", str(tmp_path), "--no-wheels"])
        work = tmp_path / "course" / name
        work.parent.mkdir(exist_ok=True)
        work.write_text("mine")
        (tmp_path / "course" / "notebooks" / ".DS_Store").write_text("of the file manager")
        if not is_whole:  # a run was broken off
            (tmp_path / "SHA256SUMS").unlink()
        with pytest.raises(CourseError, match=f"not of the course .{name}.. Move them"):
            main(["--to", str(tmp_path), "--no-wheels"])
        assert work.read_text() == "mine" and (tmp_path / "SHA256SUMS").exists() == is_whole
        work.unlink()
        assert main(["--to", str(tmp_path), "--no-wheels"]) == 0 == main(["--to", str(tmp_path), "--check"])

    def test_the_copy_of_an_older_course_is_replaced(self, tmp_path):
        """Its checksums say that nobody changed it."""
        old = tmp_path / "course" / "notebooks" / "old.ipynb"
        old.parent.mkdir(parents=True)
        old.write_text("{}")
        manifest.write(tmp_path)
        assert main(["--to", str(tmp_path), "--no-wheels"]) == 0 and not old.exists()

    def test_a_run_that_cannot_begin_leaves_a_whole_folder_whole(self, hub, tmp_path, monkeypatch):
        prefetch("--to", tmp_path)
        with pytest.raises(CourseError, match="Check the spelling"):
            main(["gtp2typo", "--to", str(tmp_path), "--no-wheels"])
        with monkeypatch.context() as patch, pytest.raises(CourseError, match="are free. Make room"):
            patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
            prefetch("--to", tmp_path)
        with (
            monkeypatch.context() as patch,
            refusing() as address,
            pytest.raises(CourseError, match="does not answer"),
        ):
            patch.setattr(huggingface_hub.constants, "ENDPOINT", address)
            prefetch("--to", tmp_path)
        assert main(["--check", "--to", str(tmp_path)]) == 0

    @pytest.mark.parametrize("name", ["course", "wheels", "hub"])
    def test_a_file_or_a_link_where_a_folder_goes(self, tmp_path, name):
        elsewhere, folder = tmp_path / "elsewhere", tmp_path / "folder"
        for path in (elsewhere, folder):
            path.mkdir()
        (folder / name).symlink_to(elsewhere)
        with pytest.raises(CourseError, match=f"{name} is in the way: a folder of that name"):
            main(["--to", str(folder), "--no-wheels"])
        (folder / name).unlink()
        (folder / name).write_text("mine")
        with pytest.raises(CourseError, match=f"{name} is in the way: a folder of that name"):
            main(["--to", str(folder), "--no-wheels"])
        assert (folder / name).read_text() == "mine"

    @pytest.mark.parametrize("name", ["INSTALL.txt", "SHA256SUMS"])
    def test_a_folder_where_a_file_goes(self, tmp_path, name):
        (tmp_path / name).mkdir()
        with pytest.raises(CourseError, match=f"{name} is in the way: a file of that name"):
            main(["--to", str(tmp_path), "--no-wheels"])

    @pytest.mark.parametrize("inside", ["notebooks", "notebooks/kit", "course_utils/prefetch/kit"])
    def test_a_folder_inside_the_course(self, monkeypatch, tmp_path, inside):
        (tmp_path / "notebooks").mkdir()
        monkeypatch.setattr("course_utils.commands.prefetch.course_folder", lambda: tmp_path)
        with pytest.raises(CourseError, match="would lie one in the other"):
            main(["--to", str(tmp_path / inside), "--no-wheels"])
        assert [path.name for path in tmp_path.rglob("*")] == ["notebooks"]

    def test_the_checkout_is_never_replaced_by_its_copy(self, tmp_path):
        root = tmp_path / "course"
        assert course.overlaps(tmp_path, root) and not course.overlaps(root / "kit", root)

    def test_two_runs_at_once(self, tmp_path):
        with (
            FileLock(tmp_path / ".prefetch.lock"),
            pytest.raises(CourseError, match="Another `prefetch` is at work"),
        ):
            main(["--to", str(tmp_path), "--no-wheels"])
        assert not (tmp_path / "course").exists()
        assert main(["--to", str(tmp_path), "--no-wheels"]) == 0

    def test_what_the_system_refuses_is_told(self, tmp_path):
        (tmp_path / ".course").write_text("in the way")
        with pytest.raises(CourseError, match="could not be filled: .*course"):
            main(["--to", str(tmp_path), "--no-wheels"])

    def test_a_folder_that_cannot_be(self, hub, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(CourseError, match="Choose another folder"):
            prefetch("--to", tmp_path / "file" / "inside")


def _once(http_get):
    """The library's transfer, which gives up at the first break where the real one tries five times, with pauses."""
    return lambda *args, **options: http_get(*args, **{**options, "_nb_retries": 0})


class TestManifest:
    def folder(self, at: Path) -> Path:
        (at / "wheels").mkdir()
        (at / "wheels" / "a.whl").write_bytes(b"a")
        (at / "course").mkdir()
        (at / "course" / ".gitignore").write_bytes(b"x")
        manifest.write(at)
        return at

    def test_missing_changed_and_extra(self, tmp_path):
        folder = self.folder(tmp_path)
        assert not manifest.check(folder)
        (folder / "wheels" / "a.whl").write_bytes(b"b")
        (folder / "course" / ".gitignore").unlink()
        (folder / "wheels" / "b.whl").write_bytes(b"b")
        (folder / "wheels" / "Thumbs.db").write_bytes(b"b")
        found = manifest.check(folder)
        assert (found.missing, found.changed, found.extra) == (
            ("course/.gitignore",),
            ("wheels/a.whl",),
            ("wheels/b.whl",),
        )

    @pytest.mark.skipif(
        shutil.which("sha256sum") is None, reason="needs another operating system: it has no sha256sum"
    )
    def test_sha256sum_reads_it(self, tmp_path):
        folder = self.folder(tmp_path)
        command = ["sha256sum", "--quiet", "--strict", "--check", "SHA256SUMS"]
        assert subprocess.run(command, cwd=folder).returncode == 0
        (folder / "wheels" / "a.whl").write_bytes(b"b")
        assert subprocess.run(command, cwd=folder, capture_output=True).returncode == 1

    def test_nothing_outside_the_folder_is_deleted(self, tmp_path):
        own, folder = tmp_path / "own.txt", tmp_path / "folder"
        own.write_text("mine")
        folder.mkdir()
        for name in ("../own.txt", str(own), "a/../../own.txt", "..\\own.txt", "D:own.txt"):
            (folder / "SHA256SUMS").write_text(f"{'0' * 64}  {name}\n", encoding="utf-8")
            with pytest.raises(CourseError, match="Delete it and run"):
                manifest.discard_damaged(folder)
        (folder / "link.txt").symlink_to(own)
        (folder / "SHA256SUMS").write_text(f"{'0' * 64}  link.txt\n", encoding="utf-8")
        assert manifest.discard_damaged(folder) == ("link.txt",)
        assert own.read_text() == "mine" and not (folder / "link.txt").is_symlink()

    @pytest.mark.parametrize("content", [b"nonsense\n", b"\xff\xfe", b"0" * 64 + b" a\n"])
    def test_damaged_checksums(self, tmp_path, content):
        (tmp_path / "SHA256SUMS").write_bytes(content)
        with pytest.raises(CourseError, match="Delete it and run"):
            manifest.check(tmp_path)


def wheel(folder: Path, file: str, *needs: str) -> None:
    """Write a wheel that holds nothing but what it requires."""
    name, version = file.split("-")[:2]
    lines = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}",
        *(f"Requires-Dist: {one}" for one in needs),
        "",
    ]
    with zipfile.ZipFile(folder / file, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(lines))


LINUX, MAC, WINDOWS = (
    Target("linux-x86_64", "3.12"),
    Target("macos-arm64", "3.12"),
    Target("windows-x86_64", "3.12"),
)


class TestWheels:
    def lacking(self, folder: Path, target: Target, *wanted: str) -> list[str]:
        return [str(one) for one in missing(folder, target, [Requirement(one) for one in wanted])]

    def test_conditions_are_judged_for_the_target(self, tmp_path):
        wheel(
            tmp_path,
            "server-1.0-py3-none-any.whl",
            'pywinpty>=2; os_name == "nt"',
            'appnope; sys_platform == "darwin"',
            'old; python_version < "3.12"',
            'extra-one; extra == "more"',
        )
        assert self.lacking(tmp_path, LINUX, "server") == []
        assert self.lacking(tmp_path, WINDOWS, "server") == ["pywinpty>=2"]
        assert self.lacking(tmp_path, MAC, "server") == ["appnope"]
        assert self.lacking(tmp_path, LINUX, "server[more]") == ["extra-one"]
        assert self.lacking(tmp_path, Target("linux-x86_64", "3.11"), "server") == ["old"]

    @pytest.mark.parametrize(
        ("file", "runs_on"),
        [
            ("a-1-cp312-cp312-manylinux_2_28_x86_64.whl", [LINUX]),
            ("a-1-cp312-cp312-win_amd64.whl", [WINDOWS]),
            ("a-1-cp311-cp311-win_amd64.whl", []),
            ("a-1-cp39-abi3-macosx_11_0_arm64.whl", [MAC]),
            ("a-1-cp39-abi3-macosx_10_12_universal2.whl", [MAC]),
            ("a-1-cp312-cp312-macosx_11_0_universal2.whl", [MAC]),
            ("a-1-py3-none-any.whl", [LINUX, MAC, WINDOWS]),
            ("a-1-cp312-cp312-manylinux_2_28_aarch64.whl", []),
        ],
    )
    def test_a_wheel_counts_where_it_runs(self, tmp_path, file, runs_on):
        wheel(tmp_path, file)
        assert [one for one in (LINUX, MAC, WINDOWS) if not self.lacking(tmp_path, one, "a")] == runs_on

    def test_versions_and_needs_of_needs(self, tmp_path):
        wheel(tmp_path, "a-1.0-py3-none-any.whl", "b>=2")
        wheel(tmp_path, "b-1.0-py3-none-any.whl")
        assert self.lacking(tmp_path, LINUX, "a") == ["b>=2"]
        wheel(tmp_path, "b-2.1-py3-none-any.whl", "c[x]")
        wheel(tmp_path, "c-1-py3-none-any.whl", 'd; extra == "x"')
        assert self.lacking(tmp_path, LINUX, "a", "B>1") == ["d"]

    def test_targets_that_are_complete(self, tmp_path):
        wanted = [Requirement("torch==2.13.0"), Requirement("server")]
        wheel(tmp_path, "server-1.0-py3-none-any.whl", 'pywinpty>=2; os_name == "nt"')
        wheel(tmp_path, "torch-2.13.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl")
        wheel(tmp_path, "torch-2.13.0-cp313-none-macosx_14_0_arm64.whl")
        wheel(tmp_path, "torch-2.13.0-cp312-cp312-win_amd64.whl")
        assert wheels.complete(tmp_path, wanted) == [LINUX, Target("macos-arm64", "3.13")]
        wheel(tmp_path, "pywinpty-2-cp312-cp312-win_amd64.whl")
        assert wheels.complete(tmp_path, wanted) == [LINUX, Target("macos-arm64", "3.13"), WINDOWS]

    def test_two_wishes_for_one_package_become_one(self, tmp_path):
        wheel(tmp_path, "a-1-py3-none-any.whl", "c>=2")
        wheel(tmp_path, "b-1-py3-none-any.whl", "c<4")
        assert self.lacking(tmp_path, LINUX, "a", "b") == ["c<4,>=2"]
        wheel(tmp_path, "c-4-py3-none-any.whl")
        assert self.lacking(tmp_path, LINUX, "a", "b") == ["c<4"]

    def test_torch_on_linux_is_the_cpu_build(self):
        asked = [str(wheels.of_the_processor(Requirement("torch==2.13.0"), one)) for one in (LINUX, WINDOWS)]
        assert asked == ["torch==2.13.0+cpu", "torch==2.13.0"]

    def test_a_wheel_half_written_is_thrown_away(self, tmp_path):
        wheel(tmp_path, "a-1-py3-none-any.whl")
        wheel(tmp_path, "b-1-py3-none-any.whl")
        whole = (tmp_path / "b-1-py3-none-any.whl").read_bytes()
        (tmp_path / "b-1-py3-none-any.whl").write_bytes(whole[: len(whole) // 2])
        assert wheels.discard_broken(tmp_path) == ["b-1-py3-none-any.whl"]
        assert [path.name for path in tmp_path.iterdir()] == ["a-1-py3-none-any.whl"]

    def test_a_wheel_without_metadata_is_none(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a-1-py3-none-any.whl", "w") as archive:
            archive.writestr("a.py", "")
        assert wheels.discard_broken(tmp_path) == ["a-1-py3-none-any.whl"]

    def test_a_half_written_wheel_stops_no_second_run(self, tmp_path, capfd):
        """As a power cut leaves it: pip is asked again, here with no index to ask."""
        half = tmp_path / "wheels" / "torch-2.13.0-py3-none-any.whl"
        half.parent.mkdir()
        half.write_bytes(b"PK half")
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": "",
                "PIP_CONFIG_FILE": os.devnull,
            }.items():
                patch.setenv(name, value)
            with pytest.raises(CourseError, match="pip could not fetch everything"):
                main(["--to", str(tmp_path), "--platform", "windows-x86_64", "--python", "3.12"])
        assert not half.exists() and not (tmp_path / "SHA256SUMS").exists()

    def test_the_course_asks_for_what_builds_it_too(self):
        names = {one.name for one in wheels.requirements(repository())}
        assert {"torch", "transformers", "jupyterlab", "setuptools"} <= names

    @pytest.mark.parametrize(
        ("platform", "python"),
        [
            ("linux-x86", "3.12"),
            ("", "3.12"),
            *(
                (PLATFORMS[0], one)
                for one in ("3.10", "three", "3.²", "3.012", "3.1१", "4.0", "3.12.1", "３．9")
            ),
        ],
    )
    def test_a_target_that_is_none(self, platform, python):
        with pytest.raises(CourseError, match="choose from|3.11 or newer"):
            checked(platform, python)

    def test_full_width_digits_are_digits(self):
        assert checked("linux-x86_64", "３.１２") == checked("linux-x86_64", "３．１２") == LINUX

    def test_a_target_that_is_not_complete_is_not_whole(self, monkeypatch, tmp_path):
        monkeypatch.setattr(wheels, "fetch", lambda *_: None)
        with pytest.raises(CourseError, match="not all packages for: macos-arm64, Python 3.12"):
            main(
                [
                    "--to",
                    str(tmp_path),
                    "--platform",
                    "macos-arm64",
                    "--python",
                    "3.12",
                    "--python",
                    "３.１２",
                ]
            )
        assert not (tmp_path / "SHA256SUMS").exists()

    def test_this_machine_is_a_target(self):
        assert here().python == f"3.{sys.version_info.minor}"


def test_the_copy_is_the_course_alone(tmp_path):
    root = tmp_path / "root"
    (root / "notebooks" / ".ipynb_checkpoints").mkdir(parents=True)
    (root / "notebooks" / "00_a.ipynb").write_text("{}")
    (root / "my-course").mkdir()
    for to in (tmp_path / "course", tmp_path / "course"):  # a second time replaces the first
        course.copy(root, to)
        assert sorted(path.relative_to(to).as_posix() for path in to.rglob("*")) == [
            "notebooks",
            "notebooks/00_a.ipynb",
        ]
    assert all((repository() / name).exists() for name in course.COURSE)


def test_the_copy_of_a_read_only_checkout_can_be_written_and_replaced(tmp_path):
    root, to = tmp_path / "root", tmp_path / "course"
    (root / "notebooks").mkdir(parents=True)
    (root / "notebooks" / "00_a.ipynb").write_text("{}")
    for path in (root / "notebooks" / "00_a.ipynb", root / "notebooks", root):
        path.chmod(path.stat().st_mode & ~0o222)
    for _ in range(2):
        course.copy(root, to)
        assert all(path.stat().st_mode & 0o200 for path in (to, *to.rglob("*")))


def test_a_copy_that_cannot_be_replaced_stays_as_it_was(tmp_path, monkeypatch):
    """As where a program holds one of its files open, on Windows."""
    root, to = tmp_path / "root", tmp_path / "course"
    (root / "notebooks").mkdir(parents=True)
    course.copy(root, to)
    (to / "notebooks" / "00_a.ipynb").write_text("{}")
    with monkeypatch.context() as patch, pytest.raises(PermissionError):
        patch.setattr(Path, "rename", _refuse)
        course.copy(root, to)
    assert (to / "notebooks" / "00_a.ipynb").exists()
    course.copy(root, to)
    assert not (to / "notebooks" / "00_a.ipynb").exists() and {path.name for path in tmp_path.iterdir()} == {
        "root",
        "course",
    }


def _refuse(*_):
    raise PermissionError


class TestRoom:
    @pytest.mark.parametrize("commands", [room.posix, room.windows])
    def test_each_folder_has_the_commands_for_what_is_in_it(self, commands):
        assert "--no-index --find-links" in commands([]) and "--no-index" not in commands(
            [], with_wheels=False
        )
        assert "HF_HUB_OFFLINE" not in commands([]) and f"COURSE_CHECKPOINT={NAME}" in commands(
            [NAME]
        ).replace(' = "', "=")

    def test_a_network_is_needed_for_packages_that_are_not_there(self):
        assert "No network is needed" in room.instructions(["linux-x86_64, Python 3.12"], [])
        alone = room.instructions([], [NAME])
        assert (
            "套件要從網路安裝" in alone
            and "Packages are installed from the network" in alone
            and "--no-index" not in alone
        )


def bound_by_permissions() -> list[str]:
    """What begins the command of a process for which chmod counts: for root it does not, unless it gives that up."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]


def account_of(student: Path) -> list[str]:
    """What begins the command of a student with an account of his or her own, who owns the folder; root alone can give one.

    The account may read every file, pytest's private folders among them; for writing, permissions count.
    """
    if os.geteuid() != 0:
        return []
    user = 61_000 + int(student.name)
    os.chown(student, user, user)
    alone = ["--reuid", str(user), "--regid", str(user), "--clear-groups"]
    return ["setpriv", *alone, "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]


SHARE = """
import pathlib, sys
from huggingface_hub import constants
from course_utils.commands import doctor
cache = pathlib.Path(constants.HF_HUB_CACHE)
try:
    (cache / "mine").touch()
except PermissionError:
    print("read-only")
for finding in doctor.check_cached_models():
    print(finding.verdict, finding.fact.en)
"""


@pytest.mark.skipif(
    os.name == "nt" or bool(os.geteuid() == 0 and not shutil.which("setpriv")),
    reason="needs not to be root, or another operating system: one where permissions bind",
)
class TestSharedCache:
    """One folder that all read and none can write, by its permissions."""

    @pytest.fixture
    def cache(self, hub, tmp_path):
        folder = tmp_path / "shared"
        prefetch("--to", folder)
        subprocess.run(["chmod", "-R", "a-w", folder], check=True)
        yield folder / "hub"
        subprocess.run(["chmod", "-R", "u+rwx", folder], check=True)

    def test_two_students_at_once(self, cache, tmp_path):
        def student(name: str) -> subprocess.CompletedProcess:
            own = tmp_path / name
            own.mkdir()
            who = "import os; print(os.geteuid(), os.access('.', os.W_OK))"
            return in_the_room(
                cache, who + SHARE + LOAD, *account_of(own), cwd=own, HOME=str(own), COURSE_DATA=str(own)
            )

        before = sorted(cache.rglob("*"))
        with ThreadPoolExecutor(2) as room_of_two:
            first, second = room_of_two.map(student, ("1", "2"))
        for done in (first, second):
            assert done.returncode == 0, done.stderr
            assert done.stdout.splitlines()[1:] == [
                "read-only",
                f"ok cached GPT-2 models: {NAME} (read-only: {cache})",
                str(cache / "models--course--tiny" / "snapshots" / COMMIT),
                "True",
                "True",
            ]
        assert sorted(cache.rglob("*")) == before
        told = [done.stdout.splitlines()[0].split() for done in (first, second)]
        assert [can_write for _, can_write in told] == ["True", "True"]
        assert os.geteuid() != 0 or [user for user, _ in told] == ["61001", "61002"]

    def test_what_cannot_be_read_is_named(self, cache):
        weights = cache / "models--course--tiny" / "snapshots" / COMMIT / "model.safetensors"
        weights.resolve().chmod(0)
        done = in_the_room(cache, SHARE, *bound_by_permissions())
        assert f"warning cannot be read: {NAME}" in done.stdout and "could not" not in done.stdout

    def test_the_copy_of_a_read_only_course_can_be_worked_in(self, cache, tmp_path):
        """The first commands of INSTALL.txt, as far as the installation."""
        lines = room.posix([NAME]).splitlines()
        script = "\n".join(
            [
                "set -e",
                f'FOLDER="{cache.parent}"',
                *lines[lines.index('cp -r "$FOLDER/course" gpt2-course') : lines.index("cd gpt2-course") + 1],
                "mkdir made",
                "pwd",
            ]
        )
        place = tmp_path / "student"
        place.mkdir()
        done = subprocess.run(
            [*bound_by_permissions(), "bash", "-c", script], cwd=place, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


LOOPBACK = "import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 0x49))"  # SIOCSIFFLAGS, IFF_UP
CUT_OFF = """
mount --bind {folder} {folder}
mount -o remount,bind,ro {folder}
{python} -c "{loopback}"
[ "$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ')" = lo ]
! touch {folder}/x 2>/dev/null
cd {room}
"""


def can_cut_off() -> bool:
    return (
        shutil.which("unshare") is not None
        and subprocess.run(["unshare", "-rmn", "true"], capture_output=True).returncode == 0
    )


@pytest.mark.skipif(
    not can_cut_off(),
    reason="needs another operating system: one that lets a process cut its own network (unshare)",
)
def test_a_room_without_a_network(model, tmp_path):
    """The folder is fetched for real; then, with no network and the folder read-only, its own commands are followed to
    the letter, in an empty environment: doctor finds nothing wrong with the shared model, and lesson 00 gives its stored
    outputs."""
    folder, place = tmp_path / "for the class", tmp_path / "room"
    place.mkdir()
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("HF_", "COURSE_", "PYTHON"))
    }
    with serving({NAME: model}) as hub:
        fetch = [sys.executable, "-m", "course_utils", "prefetch", NAME, "--to", str(folder)]
        done = subprocess.run(
            fetch,
            env={**environment, "HF_ENDPOINT": hub.url, "PYTHONPATH": str(repository())},
            capture_output=True,
            text=True,
            timeout=900,
        )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    first, *commands = room.posix([NAME]).splitlines()
    assert first.startswith("FOLDER=") and commands[-1].endswith("course_utils lab")
    commands[-1] = "python -m course_utils lab --status\npython -m course_utils refresh --check 00"
    quoted = str(folder).replace(" ", "\\ ")
    cut_off = CUT_OFF.format(folder=quoted, room=place, python=sys.executable, loopback=LOOPBACK)
    script = "\n".join(["set -euo pipefail", cut_off, f'FOLDER="{folder}"', *commands])
    home = {
        "HOME": str(place),
        "COURSE_DATA": str(place / "data"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": "",
        "PIP_NO_COMPILE": "1",
    }  # the little that is imported here, Python compiles by itself
    done = subprocess.run(
        ["unshare", "-rmn", "bash", "-c", script],
        env={**environment, **home},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "✓" in done.stdout and "✗" not in done.stdout
    assert f"{NAME!r}" in done.stdout and "cached GPT-2 models: course/tiny" in done.stdout
