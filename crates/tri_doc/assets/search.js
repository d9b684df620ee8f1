// Names that contain what is typed; exact ones and beginnings first.
const LIMIT = 30;
const field = document.getElementById("page-search");
const list = document.getElementById("page-results");

function rank(name, wanted) {
  const lower = name.toLowerCase();
  const last = lower.slice(lower.lastIndexOf(".") + 1);
  if (lower === wanted) return 0;
  if (last === wanted) return 1;
  if (lower.startsWith(wanted)) return 2;
  if (last.startsWith(wanted)) return 3;
  return lower.includes(wanted) ? 4 : 5;
}

function find(wanted) {
  const hits = [];
  for (const entry of INDEX) {
    let place = rank(entry[0], wanted);
    if (place === 5 && entry[4].toLowerCase().includes(wanted)) place = 6;
    if (place !== 5) hits.push([place, entry]);
  }
  hits.sort((a, b) => a[0] - b[0] || a[1][0].length - b[1][0].length);
  return hits.slice(0, LIMIT).map((hit) => hit[1]);
}

function element(tag, kind, text) {
  const made = document.createElement(tag);
  made.className = kind;
  made.textContent = text;
  return made;
}

function show() {
  const wanted = field.value.trim().toLowerCase();
  list.replaceChildren();
  list.hidden = wanted === "";
  if (wanted === "") return;
  const hits = find(wanted);
  for (const [name, kind, module, link, summary] of hits) {
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.append(element("span", "kind", kind), " ", element("code", "", name), " ", element("small", "", module));
    anchor.append(element("p", "", summary));
    const row = document.createElement("li");
    row.append(anchor);
    list.append(row);
  }
  if (hits.length === 0) list.append(element("li", "none", "Nothing found"));
}

field.addEventListener("input", show);
field.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    field.value = "";
    show();
  }
  const first = list.querySelector("a");
  if (event.key === "Enter" && first) first.click();
});
list.addEventListener("click", () => {
  field.value = "";
  show();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== field) {
    event.preventDefault();
    field.focus();
  }
});
