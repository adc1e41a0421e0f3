// The panel of the attention explorer: a panel with a drawing in it. panel.js and show/attention.js stand before this.

function renderAttention({ model, el }) {
  const end = render({ model, el });
  const place = el.querySelector("[data-attention]");
  let state;
  function draw() {
    const size = model.get("size");
    const view = model.get("packed"); // a DataView
    const rows = size.layers * size.heads * size.labels.length;
    const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength); // aligned for 16 bits
    state = drawAttention(place, {
      ...size, scales: new Uint16Array(bytes, 0, rows), weights: new Uint8Array(bytes, 2 * rows) }, state);
  }
  function start() { // the colours are known only once this stands in the page
    if (place.isConnected) draw();
    else if (!gone) requestAnimationFrame(start);
  }
  let gone = false;
  // The canvases are painted in the theme's colours: another theme, another painting.
  const theme = new MutationObserver(() => { if (state) draw(); });
  theme.observe(document.body, { attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  model.on("change:size", draw);
  requestAnimationFrame(start);
  return () => { gone = true; theme.disconnect(); model.off("change:size", draw); end(); };
}

export default { render: renderAttention };
