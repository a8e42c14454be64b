// Files that are dropped or chosen are sent one by one, each with its progress and its result.
// Without this script the form sends all of them, and a page tells what became of each.

const AT_ONCE = 2;
const MEGABYTE = 1024 * 1024;
const HIDING = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu; // what hides, or turns the direction of writing

const form = document.querySelector("[data-upload]");
const list = document.querySelector("[data-files]");
const log = document.querySelector("[data-log]");
const input = form.querySelector("input[type=file]");
const most = Number(form.dataset.most) * MEGABYTE;
const waiting = [];
const running = new Set();
let isChanged = false; // since the table of documents was fetched

/** Return an element with text, and attributes. */
function make(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function sizeOf(bytes) {
  if (bytes >= MEGABYTE) return `${(bytes / MEGABYTE).toFixed(1)} MB`;
  return bytes >= 1024 ? `${Math.round(bytes / 1024)} KB` : `${bytes} bytes`;
}

function plain(name) {
  return name.replace(HIDING, "").trim() || "unnamed";
}

function sentence(text) {
  const isWord = /^\p{Ll}+(?=\s|$)/u.test(text);
  return (isWord ? text[0].toUpperCase() + text.slice(1) : text) + (/[.!?]$/.test(text) ? "" : ".");
}

function announce(text) {
  log.append(make("p", text));
  while (log.children.length > 20) log.firstChild.remove();
}

/** Return a button for one file; its name is for those who do not see where it stands. */
function button(item, text, act) {
  const made = make("button", text, { type: "button" });
  made.append(make("span", ` ${item.name}`, { class: "hidden" }));
  made.addEventListener("click", act);
  return made;
}

/** Add a line for a file, or for something else that was dropped. */
function addItem(name, file = null) {
  const item = { name: plain(name), file, line: make("li", "", { tabindex: "-1" }) };
  item.result = make("div", "", { class: "result" });
  item.line.append(make("bdi", item.name), " ");
  if (file) item.line.append(make("span", sizeOf(file.size), { class: "quiet" }));
  item.line.append(item.result);
  list.append(item.line);
  list.hidden = false;
  return item;
}

/** Replace what stands in the line of a file; a focus that was there stays in the line. */
function show(item, ...parts) {
  const hadFocus = item.line.contains(document.activeElement);
  item.result.replaceChildren(...parts);
  if (hadFocus && !item.line.contains(document.activeElement)) item.line.focus();
}

/** Show what became of a file. */
function finish(item, { badge, word, detail, notes = [], address = null }) {
  item.progress?.remove();
  const parts = [make("span", word, { class: `badge ${badge}`.trim() }), " ", make("bdi", detail)];
  if (address) {
    const link = make("a", "See it", { href: address });
    parts.push(" ", link);
  }
  for (const each of notes) parts.push(make("p", each, { class: "quiet" }));
  if (item.file && !address) parts.push(" ", button(item, "Send again", () => enqueue(item)));
  show(item, ...parts);
  announce(`${item.name}: ${word}. ${detail}`);
}

function refuse(item, detail, word = "Not added") {
  finish(item, { badge: "failed", word, detail });
}

/** Let a file wait for its turn, unless it is seen at once that it cannot be a report. */
function enqueue(item) {
  if (item.file.size === 0) {
    refuse(item, "The file is empty: choose the report itself.");
  } else if (item.file.size > most) {
    refuse(item, `The file has more than ${form.dataset.most} MB: add the report alone.`);
  } else {
    waiting.push(item);
    show(item, make("span", "Waiting", { class: "quiet" }), " ", button(item, "Cancel", () => cancel(item)));
    next();
  }
}

function cancel(item) {
  if (item.request) {
    item.request.abort();
    return;
  }
  waiting.splice(waiting.indexOf(item), 1);
  refuse(item, "It was not sent.", "Cancelled");
  settle();
}

/** Send files until as many are on their way as may be. */
function next() {
  while (running.size < AT_ONCE && waiting.length > 0) send(waiting.shift());
}

function send(item) {
  const fields = new FormData(form);
  fields.delete("file");
  fields.append("file", item.file, item.file.name);
  const request = new XMLHttpRequest();
  const state = make("span", "Sending");
  item.request = request;
  item.isReading = false;
  item.progress = make("progress", "", { max: "100", value: "0", "aria-label": item.name });
  item.line.insertBefore(item.progress, item.result);
  show(item, state, " ", button(item, "Cancel", () => cancel(item)));
  running.add(item);
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const share = Math.floor((100 * loaded) / total);
    item.progress.value = share;
    state.textContent = `Sending ${share} %`;
  });
  request.upload.addEventListener("load", () => {
    item.isReading = true;
    item.progress.removeAttribute("value");
    state.textContent = "Reading …";
  });
  request.addEventListener("load", () => receive(item, request));
  request.addEventListener("error", () => refuse(item, "The connection failed: send it again."));
  request.addEventListener("abort", () => {
    const late = "It was being read, and may be added all the same: look at the documents.";
    isChanged ||= item.isReading;
    refuse(item, item.isReading ? late : "Nothing of it is kept.", "Cancelled");
  });
  request.addEventListener("loadend", () => {
    item.request = null;
    running.delete(item);
    next();
    settle();
  });
  request.send(fields);
}

