// What the course adds to JupyterLab's page: the language switch, the way to the neighbouring lessons and the count of
// exercises in each lesson's toolbar, and the contents panel in one language. None of it needs a kernel.
//
// JupyterLab loads this file as it loads any prebuilt extension: it asks window._JUPYTERLAB[name] for "./extension".
// The learner's language and progress are kept by the course's part of the server, course_utils/lab_server.py.

(() => {
  const HERE = document.currentScript.src;
  const LESSON = /^(\d\d)_\w+\.ipynb$/; // a copy that was kept aside, "00_start_here.backup-1.ipynb", is none
  const EXERCISE = /\bpractice\.q(\d+)\.check\(/g;
  const HEADING = /^#{1,6}\s+<span lang="zh-Hant">(.*?)<\/span>\s*<span lang="en">(.*?)<\/span>\s*$/gm;
  const QUIET = 300; // milliseconds of an idle kernel until the exercises are counted again
  const RUN_AGAIN = {
    zh: "這個小工具要重新執行這個儲存格才會動。",
    en: "Run this cell again to use this widget.",
  };

  let Widget, languageButtons, pressLanguage;

  /** What the server keeps of the learner: the chosen language, and the outcome of each exercise by its key. */
  class Learner {
    constructor(settings) {
      this._settings = settings;
      this.language = "both";
      this.exercises = {};
    }

    async read() {
      Object.assign(this, await this._ask({}));
    }

    /** The choice is the page's own from the first reading on: a choice may still be under way to the server. */
    async readExercises() {
      this.exercises = (await this._ask({})).exercises;
    }

    async choose(language) {
      this.language = language;
      await this._ask({ method: "PUT", body: JSON.stringify({ language }) });
    }

    async _ask(options) {
      const cookie = document.cookie.match(/\b_xsrf=([^;]*)/);
      const { baseUrl, token } = this._settings;
      const headers = { "Content-Type": "application/json" };
      if (cookie) headers["X-XSRFToken"] = cookie[1];
      if (token) headers.Authorization = `token ${token}`;
      const answer = await fetch(`${baseUrl}gpt2-course/learner`, { credentials: "same-origin", headers, ...options });
      if (!answer.ok) throw new Error(`the course's server answered ${answer.status}`);
      return answer.json();
    }
  }

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function inBoth(zh, en) {
    return [make("span", { lang: "zh-Hant", textContent: zh }), " ", make("span", { lang: "en", textContent: en })];
  }

  function isCourse(panel) {
    return [...panel.context.model.cells].some(cell => {
      const source = cell.sharedModel.getSource();
      return cell.type === "markdown" && source.includes('lang="zh-Hant"') && source.includes('lang="en"');
    });
  }

  /** The course's items in the toolbar of one notebook. */
  class Bar {
    constructor(app, panel, page) {
      this._app = app;
      this._panel = panel;
      this._page = page;
      this._languages = languageButtons(language => page.choose(language));
      this._lessons = make("span", { className: "course-lessons" });
      this._exercises = make("span", { className: "course-exercises" });
      const node = make("div", { className: "course-toolbar" }, this._languages, this._lessons, this._exercises);
      this.widget = new Widget({ node });
      this.widget.addClass("jp-Toolbar-item");
    }

    async addNeighbours() {
      this._lessons.append(...await this._neighbours());
    }

    show() {
      pressLanguage(this._languages, this._page.learner.language);
      this._count();
    }

    async _neighbours() {
      const [, folder, own] = this._panel.context.path.match(/^(.*?)([^/]*)$/);
      if (!LESSON.test(own)) return [];
      const listing = await this._app.serviceManager.contents.get(folder, { content: true });
      const names = listing.content.map(item => item.name).filter(name => LESSON.test(name)).sort();
      const at = names.indexOf(own);
      return [
        this._link(folder, names[at - 1], "‹ ", "", "上一課 Previous lesson"),
        this._link(folder, names[at + 1], "", " ›", "下一課 Next lesson"),
      ].filter(Boolean);
    }

    _link(folder, name, before, after, title) {
      if (!name) return null;
      const open = () => this._app.commands.execute("docmanager:open", { path: folder + name });
      const textContent = before + name.slice(0, 2) + after;
      return make("button", { textContent, title: `${title}: ${name}`, ariaLabel: `${title} ${name}`, onclick: open });
    }

    /** "Exercises 2/6": those of this notebook whose best outcome is right. */
    _count() {
      const lesson = this._panel.context.path.match(/(\d\d)_[^/]*$/)?.[1];
      const sources = [...this._panel.context.model.cells].map(cell => cell.sharedModel.getSource()).join("\n");
      const keys = new Set([...sources.matchAll(EXERCISE)].map(match => `${lesson}.${match[1]}`));
      if (keys.size === 0) return;
      const done = [...keys].filter(key => this._page.learner.exercises[key] === "correct").length;
      this._exercises.replaceChildren(...inBoth(`練習 ${done}/${keys.size}`, `Exercises ${done}/${keys.size}`));
    }
  }

  /** The page: one language for all of the course's notebooks, told to the switches in their cells as well. */
  class Page {
    constructor(app, learner) {
      this._app = app;
      this.learner = learner;
      this._bars = new Map();
    }

    add(panel) {
      const bar = new Bar(this._app, panel, this);
      panel.toolbar.insertItem(0, "course", bar.widget);
      this._bars.set(panel, bar);
      panel.disposed.connect(() => this._bars.delete(panel));
      this._recountWhenIdle(panel);
      const watcher = new MutationObserver(() => replaceLostWidgets(panel));
      watcher.observe(panel.content.node, { childList: true, subtree: true });
      panel.disposed.connect(() => watcher.disconnect());
      this.show();
      return bar.addNeighbours();
    }

    choose(language) {
      const saved = this.learner.choose(language);
      this.show();
      document.dispatchEvent(new CustomEvent("course-language", { detail: { language, from: "page" } }));
      return saved;
    }

    show() {
      const { language } = this.learner;
      document.body.dataset.courseLanguage = language;
      for (const [panel, bar] of this._bars) {
        panel.content.node.dataset.courseLanguage = language;
        bar.show();
      }
      this.translateContents();
    }

    translateContents() {
      translateContents(this._bars.keys());
    }

    _recountWhenIdle(panel) {
      let soon;
      panel.context.sessionContext.statusChanged.connect((_, status) => {
        clearTimeout(soon);
        if (status !== "idle") return;
        soon = setTimeout(async () => {
          await this.learner.readExercises();
          this._bars.get(panel)?.show();
        }, QUIET);
      });
    }
  }

  /** Tell each entry of the contents panel its heading in either language; the style sheet shows one. */
  function translateContents(panels) {
    const headings = new Map();
    for (const panel of panels) {
      for (const cell of panel.context.model.cells) {
        if (cell.type !== "markdown") continue;
        for (const [, zh, en] of cell.sharedModel.getSource().matchAll(HEADING)) headings.set(plain(`${zh} ${en}`), { zh: plain(zh), en: plain(en) });
      }
    }
    for (const entry of document.querySelectorAll("#table-of-contents .jp-tocItem-content")) {
      const heading = headings.get(plain(entry.textContent));
      if (heading) {
        Object.assign(entry.dataset, { courseZh: heading.zh, courseEn: heading.en });
      } else {
        delete entry.dataset.courseZh;
        delete entry.dataset.courseEn;
      }
    }
  }

  function plain(markdown) {
    return markdown.replace(/[`*]/g, "").replace(/\s+/g, " ").trim();
  }

  /** Where JupyterLab finds no widget any more, show the picture that was stored beside it, and say what to do. */
  function replaceLostWidgets(panel) {
    for (const node of panel.content.node.querySelectorAll(".jp-OutputArea-output.jupyter-widgets")) {
      if (!node.textContent.startsWith("Error displaying widget")) continue;
      const note = make("div", { className: "course-run-again course-bilingual" });
      note.append(make("p", { lang: "zh-Hant", textContent: RUN_AGAIN.zh }), make("p", { lang: "en", textContent: RUN_AGAIN.en }));
      const picture = storedPicture(panel, node);
      if (picture) note.append(make("img", { src: `data:image/png;base64,${picture}`, alt: "" }));
      node.replaceChildren(note);
    }
  }

  function storedPicture(panel, node) {
    const cell = panel.content.widgets.find(one => one.node.contains(node));
    const at = cell?.outputArea?.widgets.findIndex(one => one.node.contains(node)) ?? -1;
    return at < 0 ? null : cell.outputArea.model.get(at)?.data["image/png"];
  }

  /** Keep the entries told as the contents panel draws itself anew. */
  function watchContents(page) {
    const contents = document.getElementById("table-of-contents");
    if (!contents) return;
    new MutationObserver(() => page.translateContents())
      .observe(contents, { childList: true, characterData: true, subtree: true });
  }

  async function activate(app) {
    // Not in init: JupyterLab waits for that before it listens for the page's load event, which an import does not delay.
    ({ languageButtons, pressLanguage } = await import(new URL("languages.js", HERE)));
    for (const name of ["language.css", "page.css"]) {
      document.head.append(make("link", { rel: "stylesheet", href: new URL(name, HERE).href }));
    }
    const learner = new Learner(app.serviceManager.serverSettings);
    const page = new Page(app, learner);
    const known = learner.read().catch(error => console.warn(`The course's settings cannot be read: ${error.message}`));
    app.docRegistry.addWidgetExtension("Notebook", {
      createNew(panel) {
        Promise.all([known, panel.context.ready]).then(() => { if (isCourse(panel)) page.add(panel); });
      },
    });
    document.addEventListener("course-language", ({ detail }) => {
      if (detail.from !== "page") page.choose(detail.language);
    });
    app.restored.then(() => watchContents(page));
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB["gpt2-course"] = {
    async init(shared) {
      const [version] = Object.values(shared["@lumino/widgets"]);
      Widget = (await version.get())().Widget;
    },
    async get() {
      return () => ({ __esModule: true, default: { id: "gpt2-course:page", autoStart: true, activate } });
    },
  };
})();
