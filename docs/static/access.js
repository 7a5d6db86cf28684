// What the theme leaves out for those who hear or type a page.
"use strict";
document.querySelectorAll("p.caption[role=heading]").forEach((caption) => caption.setAttribute("aria-level", "2"));
const names = { ".sidebar-drawer": "All pages", ".toc-drawer": "On this page" };
Object.entries(names).forEach(([drawer, name]) => document.querySelector(drawer)?.setAttribute("aria-label", name));
document.querySelectorAll(".table-wrapper, .highlight pre, .output pre, .output.text_html, .cell_output").forEach((wide) => {
  if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
});
document.querySelectorAll(".cell_output th").forEach((head) => {
  if (!head.textContent.trim()) head.replaceWith(document.createElement("td"));
});
