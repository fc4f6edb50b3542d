// The end of the session: a warning before it comes. Other tabs may have been used, so the server is asked first.

const box = document.querySelector("#session");
const warning = Number(box.dataset.warning) * 1000;
const ends = {}; // when the session ends without activity, and when it ends at the latest, by the browser's clock
let shown = "";
let isAsking = false;

function hear(seconds) {
  if (seconds) [ends.idle, ends.longest] = seconds.split(" ").map((left) => Date.now() + left * 1000);
}

function due() {
  const left = Math.min(ends.idle, ends.longest) - Date.now();
  if (left <= 0) return "over";
  if (left > warning) return "";
  return ends.idle < ends.longest ? "idle" : "longest";
}

function show(part) {
  for (const each of box.querySelectorAll("[data-part]")) each.hidden = each.dataset.part !== part;
  box.hidden = !part;
  shown = part;
}

async function ask(address) {
  const headers = { "HX-Request": "true", "HX-Current-URL": window.location.href };
  const answer = await fetch(address, { headers });
  const signIn = answer.headers.get("HX-Redirect");
  if (signIn) {
    ends.idle = 0;
    box.querySelector("[data-part=over] a").href = signIn;
  }
  hear(answer.headers.get("X-Session-Seconds"));
}

async function check(address) {
  if (isAsking) return;
  isAsking = true;
  try {
    await ask(address);
  } catch { // the server cannot be reached: what the clock says is all that is known
  } finally {
    isAsking = false;
    show(due());
  }
}

document.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => hear(xhr.getResponseHeader("X-Session-Seconds")));
box.querySelector("[data-stay]").addEventListener("click", () => check(box.dataset.stays));
hear(box.dataset.seconds);
setInterval(() => due() !== shown && check(box.dataset.asks), 1000);
