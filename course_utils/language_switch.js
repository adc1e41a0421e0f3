// The language switch of a notebook. It works without a kernel: what it changes is data-course-language of the notebook
// around it, which the style sheet goes by. With the course's part of JupyterLab's page (course.js) it shares one choice.

const LANGUAGES = [["zh", "中文", "只顯示中文"], ["en", "English", "Show English only"], ["both", "雙語", "兩種語言都顯示 Show both"]];

function render({ model, el }) {
  const group = document.createElement("span");
  group.className = "course-languages";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "語言 Language");
  for (const [value, label, title] of LANGUAGES) {
    const onclick = () => choose(value);
    group.append(Object.assign(document.createElement("button"), { value, title, textContent: label, onclick }));
  }
  el.append(group);

  function choose(language) {
    model.set("value", language);
    model.save_changes(); // the kernel, if there is one, saves it
    show();
    document.dispatchEvent(new CustomEvent("course-language", { detail: { language, from: "cell" } }));
  }

  function show() {
    const language = model.get("value");
    for (const button of group.children) button.setAttribute("aria-pressed", button.value === language);
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
