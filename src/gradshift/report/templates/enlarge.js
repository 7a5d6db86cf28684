// A click on a figure shows it as large as the window; the link still works without a script.
{
  const box = document.createElement("dialog");
  box.className = "enlarged";
  box.append(document.createElement("img"));
  document.body.append(box);
  box.addEventListener("click", () => box.close());
  for (const figure of document.querySelectorAll("figure, .thumbs a")) {
    figure.addEventListener("click", (event) => {
      const image = event.target.closest("img");
      if (!image || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      box.firstChild.src = image.src;
      box.firstChild.alt = image.alt;
      box.showModal();
    });
  }
}
