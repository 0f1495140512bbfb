/** The reference page's search: shows the operations that have all words, and their number. */
const search = document.getElementById("search");
const found = document.getElementById("found");
const links = new Map(
  [...document.querySelectorAll("nav li a")].map((link) => [
    link.hash.slice(1),
    link.parentElement,
  ]),
);
const sections = [...document.querySelectorAll("main section")].map((section) => ({
  section,
  // Samples would match nearly every word.
  text: [...section.querySelectorAll("h3, p, table")]
    .map(({ textContent }) => textContent)
    .concat(section.id)
    .join(" ")
    .toLowerCase(),
}));

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { section, text } of sections) {
    const matches = words.every((word) => text.includes(word));
    count += matches ? 1 : 0;
    section.hidden = !matches;
    const link = links.get(section.id);
    if (link) link.hidden = !matches;
  }
  for (const heading of document.querySelectorAll(".group")) heading.hidden = words.length > 0;
  found.textContent = words.length > 0 ? `${count} found` : "";
}

search.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement && event.target.type === "search";
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "Escape" && isTyping) {
    search.value = "";
    show();
  } else if (event.key === "Enter" && isTyping) {
    const first = sections.find(({ section }) => !section.hidden);
    if (first) location.hash = first.section.id;
  }
});
show();
