"""The course's part of JupyterLab's server: the learner's language and progress, for the page to read and to change.

`lab` switches it on (assets/jupyter/jupyter_server_config.d). The page's side is course.js in
assets/jupyter/share/labextensions; it asks here since a notebook may have no kernel to ask.
"""

import json
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from . import language, record


class LearnerHandler(APIHandler):
    """`GET gpt2-course/learner`: `{"language": …, "exercises": {"01.2": "correct", …}}`; `PUT` chooses the language."""

    @web.authenticated
    def get(self) -> None:
        """Answer with the chosen language and the best outcome of each exercise that was tried."""
        self.finish(json.dumps({"language": language.current(), "exercises": record.outcomes()}))

    @web.authenticated
    def put(self) -> None:
        """Choose the language; answer with whether it could be saved, or 400 for no language of the course."""
        chosen = (self.get_json_body() or {}).get("language")
        if chosen not in language.LANGUAGES:
            raise web.HTTPError(400, f"There is no language {chosen!r} here.")
        self.finish(json.dumps({"saved": language.set_current(chosen)}))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "course_utils.lab_server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    address = url_path_join(server.web_app.settings["base_url"], "gpt2-course", "learner")
    server.web_app.add_handlers(".*$", [(address, LearnerHandler)])
