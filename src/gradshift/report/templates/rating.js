// Ratings of runs: kept in the browser, saved as the file that --exclude takes, compared by kappa.
{
  const CHOICES = ["keep", "exclude", "unsure"];
  const tools = document.querySelector("[data-store]");
  const name = tools?.dataset.store;
  const read = () => {
    try { return JSON.parse(localStorage.getItem(name) ?? "{}"); } catch { return {}; }
  };
  const write = (ratings) => {
    try { localStorage.setItem(name, JSON.stringify(ratings)); } catch { /* a browser that keeps nothing */ }
  };
  let ratings = tools ? read() : {};
  const fields = [...document.querySelectorAll(".rating")];
  const show = () => {
    for (const field of fields) {
      for (const input of field.querySelectorAll("input")) {
        input.checked = ratings[field.dataset.run] === input.value;
      }
      field.dataset.rated = ratings[field.dataset.run] ?? "";
    }
  };
  for (const field of fields) {
    field.addEventListener("change", (event) => {
      ratings = { ...read(), ...ratings, [field.dataset.run]: event.target.value };
      write(ratings);
      show();
    });
  }
  show();
  // A line that is left out starts with the run; others are remarks, which --exclude passes over.
  const asText = (rater) => {
    const lines = Object.entries(ratings).sort().map(([run, choice]) =>
      choice === "exclude" ? `${run}  # exclude` : `# ${choice} ${run}`);
    return [`# gradshift ratings${rater ? ` by ${rater}` : ""}`, ...lines, ""].join("\n");
  };
  const fromText = (text) => {
    const found = {};
    for (const line of text.split(/\r?\n/)) {
      const remark = /^#\s*(keep|unsure|exclude)\s+(sub-\S+)/.exec(line);
      const run = /^(sub-[^\s#]+)/.exec(line);
      if (remark) found[remark[2]] = remark[1];
      else if (run) found[run[1]] = "exclude";
    }
    return found;
  };
  // Cohen's kappa of those that both rated; none where both gave a single answer throughout.
  const kappa = (first, second) => {
    const both = Object.keys(first).filter((run) => run in second);
    const share = (test) => both.filter(test).length / both.length;
    const agreed = share((run) => first[run] === second[run]);
    const chance = CHOICES.map((c) => share((r) => first[r] === c) * share((r) => second[r] === c)).reduce((a, b) => a + b, 0);
    return { n: both.length, agreed, kappa: chance < 1 ? (agreed - chance) / (1 - chance) : NaN,
      apart: both.filter((run) => first[run] !== second[run]) };
  };
  if (tools?.querySelector(".save")) {
    const told = tools.querySelector(".agreement");
    tools.querySelector(".save").addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([asText(tools.querySelector(".rater").value)], { type: "text/plain" }));
      link.download = "exclude.txt";
      link.click();
      URL.revokeObjectURL(link.href);
    });
    const known = new Set(JSON.parse(document.querySelector("script.rated").textContent));
    tools.querySelector(".load").addEventListener("change", async (event) => {
      const given = fromText(await event.target.files[0].text());
      const unknown = Object.keys(given).filter((run) => !known.has(run));
      for (const run of unknown) delete given[run];
      ratings = { ...ratings, ...given };
      write(ratings);
      show();
      told.textContent = `${Object.keys(given).length} ratings read${unknown.length ? `; not known here: ${unknown.join(", ")}` : ""}.`;
    });
    tools.querySelector(".compare").addEventListener("change", async (event) => {
      const result = kappa(ratings, fromText(await event.target.files[0].text()));
      const size = Number.isNaN(result.kappa) ? "not defined (one answer throughout)" : result.kappa.toFixed(2);
      told.textContent = result.n
        ? `${result.n} runs rated by both: ${(100 * result.agreed).toFixed(0)} % agree, Cohen's kappa ${size}. ${result.apart.length ? `They differ in ${result.apart.map((run) => `${run} (${ratings[run]} here)`).join(", ")}.` : ""}`
        : "No run was rated by both.";
    });
  }
}
// Previous and next person, in the list that the output keeps.
{
  const place = document.querySelector(".others[data-person]");
  if (place && typeof PEOPLE !== "undefined") {
    const at = PEOPLE.indexOf(place.dataset.person);
    for (const [step, word] of [[-1, "previous"], [1, "next"]]) {
      const other = PEOPLE[at + step];
      if (at >= 0 && other) {
        const link = document.createElement("a");
        link.href = `${encodeURIComponent(other)}.html`;
        link.rel = step < 0 ? "prev" : "next";
        link.textContent = `${word}: ${other}`;
        place.append(" ", link);
      }
    }
  }
}
