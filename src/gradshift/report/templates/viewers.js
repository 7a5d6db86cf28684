// What the viewers share: packed numbers, a scale of colours, turning by pointer and keyboard.
const Viewer = {
  // A viewer is built once it is near the screen or asked for by keyboard, so that the page opens at once.
  each(selector, build) {
    for (const holder of document.querySelectorAll(selector)) {
      const near = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) now(); }, { rootMargin: "600px" });
      const now = () => {
        near.disconnect();
        holder.removeEventListener("focusin", now);
        build(holder);
      };
      near.observe(holder);
      holder.addEventListener("focusin", now);
    }
  },
  content: (holder) => JSON.parse(holder.querySelector("script").textContent),
  numbers: (text, Kind) => new Kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer),
  colour(share) {
    const stops = [[5, 48, 97], [67, 147, 195], [247, 247, 247], [214, 96, 77], [103, 0, 31]];
    const at = 2 * (Math.min(Math.max(share, -1), 1) + 1);
    const i = Math.min(Math.floor(at), 3);
    return stops[i].map((low, k) => low + (at - i) * (stops[i + 1][k] - low));
  },
  shown: (value) => (value === null || value === undefined || Number.isNaN(value) ? "n/a" : String(Number(value.toPrecision(3)))),
  make(tag, content, attributes = {}) {
    const made = document.createElement(tag);
    made.textContent = content;
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  },
  // Right, up and towards the one who looks, after turning about the vertical and tipping.
  axes(turn, tip) {
    const [c, s, ct, st] = [Math.cos(turn), Math.sin(turn), Math.cos(tip), Math.sin(tip)];
    return [[-s, c, 0], [-c * st, -s * st, ct], [c * ct, s * ct, st]];
  },
  turning(canvas, view, draw, click) {
    let from = null;
    canvas.addEventListener("pointerdown", (event) => {
      from = { x: event.clientX, y: event.clientY, moved: false, ...view };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (Math.abs(dx) + Math.abs(dy) > 3) from.moved = true;
      if (!from.moved) return;
      view.turn = from.turn - dx / 120;
      view.tip = Math.min(Math.max(from.tip + dy / 120, -1.5), 1.5);
      draw();
    });
    canvas.addEventListener("pointerup", (event) => {
      const area = canvas.getBoundingClientRect();
      if (from && !from.moved) click((event.clientX - area.left) * canvas.width / area.width, (event.clientY - area.top) * canvas.height / area.height);
      from = null;
    });
    canvas.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2] }[event.key];
      if (!steps) return;
      event.preventDefault();
      view.turn += steps[0];
      view.tip = Math.min(Math.max(view.tip + steps[1], -1.5), 1.5);
      draw();
    });
  },
};

