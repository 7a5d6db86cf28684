// The cell of a matrix under the pointer is told beneath it, in all panels of the figure.
for (const store of document.querySelectorAll("script.hover")) {
  const unpacked = () => {
    const data = JSON.parse(store.textContent);
    for (const panel of data.panels) {
      const bytes = Uint8Array.from(atob(panel.values), (letter) => letter.charCodeAt(0));
      panel.read = new DataView(bytes.buffer);
    }
    return data;
  };
  let data = null;
  const value = (panel, i, j, { step, names: { length: n } }) => {
    const [row, column] = i < j ? [i, j] : [j, i];
    const place = row * n - (row * (row + 1)) / 2 + column - row - 1;
    const found = panel.read.getInt16(2 * place, true);
    return found === -32768 ? "n/a" : (found * step).toFixed(3);
  };
  const figure = store.closest("figure");
  const told = figure.querySelector("output");
  const image = figure.querySelector("img");
  image.addEventListener("pointermove", (event) => {
    data ??= unpacked(); // when it is first asked for
    const { names, panels } = data;
    const n = names.length;
    const area = image.getBoundingClientRect();
    const x = (event.clientX - area.left) / area.width;
    const y = (event.clientY - area.top) / area.height;
    for (const { box: [left, top, right, bottom] } of panels) {
      const j = Math.floor((n * (x - left)) / (right - left));
      const i = Math.floor((n * (y - top)) / (bottom - top));
      if (i >= 0 && i < n && j >= 0 && j < n && i !== j) {
        const values = panels.map((panel) => `${panel.title}: ${value(panel, i, j, data)}`);
        told.textContent = `${names[i]} with ${names[j]}. ${values.join("; ")}`;
      }
    }
  });
}
