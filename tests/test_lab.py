"""The learner's working copy: nothing that a learner wrote is ever lost."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from course_utils.commands import lab
from course_utils.texts import CourseError
from course_utils.working_copy import State, WorkingCopy


def notebook(*sources: str, outputs: bool = False) -> str:
    """A notebook of code cells; with `outputs`, as if it had been run."""
    out = [{"output_type": "stream", "name": "stdout", "text": ["hi\n"]}] if outputs else []
    cells = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "source": s.splitlines(keepends=True),
            "execution_count": 7 if outputs else None,
            "outputs": out,
        }
        for i, s in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def course(tmp_path: Path) -> Path:
    root = tmp_path / "course"
    for name in ("notebooks", "images/more"):
        (root / name).mkdir(parents=True)
    (root / "notebooks/00_start_here.ipynb").write_text(notebook("1 + 1\n2 + 2"))
    (root / "notebooks/01_base_model.ipynb").write_text(notebook("base = 1"))
    (root / "images/more/map.svg").write_text("<svg/>")
    (root / "images/.hidden").write_text("no")
    return root


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "my-course"


def states(course: Path, mine: Path) -> dict[str, State]:
    items = WorkingCopy(course, mine).items()
    return {Path(i.name).name[:2]: i.state for i in items if i.name.endswith("ipynb")}


def test_first_time_everything_is_handed_out(course, mine):
    WorkingCopy(course, mine).update()
    for name in ("notebooks/00_start_here.ipynb", "notebooks/01_base_model.ipynb", "images/more/map.svg"):
        assert (mine / name).read_bytes() == (course / name).read_bytes()
    assert not (mine / "images/.hidden").exists()
    assert set(states(course, mine).values()) == {State.CURRENT}


def test_status_changes_nothing(course, mine):
    assert set(states(course, mine).values()) == {State.NEW}
    assert not mine.exists()


def test_a_new_lesson_is_added(course, mine):
    WorkingCopy(course, mine).update()
    (course / "notebooks/02_head.ipynb").write_text(notebook("head = 2"))
    WorkingCopy(course, mine).update()
    assert (mine / "notebooks/02_head.ipynb").exists()


def test_a_lesson_that_was_only_run_is_updated(course, mine):
    WorkingCopy(course, mine).update()
    (mine / "notebooks/01_base_model.ipynb").write_text(notebook("base = 1", outputs=True))
    assert states(course, mine)["01"] is State.CURRENT
    (course / "notebooks/01_base_model.ipynb").write_text(notebook("base = 2"))
    items = WorkingCopy(course, mine).update()
    assert "base = 2" in (mine / "notebooks/01_base_model.ipynb").read_text()
    assert any("已更新" in line.zh for line in lab.news(items))


def test_outputs_refreshed_upstream_do_not_take_the_learners_away(course, mine):
    WorkingCopy(course, mine).update()
    copy = mine / "notebooks/01_base_model.ipynb"
    copy.write_text(notebook("base = 1", outputs=True))
    (course / "notebooks/01_base_model.ipynb").write_text(notebook("base = 1") + "\n")
    WorkingCopy(course, mine).update()
    assert copy.read_text() == notebook("base = 1", outputs=True)


def test_what_the_learner_changed_is_left_alone_and_said(course, mine):
    WorkingCopy(course, mine).update()
    copy = mine / "notebooks/01_base_model.ipynb"
    copy.write_text(notebook("base = 'mine'"))
    assert states(course, mine)["01"] is State.CHANGED
    assert lab.news(WorkingCopy(course, mine).update()) == []
    (course / "notebooks/01_base_model.ipynb").write_text(notebook("base = 2"))
    (message,) = map(str, lab.news(WorkingCopy(course, mine).update()))
    assert "--restore 01_base_model" in message and "新版" in message and "newer version" in message
    assert copy.read_text() == notebook("base = 'mine'")
    assert states(course, mine)["01"] is State.HELD


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"[]", b'{"cells": [{}]}', b"[" * 100_000])
def test_a_damaged_notebook_counts_as_the_learners(course, mine, damage):
    WorkingCopy(course, mine).update()
    copy = mine / "notebooks/01_base_model.ipynb"
    copy.write_bytes(damage)
    (course / "notebooks/01_base_model.ipynb").write_text(notebook("base = 2"))
    items = WorkingCopy(course, mine).update()
    assert copy.read_bytes() == damage
    assert any("損壞" in line.zh and "damaged" in line.en for line in lab.news(items))


def test_restore_keeps_every_version(course, mine):
    WorkingCopy(course, mine).update()
    copy = mine / "notebooks/01_base_model.ipynb"
    for n, own in enumerate(("first", "second"), start=1):
        copy.write_text(notebook(own))
        name, backup = WorkingCopy(course, mine).restore("01")
        assert backup is not None and backup.name == f"01_base_model.backup-{n}.ipynb"
        assert copy.read_bytes() == (course / name).read_bytes()
    kept = sorted(p.read_text() for p in mine.glob("notebooks/*.backup-*.ipynb"))
    assert kept == sorted([notebook("first"), notebook("second")])
    assert WorkingCopy(course, mine).restore("01_base_model.ipynb")[1] is None
    assert set(states(course, mine).values()) == {State.CURRENT}


@pytest.mark.parametrize("name", ["01", "1", "base_model", "01_base_model", "base_model.ipynb"])
def test_a_lesson_is_named_in_any_way(course, mine, name):
    assert WorkingCopy(course, mine).restore(name)[0] == "notebooks/01_base_model.ipynb"


@pytest.mark.parametrize("name", ["09", "9", "", "model", "../01_base_modelx"])
def test_restore_of_nothing_names_what_there_is(course, mine, name):
    with pytest.raises(CourseError, match="01_base_model"):
        WorkingCopy(course, mine).restore(name)


def test_a_lesson_taken_out_of_the_course_stays(course, mine):
    WorkingCopy(course, mine).update()
    (course / "notebooks/01_base_model.ipynb").unlink()
    WorkingCopy(course, mine).update()
    assert (mine / "notebooks/01_base_model.ipynb").exists()
    assert states(course, mine)["01"] is State.GONE


def test_a_lost_or_damaged_manifest_costs_nothing(course, mine):
    WorkingCopy(course, mine).update()
    copy = mine / "notebooks/01_base_model.ipynb"
    copy.write_text(notebook("mine"))
    for damage in ("{", "[]", '{"files": 3}'):
        (mine / ".course/manifest.json").write_text(damage)
        WorkingCopy(course, mine).update()
        assert copy.read_text() == notebook("mine")
    assert states(course, mine) == {"00": State.CURRENT, "01": State.HELD}


def test_being_cut_off_between_file_and_manifest_is_harmless(course, mine, monkeypatch):
    WorkingCopy(course, mine).update()
    (course / "notebooks/01_base_model.ipynb").write_text(notebook("base = 2"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(WorkingCopy, "_remember", lambda self, name: (_ for _ in ()).throw(KeyboardInterrupt))
        WorkingCopy(course, mine).update()
    WorkingCopy(course, mine).update()
    (course / "notebooks/01_base_model.ipynb").write_text(notebook("base = 3"))
    WorkingCopy(course, mine).update()
    assert "base = 3" in (mine / "notebooks/01_base_model.ipynb").read_text()


def test_pictures_are_updated_and_a_changed_one_is_kept(course, mine):
    WorkingCopy(course, mine).update()
    (course / "images/more/map.svg").write_text("<svg>2</svg>")
    WorkingCopy(course, mine).update()
    assert (mine / "images/more/map.svg").read_text() == "<svg>2</svg>"
    (mine / "images/more/map.svg").write_text("<svg>mine</svg>")
    (course / "images/more/map.svg").write_text("<svg>3</svg>")
    WorkingCopy(course, mine).update()
    assert (mine / "images/more/map.svg").read_text() == "<svg>mine</svg>"


def test_the_command_asks_nobody_outside(mine):
    words = lab.command(mine, "notebooks/00_start_here.ipynb", 8999, browser=False, further=["--debug"])
    assert words[:3] == [sys.executable, "-m", "jupyterlab"] and words[-1] == "--debug"
    assert "--LabApp.news_url=None" in words and "--no-browser" in words
    assert {"--ServerApp.port=8999", "--ServerApp.port_retries=0"} <= set(words)
    assert not any("port" in word for word in lab.command(mine, "x", None, browser=True))


def test_the_kernel_is_this_interpreters(mine):
    env = lab.environment(mine)
    first = Path(env["JUPYTER_PATH"].split(os.pathsep)[0])
    assert json.loads((first / "kernels/python3/kernel.json").read_text())["argv"][0] == sys.executable
    settings = Path(
        env["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0], "labconfig/default_setting_overrides.json"
    )
    overrides = json.loads(settings.read_text())
    notification = overrides["@jupyterlab/apputils-extension:notification"]
    assert notification == {"checkForUpdates": False, "fetchNews": "false"}


def test_the_kernel_can_be_encrypted(mine, tmp_path):
    """What `explain` advises on a shared machine: the kernel's connection is encrypted, and it answers."""
    folder = lab.environment(mine)["JUPYTER_PATH"].split(os.pathsep)[0]
    known = KernelSpecManager(kernel_dirs=[f"{folder}/kernels"])
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=known, transport_encryption="required")
    with (tmp_path / "said").open("wb") as said:
        manager.start_kernel(stderr=said)
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(60)
            reply = client.execute_interactive("1 + 1", timeout=60, output_hook=lambda _: None)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    assert reply["content"]["status"] == "ok"
    assert "without encryption" not in (tmp_path / "said").read_text(encoding="utf-8")


