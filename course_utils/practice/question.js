// A quick question. Its texts come with it, and so does what was chosen: it answers without a kernel.

function render({ model, el }) {
  const make = (tag, name, parent, html = "") => {
    const element = document.createElement(tag);
    element.className = name;
    element.innerHTML = html; // made in Python, where every text is escaped
    parent.append(element);
    return element;
  };
  el.classList.add("course-question", "course-bilingual");
  el.setAttribute("role", "group");
  const name = `course-question-${Math.random().toString(36).slice(2)}`;
  const prompt = make("div", "course-prompt", el, model.get("prompt"));
  prompt.id = name;
  el.setAttribute("aria-labelledby", name);

  const rows = model.get("rows").map(row => {
    const button = make("button", "course-option", el);
    button.type = "button";
    button.dataset.letter = row.letter;
    make("span", "course-letter", button, row.letter);
    make("span", "course-answer", button, row.text);
    const mark = make("span", "course-mark", button);
    const because = make("div", "course-because", el);
    because.setAttribute("aria-live", "polite");
    because.id = `${name}-${row.letter}`;
    button.addEventListener("click", () => choose(row.letter));
    return { ...row, button, mark, because };
  });

  function choose(letter) {
    const tried = model.get("tried");
    if (!tried.includes(letter)) model.set("tried", [...tried, letter]);
    show();
    try {
      model.save_changes();
    } catch {
      // No kernel: the choice stays in the page, and in what the notebook saves.
    }
  }

  function show() {
    const tried = model.get("tried");
    for (const { letter, right, button, mark, because, ...texts } of rows) {
      const isTried = tried.includes(letter);
      if (button.dataset.state === (isTried ? (right ? "right" : "wrong") : "open")) continue;
      button.dataset.state = because.dataset.state = isTried ? (right ? "right" : "wrong") : "open";
      button.setAttribute("aria-pressed", isTried);
      mark.innerHTML = isTried ? texts.mark : "";
      because.innerHTML = isTried ? texts.because : "";
      if (isTried) button.setAttribute("aria-describedby", because.id);
      else button.removeAttribute("aria-describedby");
    }
  }

  // JupyterLab has shortcuts on plain keys; they are not meant in here.
  el.addEventListener("keydown", event => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
  model.on("change:tried", show);
  show();
  return () => model.off("change:tried", show);
}

export default { render };