/** Show the answer to a file: what became of it, or a problem document. */
function receive(item, request) {
  let answer = null;
  try {
    answer = JSON.parse(request.responseText);
  } catch {
    // What stands between may answer for the server, with a page of its own.
  }
  if (answer?.outcome) {
    isChanged ||= answer.document !== null;
    finish(item, answer);
  } else {
    refuse(item, sentence(answer?.detail ?? `The server answered ${request.status}: send it again`));
  }
}

/** When nothing is on its way any more, show the documents as they are now. */
async function settle() {
  if (running.size > 0 || waiting.length > 0) return;
  announce("All files are done.");
  if (!isChanged) return;
  isChanged = false;
  let answer;
  try {
    answer = await fetch(form.action, { headers: { Accept: "text/html" } });
  } catch {
    return; // the results say what there is; the table is that of before
  }
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["[data-documents]", "header.company"]) {
    const [old, made] = [document.querySelector(part), fresh.querySelector(part)];
    if (old && made) old.replaceWith(document.adoptNode(made));
  }
}

/** Take what was dropped: files; a folder is none, and neither is a piece of text. */
function take(data) {
  const items = [...data.items].filter((each) => each.kind === "file");
  if (items.length === 0) {
    refuse(addItem("What was dropped"), "It is no file: drop the report itself.");
  }
  // All entries and files are asked for at once: afterwards the browser forgets them.
  const found = items.map((each) => [each.webkitGetAsEntry?.(), each.getAsFile()]);
  for (const [entry, file] of found) {
    if (entry?.isDirectory) {
      refuse(addItem(entry.name), "It is a folder: drop the files in it, or a zip of one XBRL filing.");
    } else if (file) {
      enqueue(addItem(file.name, file));
    } else {
      refuse(addItem(entry?.name ?? "A file"), "The browser cannot read it: choose it instead.");
    }
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const files = [...input.files];
  input.value = "";
  for (const each of files) enqueue(addItem(each.name, each));
});

/** Tell whether something that is dragged is for the form: files are, wherever they are dropped. */
function isMeant(event) {
  return event.dataTransfer.types.includes("Files") || form.contains(event.target);
}

// A file that misses the form would otherwise replace the page.
document.addEventListener("dragover", (event) => {
  if (!isMeant(event)) return;
  event.preventDefault();
  form.classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) form.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  if (!isMeant(event)) return;
  event.preventDefault();
  form.classList.remove("over");
  take(event.dataTransfer);
});
window.addEventListener("beforeunload", (event) => {
  if (running.size === 0 && waiting.length === 0) return;
  event.preventDefault();
  event.returnValue = true; // what older browsers go by
});
