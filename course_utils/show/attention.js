// Attention weights of all layers and heads: an overview, one head large, and the text with one token's weights.
// data: {labels, layers, heads, weights: Uint8Array, scales: Uint16Array}; rows of the lower triangle, head by head.

function drawAttention(root, data, state = { layer: 0, head: 0, query: null, key: null }) {
  const n = data.labels.length;
  const triangle = (n * (n + 1)) / 2;
  const start = (layer, head) => (layer * data.heads + head) * triangle;
  const rowStart = query => (query * (query + 1)) / 2;
  const make = (tag, name, parent) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    parent?.append(element);
    return element;
  };
  const both = (parent, zh, en) => {
    for (const [lang, text] of [["zh-Hant", zh], ["en", en]]) {
      const span = make("span", "", parent);
      span.lang = lang;
      span.textContent = text;
      parent.append(" ");
    }
  };
  const share = value => (value > 0 && value < 0.0005 ? "< 0.1 %" : `${(100 * value).toFixed(1)} %`);

  function weight(layer, head, query, key) {
    if (key > query) return 0;
    const scale = data.scales[(layer * data.heads + head) * n + query] / 65535;
    return (data.weights[start(layer, head) + rowStart(query) + key] / 255) * scale;
  }

  function paint(canvas, layer, head) {
    canvas.width = canvas.height = n;
    const context = canvas.getContext("2d");
    const image = context.createImageData(n, n);
    const [red, green, blue] = bar;
    let at = start(layer, head);
    for (let query = 0; query < n; query++) {
      const scale = data.scales[(layer * data.heads + head) * n + query] / 65535 / 255;
      for (let key = 0; key <= query; key++, at++) {
        const pixel = 4 * (query * n + key);
        image.data[pixel] = red;
        image.data[pixel + 1] = green;
        image.data[pixel + 2] = blue;
        image.data[pixel + 3] = 255 * Math.sqrt(data.weights[at] * scale);
      }
    }
    context.putImageData(image, 0, 0);
  }

  const colour = getComputedStyle(root).getPropertyValue("--bar").trim() || "#0072b2";
  const bar = [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16));
  state.layer = Math.min(state.layer, data.layers - 1);
  state.head = Math.min(state.head, data.heads - 1);
  if (state.query === null || state.query >= n) state.query = n - 1;
  if (state.key === null || state.key > state.query) state.key = 0;
  root.replaceChildren();
  root.classList.add("course-attention");

  const overview = make("div", "course-heads", root);
  overview.style.gridTemplateColumns = `auto repeat(${data.heads}, auto)`;
  const tiles = [];
  make("span", "", overview);
  for (let head = 0; head < data.heads; head++) make("span", "course-corner", overview).textContent = `head ${head}`;
  for (let layer = 0; layer < data.layers; layer++) {
    make("span", "course-corner", overview).textContent = `h[${layer}]`;
    for (let head = 0; head < data.heads; head++) {
      const tile = make("button", "course-head", overview);
      tile.type = "button";
      tile.setAttribute("aria-label", `第 ${layer} 層第 ${head} 個頭 layer ${layer} head ${head}`);
      tile.addEventListener("click", () => choose(layer, head));
      tile.addEventListener("keydown", event => moveHead(event, layer, head));
      paint(make("canvas", "", tile), layer, head);
      tiles.push(tile);
    }
  }

  const main = make("div", "course-main", root);
  const title = make("div", "course-title", main);
  const large = make("canvas", "course-large", main);
  large.tabIndex = 0;
  large.setAttribute("role", "img");
  const side = make("div", "course-side", root);
  const readout = make("div", "course-readout", side);
  readout.setAttribute("aria-live", "polite");
  const text = make("div", "course-text", side);
  text.tabIndex = 0;
  text.setAttribute("role", "listbox");
  text.setAttribute("aria-label", "發問的 token query token");
  const name = `course-token-${Math.random().toString(36).slice(2)}`;
  const words = data.labels.map((label, at) => {
    const word = make("span", "course-word", text);
    word.id = `${name}-${at}`;
    word.setAttribute("role", "option");
    word.textContent = label;
    word.dataset.at = at;
    return word;
  });

  let shown = -1;

  function choose(layer, head) {
    state.layer = layer;
    state.head = head;
    showHead();
    showQuery();
  }

  function showHead() {
    paint(large, state.layer, state.head);
    title.replaceChildren();
    both(title, `第 ${state.layer} 層，第 ${state.head} 個頭`, `Layer ${state.layer}, head ${state.head}`);
    tiles.forEach((tile, at) => {
      const chosen = at === state.layer * data.heads + state.head;
      tile.setAttribute("aria-pressed", chosen);
      tile.tabIndex = chosen ? 0 : -1;
    });
  }

  function showQuery() {
    const { layer, head, query } = state;
    const row = [];
    words.forEach((word, at) => {
      const value = weight(layer, head, query, at);
      if (at <= query) row.push([value, at]);
      const shade = Math.sqrt(value).toFixed(2);
      if (word.shade !== shade) {
        word.shade = shade;
        word.style.setProperty("--share", shade); // the style sheet makes a colour of it
      }
      word.classList.toggle("later", at > query);
    });
    words[shown]?.setAttribute("aria-selected", false);
    words[query].setAttribute("aria-selected", true);
    shown = query;
    text.setAttribute("aria-activedescendant", words[query].id);
    row.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    const best = row.slice(0, 5);
    if (!best.some(([, at]) => at === state.key)) best.push([weight(layer, head, query, state.key), state.key]);
    readout.replaceChildren();
    const asks = make("div", "", readout);
    both(asks, "發問的 token：", "query:");
    make("bdi", "", make("code", "", asks)).textContent = data.labels[query];
    asks.append(` (${query})`);
    const list = make("ol", "course-keys", readout);
    for (const [value, at] of best) {
      const item = make("li", at === state.key ? "chosen" : "", list);
      make("bdi", "", make("code", "", item)).textContent = data.labels[at];
      item.append(` (${at}) ${share(value)}`);
    }
    large.setAttribute("aria-label", readout.textContent);
    marker.style.top = `${(query / n) * 100}%`;
    marker.style.height = `${100 / n}%`;
  }

  function ask(query, key = state.key) {
    state.query = Math.max(0, Math.min(n - 1, query));
    state.key = Math.max(0, Math.min(state.query, key));
    showQuery();
  }

  function moveHead(event, layer, head) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    const to = [layer + step[0], head + step[1]];
    if (to[0] < 0 || to[0] >= data.layers || to[1] < 0 || to[1] >= data.heads) return;
    choose(...to);
    tiles[to[0] * data.heads + to[1]].focus();
  }

  function moveQuery(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step && !["Home", "End"].includes(event.key)) return;
    event.preventDefault();
    if (!step) ask(event.key === "Home" ? 0 : n - 1);
    else if (event.currentTarget === text) ask(state.query + step[0] + step[1]);
    else ask(state.query + step[0], state.key + step[1]);
  }

  const frame = make("div", "course-frame", main);
  frame.append(large);
  const marker = make("div", "course-marker", frame);
  large.addEventListener("mousemove", event => {
    const box = large.getBoundingClientRect();
    const place = (value, from, size) => Math.min(n - 1, Math.max(0, Math.floor(((value - from) / size) * n)));
    ask(place(event.clientY, box.top, box.height), place(event.clientX, box.left, box.width));
  });
  text.addEventListener("mouseover", event => {
    const word = event.target.closest(".course-word");
    if (word) ask(Number(word.dataset.at));
  });
  large.addEventListener("keydown", moveQuery);
  text.addEventListener("keydown", moveQuery);
  showHead();
  showQuery();
  return state;
}