// A cortex to turn and click: each hemisphere by itself, drawn point by point with its depth.
Viewer.each(".viewer.of-cortex", (holder) => {
  const data = Viewer.content(holder);
  const results = JSON.parse(document.querySelector("script.results").textContent);
  const text = (name, i) => results.texts[name].of[results.texts[name].at[i]];
  const rows = new Map();
  const titles = new Map();
  results.corrected.forEach((_, i) => {
    const usual = text("question", i) === results.usual.question && text("held constant", i) === results.usual["held constant"];
    const same = !results.bold[i] || (text("recipe", i) === results.usual.recipe && text("task", i) === data.task);
    if (!usual || !same || text("level", i) !== "region" || text("atlas", i) !== results.usual.atlas) return;
    const measure = text("measure", i);
    if (!rows.has(measure)) rows.set(measure, new Map());
    rows.get(measure).set(text("label", i), i);
    titles.set(measure, text("what", i));
  });
  if (!rows.size) { holder.hidden = true; return; }
  const canvas = holder.querySelector("canvas");
  const context = canvas.getContext("2d");
  const [W, H] = [canvas.width, canvas.height];
  const SCALE = 1.5;
  const triangles = Viewer.numbers(data.triangles, Uint16Array);
  const sides = ["left", "right"].map((name) => {
    const side = data.sides[name];
    const places = Float32Array.from(Viewer.numbers(side.places, Int16Array), (v) => v / 100);
    const regions = Viewer.numbers(side.regions, Uint16Array);
    const depth = Viewer.numbers(side.depth, Uint8Array);
    const faces = new Uint16Array(triangles.length / 3);
    for (let f = 0; f < faces.length; f += 1) {
      const [a, b, c] = [0, 1, 2].map((k) => regions[triangles[3 * f + k]]);
      faces[f] = b === c ? b : a;
    }
    return { name, places, faces, depth };
  });
  const view = { turn: 0, tip: 0 };
  const ids = new Uint16Array(W * H);
  const depths = new Float32Array(W * H);
  const [measure, value, region] = ["measure", "value", "region"].map((name) => holder.querySelector(`select[name=${name}]`));
  const only = holder.querySelector("input[name=corrected]");
  const told = holder.querySelector(".about");
  for (const [name, title] of titles) measure.append(Viewer.make("option", title, { value: name }));
  if (titles.has("gradient1")) measure.value = "gradient1";
  data.words.forEach((words, i) => region.append(Viewer.make("option", words, { value: i + 1 })));
  let chosen = 0;

  const tints = () => {
    const values = new Float64Array(data.names.length + 1).fill(NaN);
    for (const [label, i] of rows.get(measure.value)) {
      if (!only.checked || results.corrected[i]) {
        const number = results.numbers[value.value][i];
        values[data.names.indexOf(label) + 1] = number === null ? NaN : number;
      }
    }
    const sizes = [...values].filter((v) => !Number.isNaN(v)).map(Math.abs).sort((a, b) => a - b);
    const limit = sizes[Math.floor(0.99 * (sizes.length - 1))] || 1;
    holder.querySelector(".ends").textContent = `blue −${Viewer.shown(limit)}, white 0, red +${Viewer.shown(limit)}; grey: ${only.checked ? "not significant or " : ""}no value`;
    return [...values].map((v) => (Number.isNaN(v) ? null : Viewer.colour(v / limit)));
  };
  let colours = tints();

  function drawSide(image, side, k) {
    const [right, up, near] = Viewer.axes(k === 0 ? Math.PI + view.turn : -view.turn, view.tip);
    const n = side.places.length / 3;
    const [x, y, z] = [new Float32Array(n), new Float32Array(n), new Float32Array(n)];
    const [cx, cy] = [W * (k === 0 ? 0.25 : 0.75), H / 2];
    for (let v = 0; v < n; v += 1) {
      const [a, b, c] = [side.places[3 * v], side.places[3 * v + 1], side.places[3 * v + 2]];
      x[v] = cx + SCALE * (a * right[0] + b * right[1]);
      y[v] = cy - SCALE * (a * up[0] + b * up[1] + c * up[2]);
      z[v] = SCALE * (a * near[0] + b * near[1] + c * near[2]);
    }
    for (let f = 0; f < side.faces.length; f += 1) {
      const [a, b, c] = [triangles[3 * f], triangles[3 * f + 1], triangles[3 * f + 2]];
      const [ux, uy, uz] = [x[b] - x[a], y[b] - y[a], z[b] - z[a]];
      const [vx, vy, vz] = [x[c] - x[a], y[c] - y[a], z[c] - z[a]];
      const area = ux * vy - uy * vx;
      if (area >= 0) continue; // y runs down: those that face the one who looks turn the other way
      const normal = -area / Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, area);
      const shade = 0.55 + 0.45 * normal;
      const bare = side.depth[a] ? 178 : 205;
      const [red, green, blue] = (colours[side.faces[f]] ?? [bare, bare, bare]).map((tint) => tint * shade);
      const [x0, x1] = [Math.max(0, Math.floor(Math.min(x[a], x[b], x[c]))), Math.min(W - 1, Math.ceil(Math.max(x[a], x[b], x[c])))];
      const [y0, y1] = [Math.max(0, Math.floor(Math.min(y[a], y[b], y[c]))), Math.min(H - 1, Math.ceil(Math.max(y[a], y[b], y[c])))];
      for (let py = y0; py <= y1; py += 1) {
        for (let px = x0; px <= x1; px += 1) {
          const s = ((px - x[a]) * vy - (py - y[a]) * vx) / area;
          const t = (ux * (py - y[a]) - uy * (px - x[a])) / area;
          if (s < -0.01 || t < -0.01 || s + t > 1.01) continue;
          const place = py * W + px;
          const deep = z[a] + s * uz + t * vz;
          if (deep <= depths[place]) continue;
          depths[place] = deep;
          ids[place] = side.faces[f];
          image.data.set([red, green, blue, 255], 4 * place);
        }
      }
    }
  }
  function draw() {
    const image = context.createImageData(W, H);
    image.data.fill(255);
    ids.fill(0);
    depths.fill(-1e9);
    sides.forEach((side, k) => drawSide(image, side, k));
    if (chosen) {
      for (let place = W; place < W * (H - 1); place += 1) {
        if (ids[place] === chosen && [1, -1, W, -W].some((step) => ids[place + step] !== chosen)) image.data.set([0, 0, 0, 255], 4 * place);
      }
    }
    context.putImageData(image, 0, 0);
    context.fillStyle = "#222";
    context.font = "14px sans-serif";
    context.fillText("L", 10, 20);
    context.fillText("R", W / 2 + 10, 20);
  }
  const bars = (number) => {
    const packed = data.changes[measure.value];
    if (!packed) return Viewer.make("p", "Values of people are in measures.tsv.");
    const values = Viewer.numbers(packed.of, Int16Array);
    const own = data.people.map((name, k) => {
      const whole = values[k * data.names.length + number - 1];
      return { name, change: whole === -32768 ? NaN : whole * packed.step };
    });
    const limit = Math.max(...own.map((one) => Math.abs(one.change) || 0)) || 1;
    const list = Viewer.make("table", "", { class: "bars" });
    for (const { name, change } of own.sort((a, b) => b.change - a.change)) {
      const row = list.insertRow();
      const link = Viewer.make("a", name, { href: `../${encodeURIComponent(name)}.html` });
      row.insertCell().append(link);
      const bar = Viewer.make("span", "", { class: change > 0 ? "bar up" : "bar down" });
      bar.style.width = `${Math.round(60 * Math.abs(change || 0) / limit)}px`;
      row.append(Viewer.make("td", Viewer.shown(change), { class: "n" }));
      row.insertCell().append(bar);
    }
    return list;
  };
  function choose(number) {
    chosen = number;
    region.value = number || "";
    holder.dataset.region = number ? data.names[number - 1] : "";
    told.replaceChildren();
    if (number) {
      const i = rows.get(measure.value).get(data.names[number - 1]);
      told.append(Viewer.make("h4", data.words[number - 1]));
      const numbers = i === undefined ? "not tested" : ["mean_change", "hedges_g", "t", "p", "p_fwe"].map((name) => `${name} ${Viewer.shown(results.numbers[name][i])}`).join(", ");
      told.append(Viewer.make("p", `${titles.get(measure.value)}: ${numbers}.`));
      const button = Viewer.make("button", "all its tests", { type: "button" });
      button.addEventListener("click", () => {
        document.dispatchEvent(new CustomEvent("ask", { detail: data.names[number - 1] }));
        document.getElementById("results").scrollIntoView();
      });
      told.append(button, Viewer.make("h4", `${data.difference} of every person`), bars(number));
    } else told.append(Viewer.make("p", "Click a region, or choose one from the list."));
    draw();
  }
  const again = () => { colours = tints(); choose(chosen); };
  [measure, value, only].forEach((control) => control.addEventListener("change", again));
  region.addEventListener("change", () => choose(Number(region.value)));
  const looks = { lateral: [0, 0], medial: [Math.PI, 0], above: [0, 1.5], "from the front": [-Math.PI / 2, 0] };
  for (const button of holder.querySelectorAll("button[data-view]")) {
    button.addEventListener("click", () => { [view.turn, view.tip] = looks[button.dataset.view]; draw(); });
  }
  Viewer.turning(canvas, view, draw, (px, py) => choose(ids[Math.round(py) * W + Math.round(px)]));
  choose(0);
});

