// All results: rows come from the block of JSON, fifty at a time; filters, sorting, paging.
// They are read once their part of the page is opened, or rows are asked for.
for (const store of document.querySelectorAll("script.results")) {
  const part = store.closest("details");
  let ask = null;
  const now = () => { ask ??= listResults(store); };
  part?.addEventListener("toggle", () => { if (part.open) now(); });
  if (!part || part.open) now();
  // Other parts of the page ask for the rows of a region or a measure.
  document.addEventListener("ask", (event) => {
    if (part) part.open = true;
    now();
    ask(event.detail);
  });
}

function listResults(store) {
  const data = JSON.parse(store.textContent);
  const holder = store.parentElement;
  const SIZE = 50;
  const COLUMNS = [
    ["what", "what"], ["where", "where"], ["mean_change", data.tested], ["hedges_g", "g"], ["p", "p"],
    ["p_fwe", "p_fwe"], ["interval", "95 % interval of g"], ["wide", "family-wise interval"], ["q_fdr", "q_fdr"], ["t", "t"], ["n", "n"],
    ["mean_baseline", "before"], ["mean_followup", "after"], ["family", "family"],
    ["question", "question"], ["held constant", "held constant"], ["recipe", "recipe"],
    ["atlas", "atlas"], ["task", "task"], ["measure", "measure"], ["label", "label"], ["status", "status"],
  ];
  const ENDS = { interval: ["ci_low", "ci_high"], wide: ["ci_low_fwe", "ci_high_fwe"] };
  const count = data.corrected.length;
  const text = (name, i) => data.texts[name].of[data.texts[name].at[i]];
  const isNumber = (name) => name in data.numbers;
  const strip = (digits) => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);
  const shown = (value) => {
    if (value === null) return "n/a";
    if (value === 0) return "0";
    const [digits, power] = value.toExponential(2).split("e");
    if (power >= 3) return value.toFixed(0);
    if (power >= -4) return strip(value.toPrecision(3));
    return `${strip(digits)}e-${String(-power).padStart(2, "0")}`;
  };
  const make = (tag, content = "", attributes = {}) => {
    const made = document.createElement(tag);
    made.textContent = content;
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    return made;
  };
  const controls = holder.querySelector(".controls");
  const table = holder.querySelector("table");
  const told = holder.querySelector(".told");
  const state = { page: 0, by: null, sign: 1 };

  const choices = {};
  for (const name of ["question", "held constant", "recipe", "atlas", "family"]) {
    const label = make("label", `${name} `);
    const select = make("select", "", { "data-filter": name });
    select.append(make("option", "all", { value: "" }));
    for (const one of data.texts[name].of) select.append(make("option", one, { value: one }));
    select.value = data.usual[name] ?? "";
    select.addEventListener("change", () => show(0));
    label.append(select);
    controls.append(label);
    choices[name] = select;
  }
  const corrected = make("input", "", { type: "checkbox", id: "only-corrected" });
  const only = make("label", " only corrected");
  only.prepend(corrected);
  corrected.addEventListener("change", () => show(0));
  const box = make("input", "", { type: "search", placeholder: "withinfc Default", "data-table": table.id });
  const search = make("label", "with the words ");
  search.append(box);
  box.addEventListener("input", () => show(0));
  controls.append(only, search);

  const head = table.createTHead().insertRow();
  COLUMNS.forEach(([name, title], i) => {
    const cell = make("th", "", { scope: "col" });
    const button = make("button", title, { type: "button" });
    cell.append(button);
    head.append(cell);
    button.addEventListener("click", () => {
      state.sign = state.by === name ? -state.sign : 1;
      state.by = name;
      [...head.cells].forEach((other) => other.removeAttribute("aria-sort"));
      cell.setAttribute("aria-sort", state.sign === 1 ? "ascending" : "descending");
      show(0);
    });
  });
  const body = table.createTBody();

  const searched = ["what", "where", "family", "measure", "label", "status", "task"];
  const matches = (i, wanted) => {
    if (!wanted.length) return true;
    const all = searched.map((name) => text(name, i)).join(" ").toLowerCase();
    return wanted.every((word) => all.includes(word));
  };
  const chosen = () => {
    const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = [];
    for (let i = 0; i < count; i += 1) {
      const bound = (name) => data.bold[i] || !["recipe", "atlas"].includes(name);
      const passes = Object.entries(choices).every(
        ([name, select]) => !select.value || text(name, i) === select.value || !bound(name),
      );
      if (passes && (!corrected.checked || data.corrected[i]) && matches(i, wanted)) kept.push(i);
    }
    return state.by === null ? kept : sorted(kept);
  };
  const sorted = (rows) => {
    const name = state.by in ENDS ? ENDS[state.by][0] : state.by;
    const key = isNumber(name) ? (i) => data.numbers[name][i] : (i) => text(name, i);
    return rows.sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return state.sign * (typeof x === "number" ? x - y : x.localeCompare(y));
    });
  };
  const cell = (name, i) => {
    if (name in ENDS) {
      const ends = ENDS[name].map((end) => data.numbers[end][i]);
      return make("td", ends[0] === null ? "n/a" : `${shown(ends[0])} to ${shown(ends[1])}`, { class: "n" });
    }
    if (isNumber(name)) {
      const value = data.numbers[name][i];
      return make("td", shown(value), { class: "n", title: value === null ? "n/a" : String(value) });
    }
    const made = make("td", text(name, i), name === "status" ? { class: "status" } : {});
    if (name === "what" && text("family", i) === "confirmatory") made.append(" ", make("span", "confirmatory", { class: "tag" }));
    if (name === "what" && data.exploratory.includes(text("measure", i))) made.append(" ", make("span", "EXPLORATORY", { class: "tag" }));
    return made;
  };
  const [previous, next] = ["previous", "next"].map((name) => make("button", name, { type: "button" }));
  const place = make("span", "", { "aria-live": "polite" });
  told.append(previous, place, next);
  previous.addEventListener("click", () => show(state.page - 1));
  next.addEventListener("click", () => show(state.page + 1));
  function show(page) {
    const rows = chosen();
    const last = Math.max(0, Math.ceil(rows.length / SIZE) - 1);
    state.page = Math.min(Math.max(page, 0), last);
    const first = state.page * SIZE;
    const now = rows.slice(first, first + SIZE);
    body.replaceChildren(...now.map((i) => {
      const row = document.createElement("tr");
      row.dataset.row = i;
      row.append(...COLUMNS.map(([name]) => cell(name, i)));
      return row;
    }));
    place.textContent = rows.length ? ` rows ${first + 1} to ${first + now.length} of ${rows.length} ` : " no rows ";
    previous.disabled = state.page === 0;
    next.disabled = state.page === last;
  }
  show(0);
  return (words) => {
    box.value = words;
    show(0);
  };
}
