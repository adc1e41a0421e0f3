// The language switch of a notebook. It works without a kernel: what it changes is data-course-language of the notebook
// around it, which the style sheet goes by. With the course's part of JupyterLab's page (course.js) it shares one choice.
// The buttons are made in languages.js, which Python puts before this.

function render({ model, el }) {
  const group = languageButtons(choose);
  el.append(group);

  function choose(language) {
    model.set("value", language);
    model.save_changes(); // the kernel, if there is one, saves it
    show();
    document.dispatchEvent(new CustomEvent("course-language", { detail: { language, from: "cell" } }));
  }

  function show() {
    const language = model.get("value");
    pressLanguage(group, language);
    const notebook = el.closest(".jp-Notebook");
    if (notebook) notebook.dataset.courseLanguage = language;
  }

  function follow({ detail }) {
    if (detail.from === "page" && detail.language !== model.get("value")) {
      model.set("value", detail.language);
      model.save_changes();
    }
  }

  // A switch that was saved with the notebook may remember another choice than the one that holds now.
  const chosen = document.body.dataset.courseLanguage;
  if (chosen) model.set("value", chosen);
  model.on("change:value", show);
  document.addEventListener("course-language", follow);
  // The element is not yet in the page while it is rendered.
  const placed = requestAnimationFrame(show);
  return () => {
    cancelAnimationFrame(placed);
    model.off("change:value", show);
    document.removeEventListener("course-language", follow);
  };
}

export default { render };