// Slices over an anatomy, cut where one clicks.
Viewer.each(".viewer.of-slices", (holder) => {
  const data = Viewer.content(holder);
  const anatomy = { ...data.anatomy, values: Viewer.numbers(data.anatomy.of, Uint8Array) };
  const map = { ...data.map, values: Viewer.numbers(data.map.of, Int8Array), marked: Viewer.numbers(data.map.found, Uint8Array) };
  const index = (grid, mm) => {
    const at = mm.map((v, k) => Math.round((v - grid.start[k]) / grid.step[k]));
    return at.some((v, k) => v < 0 || v >= grid.shape[k]) ? -1 : (at[0] * grid.shape[1] + at[1]) * grid.shape[2] + at[2];
  };
  const canvas = holder.querySelector("canvas");
  const context = canvas.getContext("2d");
  const ZOOM = 1.6;
  const PLANES = [[1, 2, 0], [0, 2, 1], [0, 1, 2]];
  const BOX = [[-75, 75], [-110, 80], [-70, 85]];
  const point = [...(data.at ?? [0, -54, 30])];
  const threshold = holder.querySelector("input[name=threshold]");
  const only = holder.querySelector("input[name=corrected]");
  const told = holder.querySelector("output");
  let offset = 0;
  const panels = PLANES.map(([across, up, through]) => {
    const panel = { across, up, through, left: offset, width: Math.round(ZOOM * (BOX[across][1] - BOX[across][0])), height: Math.round(ZOOM * (BOX[up][1] - BOX[up][0])) };
    offset += panel.width + 10;
    return panel;
  });
  canvas.width = offset - 10;
  canvas.height = Math.max(...panels.map((panel) => panel.height));
  const draw = () => {
    const least = Number(threshold.value) / 100 * 127;
    for (const { across, up, through, left, width, height } of panels) {
      const image = context.createImageData(width, height);
      const mm = [0, 0, 0];
      mm[through] = point[through];
      for (let py = 0; py < height; py += 1) {
        mm[up] = BOX[up][1] - py / ZOOM;
        for (let px = 0; px < width; px += 1) {
          mm[across] = BOX[across][0] + px / ZOOM;
          const below = index(anatomy, mm);
          let tint = below < 0 ? [0, 0, 0] : [anatomy.values[below], anatomy.values[below], anatomy.values[below]];
          const above = index(map, mm);
          const value = above < 0 ? -128 : map.values[above];
          if (value !== -128 && Math.abs(value) >= least && (!only.checked || map.marked[above])) tint = Viewer.colour(value / 80);
          image.data.set([...tint, 255], 4 * (py * width + px));
        }
      }
      context.putImageData(image, left, 0);
      context.strokeStyle = "#ffd54a";
      const [cx, cy] = [left + ZOOM * (point[across] - BOX[across][0]), ZOOM * (BOX[up][1] - point[up])];
      context.beginPath();
      context.moveTo(left, cy); context.lineTo(left + width, cy);
      context.moveTo(cx, 0); context.lineTo(cx, height);
      context.stroke();
      if (across === 0) {
        context.fillStyle = "#fff";
        context.font = "13px sans-serif";
        context.fillText("L", left + 4, 14);
        context.fillText("R", left + width - 14, 14);
      }
    }
    const here = index(map, point);
    const value = here < 0 || map.values[here] === -128 ? "no value" : `${Viewer.shown(map.values[here] * data.limit / 127)} ${data.unit}${map.marked[here] ? `, family-wise p at most ${data.alpha}` : ""}`;
    told.textContent = `x ${Math.round(point[0])}, y ${Math.round(point[1])}, z ${Math.round(point[2])} mm: ${value}. Shown from ${Viewer.shown(least * data.limit / 127)}; colours end at ${Viewer.shown(80 * data.limit / 127)}.`;
  };
  canvas.addEventListener("click", (event) => {
    const area = canvas.getBoundingClientRect();
    const px = (event.clientX - area.left) * canvas.width / area.width;
    const py = (event.clientY - area.top) * canvas.height / area.height;
    const panel = panels.find(({ left, width }) => px >= left && px < left + width);
    if (!panel) return;
    point[panel.across] = BOX[panel.across][0] + (px - panel.left) / ZOOM;
    point[panel.up] = BOX[panel.up][1] - py / ZOOM;
    draw();
  });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -4], ArrowRight: [0, 4], ArrowUp: [2, 4], ArrowDown: [2, -4], PageUp: [1, 4], PageDown: [1, -4] }[event.key];
    if (!step) return;
    event.preventDefault();
    point[step[0]] += step[1];
    draw();
  });
  [threshold, only].forEach((control) => control.addEventListener("input", draw));
  draw();
});

