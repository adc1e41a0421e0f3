// A panel: HTML made in Python, whose native controls send events back. The script of every widget; the attention explorer has one more.
//
//   data-region="name"  shows regions[name], HTML
//   data-input="name"   sends {name, value} as the learner types or moves it; shows values[name]
//   data-click="name"   sends {name, value: data-value} when pressed
//   data-copy="name"    copies the text of a region
//
// Without a kernel (after a restart, or in a notebook that was opened again) the style sheet shows [data-lost], and
// nothing is sent. A notebook that was opened again has its elements marked as disconnected by the widgets' manager;
// of a restart the model tells.
//
// One event is under way at a time; of what happens meanwhile, each control's last value is sent next. So a
// slider never runs ahead of the kernel.

const SLOW = 400; // milliseconds until a pause is worth a word

function render({ model, el }) {
  el.classList.add("course-panel", "course-bilingual");
  el.innerHTML = model.get("html");
  const busy = el.querySelector("[data-busy]");
  const waiting = new Map();
  let underWay = false;
  let slow = null;

  function send(name, value) {
    waiting.delete(name);
    waiting.set(name, value);
    next();
  }

  function isLost() {
    return el.matches(".jupyter-widgets-disconnected, .course-lost");
  }

  function next() {
    if (isLost()) return settle();
    if (underWay || waiting.size === 0) return;
    const [name, value] = waiting.entries().next().value;
    waiting.delete(name);
    underWay = true;
    slow = setTimeout(() => { busy.hidden = false; }, SLOW);
    el.setAttribute("aria-busy", "true");
    tell({ name, value });
  }

  function tell(message) {
    try {
      model.send(message);
    } catch { // the kernel was shut down, and the connection with it
      lose();
    }
  }

  function done(message) {
    if (!message || message.done === undefined) return;
    settle();
    next();
  }

  function lose() {
    el.classList.add("course-lost");
    settle();
  }

  function settle() {
    clearTimeout(slow);
    busy.hidden = true;
    el.removeAttribute("aria-busy");
    underWay = false;
    if (isLost()) waiting.clear();
  }

  function showRegions() {
    const regions = model.get("regions");
    const focused = keyOf(document.activeElement);
    for (const region of el.querySelectorAll("[data-region]")) {
      const html = regions[region.dataset.region] ?? "";
      if (region.shown === html) continue;
      region.innerHTML = region.shown = html;
    }
    // What was just pressed may have been drawn anew: whoever uses the keyboard stays where they were.
    if (focused && !document.activeElement.matches("[data-click],[data-input]")) {
      const again = [...el.querySelectorAll("[data-click],[data-input]")].filter(one => keyOf(one)?.[0] === focused[0]);
      (again.find(one => keyOf(one)[1] === focused[1]) ?? again[0])?.focus();
    }
  }

  function keyOf(element) {
    if (!element || !el.contains(element)) return null;
    return [element.dataset.click ?? element.dataset.input, element.dataset.value];
  }

  function showValues() {
    const values = model.get("values");
    for (const control of el.querySelectorAll("[data-input]")) {
      const value = values[control.dataset.input];
      if (value === undefined || control === document.activeElement) continue;
      if (control.type === "checkbox") control.checked = value;
      else control.value = value;
      showNumber(control);
    }
  }

  function showNumber(control) {
    const number = control.parentElement.querySelector("output");
    if (number) number.value = control.value;
  }

  function valueOf(control) {
    if (control.type === "checkbox") return control.checked;
    return ["range", "number"].includes(control.type) ? control.valueAsNumber : control.value;
  }

  function typed(event) {
    const control = event.target.closest("[data-input]");
    if (!control || event.isComposing) return; // an input method is still choosing the characters
    showNumber(control);
    const value = valueOf(control);
    if (!Number.isNaN(value)) send(control.dataset.input, value);
  }

  function pressed(event) {
    const button = event.target.closest("[data-click],[data-copy]");
    if (!button || button.disabled) return;
    if (button.dataset.copy) copy(button);
    else if (button.dataset.click === "stop") tell({ name: "stop" }); // never waits its turn
    else send(button.dataset.click, button.dataset.value ?? null);
  }

  async function copy(button) {
    const source = el.querySelector(`[data-region="${button.dataset.copy}"]`);
    try {
      await navigator.clipboard.writeText(source.innerText);
      button.dataset.state = "copied";
    } catch {
      getSelection().selectAllChildren(source); // no permission: marked, for Ctrl+C
    }
    setTimeout(() => { delete button.dataset.state; }, 1500);
  }

  // JupyterLab has shortcuts on plain keys, the arrows among them; they are not meant in here.
  el.addEventListener("keydown", event => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
  el.addEventListener("input", typed);
  el.addEventListener("compositionend", typed);
  el.addEventListener("click", pressed);
  model.on("change:regions", showRegions);
  model.on("change:values", showValues);
  model.on("msg:custom", done);
  model.on("comm_live_update", lose);
  showRegions();
  showValues();
  return () => {
    clearTimeout(slow);
    model.off("comm_live_update", lose);
    model.off("change:regions", showRegions);
    model.off("change:values", showValues);
    model.off("msg:custom", done);
  };
}
