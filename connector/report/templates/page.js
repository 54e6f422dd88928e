"use strict";
// Tables can be read without this; with it they can be sorted by a click on a heading and searched by words.
for (const table of document.querySelectorAll("table.long")) {
  const body = table.tBodies[0];
  const worth = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v === "" ? -Infinity : Number(cell.dataset.v);
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? (a > b) - (a < b) : String(a).localeCompare(String(b), document.documentElement.lang));
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const start = head.classList.contains("n") ? "descending" : "ascending";
      const other = start === "descending" ? "ascending" : "descending";
      const order = head.ariaSort === start ? other : start;
      for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const rows = [...body.rows].map((row) => [worth(row, column), row]);
      rows.sort((a, b) => sign * compare(a[0], b[0]));
      body.append(...rows.map((pair) => pair[1]));
    });
  });
  if (body.rows.length < 8) continue;
  const label = document.createElement("label");
  const input = document.createElement("input");
  label.className = "find";
  input.type = "search";
  label.append(table.dataset.search, input);
  table.parentElement.before(label);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
}
