// Parts that a first reader does not need are closed; links into them and printing open them.
{
  const parts = [...document.querySelectorAll("details.part")];
  const open = (id) => {
    const target = id && document.getElementById(decodeURIComponent(id));
    if (!target) return;
    for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", () => open(location.hash.slice(1)));
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link) open(link.getAttribute("href").slice(1)); // also where the address stays the same
  });
  let closed = [];
  const onPaper = (printing) => {
    if (printing) {
      closed = [...closed, ...parts.filter((part) => !part.open)];
      for (const part of closed) part.open = true;
    } else {
      for (const part of closed) part.open = false;
      closed = [];
    }
  };
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
  matchMedia("print").addEventListener("change", (query) => onPaper(query.matches));
  open(location.hash.slice(1));
}
