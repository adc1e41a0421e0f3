// The buttons 中文 | English | 雙語, for the switch in a notebook's cell and for the one in its toolbar.

const LANGUAGES = [
  ["zh", "中文", "只顯示中文"],
  ["en", "English", "Show English only"],
  ["both", "雙語", "兩種語言都顯示 Show both"],
];

/** Make the buttons; `choose` is called with "zh", "en" or "both". */
export function languageButtons(choose) {
  const group = document.createElement("span");
  group.className = "course-languages";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "語言 Language");
  for (const [value, label, title] of LANGUAGES) {
    const onclick = () => choose(value);
    group.append(Object.assign(document.createElement("button"), { value, title, textContent: label, onclick }));
  }
  return group;
}

/** Show which of the buttons is the choice. */
export function pressLanguage(group, language) {
  for (const button of group.children) button.setAttribute("aria-pressed", button.value === language);
}