// Connections in a glass brain to turn; a click on a region lists what it is part of.
Viewer.each(".viewer.of-connections", (holder) => {
  const data = Viewer.content(holder);
  const canvas = holder.querySelector("canvas");
  const context = canvas.getContext("2d");
  const [W, H] = [canvas.width, canvas.height];
  const SCALE = 2.3;
  const ENDS = [["L", [-1, 0, 0]], ["R", [1, 0, 0]], ["back", [0, -1, 0]], ["front", [0, 1, 0]], ["below", [0, 0, -1]], ["above", [0, 0, 1]]];
  const middle = [0, 1, 2].map((k) => data.places.reduce((sum, place) => sum + place[k], 0) / data.places.length);
  const view = { turn: -Math.PI / 2, tip: 1.5 };
  const number = holder.querySelector("input[name=number]");
  const only = holder.querySelector("input[name=corrected]");
  const list = holder.querySelector(".about");
  number.max = data.pairs.length;
  let chosen = -1;
  let places = [];
  const kept = () => data.pairs.map((_, k) => k).filter((k) => !only.checked || (data.enhanced[k] ?? 1) <= data.alpha).slice(0, Number(number.value));
  const draw = () => {
    const [right, up] = Viewer.axes(view.turn, view.tip);
    const dot = (a, b) => a.reduce((sum, v, k) => sum + (v - middle[k]) * b[k], 0);
    places = data.places.map((place) => [W / 2 + SCALE * dot(place, right), H / 2 - SCALE * dot(place, up)]);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, W, H);
    const shown = kept();
    const used = new Set(shown.flatMap((k) => data.pairs[k]));
    context.fillStyle = "#ddd";
    places.forEach(([x, y]) => { context.beginPath(); context.arc(x, y, 3, 0, 7); context.fill(); });
    for (const k of shown) {
      const [i, j] = data.pairs[k];
      context.strokeStyle = data.t[k] > 0 ? "#b2182b" : "#2166ac";
      context.globalAlpha = chosen < 0 || i === chosen || j === chosen ? 0.7 : 0.08;
      context.beginPath();
      context.moveTo(...places[i]); context.lineTo(...places[j]);
      context.stroke();
    }
    context.globalAlpha = 1;
    context.fillStyle = "#333";
    used.forEach((i) => { context.beginPath(); context.arc(...places[i], i === chosen ? 6 : 3.5, 0, 7); context.fill(); });
    context.font = "14px sans-serif";
    context.textAlign = "center";
    for (const [name, way] of ENDS) {
      const [across, along] = [right, up].map((axis) => way.reduce((sum, v, k) => sum + v * axis[k], 0));
      if (Math.hypot(across, along) > 0.5) context.fillText(name, W / 2 + 240 * across, Math.min(Math.max(H / 2 - 220 * along, 14), H - 4));
    }
    list.replaceChildren(Viewer.make("p", `${shown.length} of ${data.n} connections${only.checked ? " with a corrected result (threshold-free enhancement)" : ", the largest t of either sign"}${chosen < 0 ? ". Click a region for its own." : `; ${data.words[chosen]}:`}`));
    if (chosen >= 0) {
      const own = Viewer.make("ul", "");
      for (const k of shown.filter((one) => data.pairs[one].includes(chosen))) {
        const other = data.pairs[k].find((i) => i !== chosen);
        own.append(Viewer.make("li", `${data.words[other]}: ${data.tested} ${Viewer.shown(data.change[k])}, t ${Viewer.shown(data.t[k])}, p_fwe ${Viewer.shown(data.single[k])}`));
      }
      list.append(own);
    }
  };
  Viewer.turning(canvas, view, draw, (px, py) => {
    const away = places.map(([x, y]) => Math.hypot(x - px, y - py));
    const nearest = away.indexOf(Math.min(...away));
    chosen = away[nearest] < 12 ? nearest : -1;
    draw();
  });
  [number, only].forEach((control) => control.addEventListener("input", draw));
  draw();
});
