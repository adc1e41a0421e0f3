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
  const prompt = make("div", "course-prompt", el, model.get("prompt"));
  prompt.id = `course-question-${Math.random().toString(36).slice(2)}`;
  el.setAttribute("aria-labelledby", prompt.id);

  const rows = model.get("rows").map(row => {
    const button = make("button", "course-option", el);
    button.type = "button";
    button.dataset.letter = row.letter;
    make("span", "course-letter", button, row.letter);
    make("span", "course-answer", button, row.text);
    const marking = make("span", "course-mark", button);
    const because = make("div", "course-because", el);
    because.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => choose(row.letter));
    return { ...row, button, marking, because };
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
    for (const row of rows) {
      const isTried = tried.includes(row.letter);
      const state = !isTried ? "open" : row.right ? "right" : "wrong";
      if (row.button.dataset.state === state) continue; // what is there already is not read out again
      row.button.dataset.state = row.because.dataset.state = state;
      row.button.setAttribute("aria-pressed", isTried);
      row.marking.innerHTML = isTried ? row.mark : "";
      row.because.innerHTML = isTried ? row.why : "";
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