def test_a_taken_port_is_said_in_both_languages():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CourseError, match="無法使用連接埠") as caught:
            lab.require_free(other.getsockname()[1])
    assert "cannot be used" in str(caught.value)


@pytest.mark.parametrize("port", ["0", "-1", "65536", "70000", "text", "", "8e3", "８８８８", "9" * 5000])
def test_no_such_port(port, course, mine, monkeypatch):
    monkeypatch.setattr(lab, "course_folder", lambda: course)
    with pytest.raises(CourseError, match="is no port") as caught:
        lab.main(["--folder", str(mine), f"--port={port}"])
    assert "不是連接埠" in str(caught.value) and not mine.exists()


def test_a_port_may_be_named(course, mine, monkeypatch):
    started = []
    monkeypatch.setattr(lab, "course_folder", lambda: course)
    monkeypatch.setattr(lab, "_start", lambda words, folder, env: started.append(words) or 0)
    monkeypatch.setattr(lab, "require_free", lambda port: started.append(port))
    assert lab.main(["--folder", str(mine), "--port", "8999"]) == 0
    assert started[0] == 8999 and "--ServerApp.port=8999" in started[1]


def test_main_updates_then_starts(course, mine, monkeypatch, capsys):
    started = []
    monkeypatch.setattr(lab, "course_folder", lambda: course)
    monkeypatch.setattr(lab, "_start", lambda words, folder, env: started.append((words, folder)) or 0)
    assert lab.main(["--no-browser", "--folder", str(mine), "--", "--debug"]) == 0
    ((words, folder),) = started
    assert folder == mine and words[-1] == "--debug"
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in words
    assert lab.main(["--folder", str(mine), "--status"]) == 0
    assert "as handed out" in capsys.readouterr().out
    (mine / "notebooks/01_base_model.ipynb").write_text("mine")
    assert lab.main(["--folder", str(mine), "--restore", "01"]) == 0
    assert "01_base_model.backup-1.ipynb" in capsys.readouterr().out
    assert len(started) == 1


