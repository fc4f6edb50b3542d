// Behaviour of the console, delegated on data-* attributes. What HTML and CSS can do alone is not done here.

const find = (selector, root = document) => root.querySelector(selector);
const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

function announce(text) {
  find("#announcer").textContent = text;
}

// ---- Time: the server's clock counts, because the browser's may be wrong -------------------------------------------

let skew = 0; // milliseconds that the server's clock is ahead of ours
const serverNow = () => Date.now() + skew;
function setClock(iso) {
  const moment = Date.parse(iso);
  if (!Number.isNaN(moment)) skew = moment - Date.now();
}

const pad = (number) => String(number).padStart(2, "0");

function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.floor(seconds / unit));
  if (days) return `${days} d ${pad(hours % 24)} h`;
  if (hours) return `${hours} h ${pad(minutes % 60)} min`;
  return minutes ? `${minutes} min ${pad(seconds % 60)} s` : `${seconds} s`;
}

function relative(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const [length, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([size]) => seconds >= size) ?? [];
  if (!unit) return "just now";
  const amount = `${Math.floor(seconds / length)} ${unit}`;
  return milliseconds < 0 ? `in ${amount}` : `${amount} ago`;
}

const due = (age) => `${duration(Math.abs(age))} ${age > 0 ? "over" : "left"}`;
const CLOCKS = { since: duration, until: (age) => duration(-age), due, ago: relative };
function show(element, text) {
  if (element.textContent !== text) element.textContent = text; // unchanged text keeps the reader's selection
}

function tick() {
  for (const [name, words] of Object.entries(CLOCKS))
    for (const time of findAll(`time[data-${name}]`)) show(time, words(serverNow() - Date.parse(time.dateTime)));
  showFreshness();
}

// ---- Live page: how old is what one sees? ----------------------------------------------------------------------------

const STALE_AFTER = 15_000;
const SILENT_AFTER = 45_000; // DRS is asked every 15 s at least while a job runs
const live = { page: null, heardAt: Date.now(), askedAt: NaN, beatAt: NaN, asking: false, ended: false, announced: "" };

function readLive() {
  live.page = find("#live");
  if (!live.page) return;
  const { serverNow: now, askedAt, workerBeatAt, asking, ended, announce: sentence = "" } = live.page.dataset;
  setClock(now);
  Object.assign(live, { heardAt: Date.now(), asking: Boolean(asking), ended: Boolean(ended) });
  Object.assign(live, { askedAt: Date.parse(askedAt), beatAt: Date.parse(workerBeatAt) });
  if (sentence && sentence !== live.announced) announce(sentence);
  live.announced = sentence;
}

function readUnchanged(xhr) {
  live.heardAt = Date.now();
  setClock(xhr.getResponseHeader("X-Server-Now"));
  [live.askedAt, live.beatAt] = ["X-Asked-At", "X-Worker-Beat-At"].map((name) => Date.parse(xhr.getResponseHeader(name)));
}

// Of the worker and of DRS we know what the server said when it was last heard, no more.
function freshness() {
  const [heard, asked, beat] = [Date.now() - live.heardAt, serverNow() - live.askedAt, serverNow() - live.beatAt];
  if (live.ended) return ["off", "Ended"];
  if (heard > STALE_AFTER) return ["warn", `Not updating since ${duration(heard)}`];
  if (Number.isNaN(beat)) return ["warn", "Worker not running: nothing happens until it is started"];
  if (beat - heard > STALE_AFTER) return ["warn", `Worker not running since ${duration(beat)}: what you see is old`];
  if (Number.isNaN(asked)) return ["ok", "Live, DRS not asked yet"];
  if (live.asking && asked - heard > SILENT_AFTER) return ["warn", `DRS not answering since ${duration(asked)}: what you see is old`];
  return ["ok", `Live, DRS asked ${duration(asked)} ago`];
}

