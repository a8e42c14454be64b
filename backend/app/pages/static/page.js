// What every page gains by a script. Without it, each page works all the same.

const LATER = 150; // milliseconds that the pointer rests before a tip opens, or is away before it closes
let pointed = null; // the tip of the cell that the pointer is over
let timer;

/** Return what a mark of a figure stands for: the popover of its cell. */
const tipOf = (target) => target.closest?.("td, th")?.querySelector(".tip");

function open(tip) {
  if (!tip.matches(":popover-open")) tip.showPopover({ source: tip.parentElement.querySelector(".k") });
}

function close(tip) {
  if (tip.matches(":popover-open")) tip.hidePopover();
}

// A tap opens a tip without a script. With one, pointing at the figure does, and the focus of its link.
document.addEventListener("pointerover", (event) => {
  const tip = (event.pointerType === "mouse" && tipOf(event.target)) || null;
  if (tip === pointed) return;
  const before = pointed;
  pointed = tip;
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (before) close(before);
    if (tip) open(tip);
  }, LATER);
});
document.addEventListener("focusin", (event) => {
  const tip = event.target.matches?.("a:focus-visible") && tipOf(event.target);
  if (tip) open(tip);
});
document.addEventListener("focusout", (event) => {
  const tip = tipOf(event.target);
  if (tip && !tip.parentElement.contains(event.relatedTarget)) close(tip);
});

// A table that is not wider than the page scrolls with it, and the years stay at the top of the window.
for (const box of document.querySelectorAll(".box")) {
  const fit = () => box.classList.toggle("fits", box.firstElementChild.offsetWidth <= box.parentElement.clientWidth);
  new ResizeObserver(fit).observe(box.parentElement);
}

/** Return the next figure of a table in a direction; places without one are passed over. */
function next(from, across, down) {
  const rows = [...from.closest("table").rows];
  const cell = from.closest("td, th");
  let line = rows.indexOf(cell.parentElement);
  let column = cell.cellIndex;
  for (;;) {
    line += down;
    column += across;
    const found = rows[line]?.cells[column];
    if (!rows[line] || (!found && across)) return null;
    const link = found?.querySelector("a");
    if (link) return link;
  }
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const search = document.getElementById("search");
  if (event.key === "/" && search && !event.target.closest?.("input, textarea, select")) {
    event.preventDefault();
    search.select();
    search.focus();
  } else if (event.key in ARROWS && event.target.matches?.(".years td > a")) {
    const link = next(event.target, ...ARROWS[event.key]);
    if (link) {
      event.preventDefault();
      link.focus();
    }
  }
});