def test_main_refuses_the_checkout_and_an_unusable_place(course, tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "course_folder", lambda: course)
    with pytest.raises(CourseError, match="checkout itself"):
        lab.main(["--folder", str(course)])
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="--folder"):
        lab.main(["--folder", str(tmp_path / "file")])


@pytest.fixture
def served(mine, tmp_path, monkeypatch):
    """A stand-in for the server of the working copy `mine`: what it notes, and the API it answers with a token only."""
    import http.server
    import threading

    class Api(http.server.BaseHTTPRequestHandler):
        sessions = [{"type": "notebook", "path": "notebooks/01_base_model.ipynb"}]

        def do_GET(self):
            allowed = self.headers.get("Authorization") == "token secret"
            body = json.dumps(self.sessions if self.path == "/api/sessions" else {"started": "now"}).encode()
            self.send_response(200 if allowed else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    runtime = tmp_path / "runtime"
    runtime.mkdir()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    note = {
        "url": f"http://127.0.0.1:{server.server_port}/",
        "token": "secret",
        "root_dir": str(mine),
        "pid": 1,
    }
    (runtime / "jpserver-0.json").write_text("half a no")
    (runtime / "jpserver-1.json").write_text(json.dumps(note | {"root_dir": str(tmp_path)}))
    (runtime / "jpserver-2.json").write_text(json.dumps(note))
    yield note
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_second_lab_finds_the_first(course, mine, served, monkeypatch, capsys, language):
    monkeypatch.setattr(lab, "course_folder", lambda: course)
    monkeypatch.setattr(lab, "_start", lambda *_: pytest.fail("a second server was started"))
    monkeypatch.setenv("COURSE_LANGUAGE", language)
    opened = []
    monkeypatch.setattr(lab.running.webbrowser, "open", opened.append)
    assert lab.main(["--folder", str(mine), "--no-browser"]) == 0
    said = capsys.readouterr().out
    address = f"{served['url']}lab/tree/notebooks/00_start_here.ipynb?token=secret"
    assert address in said and {"en": "already open", "zh": "已經開著"}[language] in said
    assert opened == []
    assert lab.main(["--folder", str(mine)]) == 0 and opened == [address]
    assert not mine.exists()  # nothing is handed out under the hands of one who works there


def test_a_server_that_ended_without_a_word_does_not_count(course, mine, served, monkeypatch):
    monkeypatch.setattr(lab.running.Server, "ask", lambda *_: json.loads("refused"))
    assert lab.running.server_in(mine) is None


def test_restore_says_what_to_choose_while_the_lesson_is_open(course, mine, served, monkeypatch, capsys):
    monkeypatch.setattr(lab, "course_folder", lambda: course)
    WorkingCopy(course, mine).update()
    for name, is_open in (("01_base_model", True), ("00_start_here", False)):
        (mine / f"notebooks/{name}.ipynb").write_text(notebook("mine"))
        assert lab.main(["--folder", str(mine), "--restore", name]) == 0
        said = capsys.readouterr().out
        assert ("Revert" in said and "Reload Notebook from Disk" in said) is is_open
    assert lab.main(["--folder", str(mine), "--restore", "01"]) == 0
    assert "Revert" not in capsys.readouterr().out  # it was the original


def test_whoever_reads_a_part_of_the_status_sees_no_complaint(tmp_path):
    words = [sys.executable, "-m", "course_utils", "lab", "--status", "--folder", str(tmp_path / "mine")]
    asked = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    asked.stdout.close()
    assert asked.stderr.read() == b""
    assert asked.wait(60) == 141