function showFreshness() {
  const chip = find("#freshness");
  if (!chip || !live.page) return;
  const [tone, text] = freshness();
  if (tone === "warn" && chip.dataset.tone === "ok") announce(text);
  chip.dataset.tone = tone;
  show(find("span", chip), text);
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "poll" && document.hidden) event.preventDefault(); // nobody looks: do not ask
});
document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
  if (target.id === "live") readLive();
  tick();
});
document.addEventListener("htmx:afterRequest", ({ detail: { xhr, elt } }) => {
  if (elt.id === "poll" && xhr.status === 204) readUnchanged(xhr);
  tick();
});
document.addEventListener("visibilitychange", () => {
  const poll = find("#poll");
  if (poll && !document.hidden) window.htmx.trigger(poll, "wake");
});

// What was unfolded follows the running wave, except what the operator opened, closed or works in.
const touched = new Set();
document.addEventListener("click", ({ target }) => touched.add(target.closest("summary")?.parentElement.id));
const inUse = (node) => touched.has(node.id) || [document.activeElement, getSelection().anchorNode].some((at) => node.contains(at));

// Neither an open dialog is closed nor what was typed into it lost when its words are renewed.
const KEPT = { DETAILS: (name, node) => name === "open" && inUse(node), DIALOG: (name) => name === "open", TEXTAREA: (name) => name === "value" };
if (window.Idiomorph) window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !KEPT[node.tagName]?.(name, node);

// ---- Actions -----------------------------------------------------------------------------------------------------------

// Unavailable actions stay focusable and do nothing. Capturing, so that nobody else sees the click.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[aria-disabled=true]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });

const ACTIONS = {
  opens: (element) => openDialog(find(`#${element.dataset.opens}`)),
  closes: (element) => element.closest("dialog").close(),
  "theme-switch": switchTheme,
  copy: copyText,
};

document.addEventListener("click", (event) => {
  for (const [name, act] of Object.entries(ACTIONS)) {
    const element = event.target.closest(`[data-${name}]`);
    if (element) act(element);
  }
});

const darkSystem = window.matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (darkSystem.matches ? "dark" : "light")) === "dark";

function showTheme() {
  for (const button of findAll("[data-theme-switch]")) button.setAttribute("aria-pressed", isDark());
}

function switchTheme() {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
  showTheme();
}

async function copyText(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
    announce(`Copied ${text}`);
    button.dataset.copied = "";
    setTimeout(() => delete button.dataset.copied, 2000);
  } catch { // plain http or a refused permission: select it, so that the keyboard can copy
    window.getSelection().selectAllChildren(button.previousElementSibling);
    announce(`${text} is selected. Copy it with the keyboard.`);
  }
}

// Dangerous actions: the button becomes available when the name was typed.
function checkTyped(field) {
  find("[data-needs-typed]", field.form).setAttribute("aria-disabled", field.value.trim() !== field.dataset.typed);
}

function openDialog(dialog) {
  const field = find("[data-typed]", dialog);
  if (field) checkTyped(field);
  dialog.showModal();
  field?.focus();
}

document.addEventListener("input", ({ target }) => "typed" in target.dataset && checkTyped(target));

// Submit once: a second click on a slow page must not send the form again.
const sentForms = new Set();

function setSubmittable(form, isSubmittable) {
  for (const button of findAll("button:not([type=button])", form)) button.setAttribute("aria-disabled", !isSubmittable);
}

document.addEventListener("submit", ({ target: form }) => {
  if (form.method !== "post") return;
  sentForms.add(form);
  setSubmittable(form, false);
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt } }) => sentForms.delete(elt) && setSubmittable(elt, true));
window.addEventListener("pageshow", ({ persisted }) => persisted && sentForms.forEach((form) => setSubmittable(form, true)));

setClock(find("meta[name=server-now]")?.content);
showTheme();
readLive();
tick();
setInterval(tick, 1000);
