"use strict";
// Who is where, what happens, and why: asked of the hub, drawn here. Nothing that a guest wrote is ever read as HTML:
// names become text nodes, and the parts of the page that come as HTML were escaped by the hub.

const house = document.getElementById("house");
const SVG = "http://www.w3.org/2000/svg";
const NEWS_MAX = 40;

if (house) start(`/pages/${encodeURIComponent(house.dataset.venue)}`);

function start(base) {
  const drawPresence = soon(() => ask(`${base}/presence`).then((answer) => answer.json()).then(draw));
  const drawMessages = soon(() => ask(`${base}/messages`).then((answer) => answer.text()).then(fill));
  const drawGateways = soon(() => ask(`${base}/gateways`).then((answer) => answer.text()).then((list) => {
    document.getElementById("gateways").innerHTML = list;
  }));
  document.getElementById("messages").addEventListener("click", (click) => clicked(base, click.target));
  const drawNews = soon(() => ask(`${base}/news`).then((answer) => answer.json()).then((lines) => lines.forEach(tell)));
  drawPresence();
  drawMessages();
  setInterval(() => { drawPresence(); drawGateways(); }, 30000); // a gateway that falls silent tells nobody
  listen(base, (happened) => {
    tell(happened);
    if (["entered", "left", "resync"].includes(happened.kind)) drawPresence();
    if (["decision", "message", "accepted", "resync"].includes(happened.kind)) drawMessages();
    if (happened.kind === "resync") drawNews();
  }, () => { drawPresence(); drawMessages(); drawNews(); });
}

function listen(base, heard, opened) {
  const live = document.getElementById("live");
  const say = (state, words) => { live.dataset.state = state; live.textContent = words; };
  const source = new EventSource(`${base}/stream`);
  source.onopen = () => { say("good", "Live"); opened(); };
  source.onmessage = (message) => heard(JSON.parse(message.data));
  source.onerror = () => {
    say("bad", "Reconnecting");
    if (source.readyState !== EventSource.CLOSED) return; // the browser itself tries again
    const again = () => setTimeout(() => listen(base, heard, opened), 5000);
    ask(`${base}/presence`).then(again, again); // whoever is signed out meanwhile is led to the door
  };
}

async function ask(url) {
  const answer = await fetch(url, { headers: { accept: "application/json, text/html" } });
  if (answer.status === 401) location.assign("/signin");
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer;
}

// Many things happen at once; the hub is asked once for all of them.
function soon(act) {
  let waiting = null;
  return () => {
    waiting ??= setTimeout(() => { waiting = null; act().catch(() => {}); }, 150);
  };
}

function draw(present) {
  const here = document.getElementById("here");
  const zones = present.zones.filter((zone) => zone.guests.length > 0);
  const count = zones.reduce((sum, zone) => sum + zone.guests.length, 0);
  document.getElementById("here-count").textContent = count || "";
  here.replaceChildren(...(count ? zones.map(zoneList) : [make("p", "none", "Nobody is in any zone just now.")]));
  const kept = new Set();
  for (const zone of present.zones) {
    zone.guests.forEach((guest, n) => { if (zone.spots[n]) kept.add(place(guest, zone, zone.spots[n])); });
    for (const room of document.querySelectorAll(`.room[data-zone="${CSS.escape(zone.zone)}"]`)) {
      room.classList.toggle("busy", zone.guests.length > 0);
    }
  }
  for (const dot of document.querySelectorAll(".dot")) if (!kept.has(dot)) dot.remove();
}

function zoneList(zone) {
  const part = make("div", "zone");
  part.append(make("h3", "", zone.name), make("ul", ""));
  for (const guest of zone.guests) {
    const row = make("li", "");
    const badge = make("span", `badge dot-${guest.colour}`, guest.initials);
    badge.setAttribute("aria-hidden", "true");
    row.append(badge, make("b", "", guest.name), make("span", "by", `since ${guest.since}, ${guest.sure}% sure`));
    part.lastChild.append(row);
  }
  return part;
}

function place(guest, zone, spot) {
  const floor = document.querySelector(`.dots[data-floor="${spot.floor}"]`);
  let dot = document.getElementById(`dot-${guest.key}`);
  if (!dot) dot = makeDot(guest);
  if (dot.parentNode !== floor) floor.append(dot);
  dot.style.transform = `translate(${spot.x}px, ${spot.y}px)`;
  dot.querySelector("title").textContent = `${guest.name}, ${zone.name} since ${guest.since}`;
  return dot;
}

function makeDot(guest) {
  const dot = document.createElementNS(SVG, "g");
  dot.id = `dot-${guest.key}`;
  dot.setAttribute("class", `dot dot-${guest.colour}`);
  const disc = document.createElementNS(SVG, "circle");
  disc.setAttribute("r", "1");
  const initials = svgText(guest.initials, 0.33, "initials");
  const name = guest.name.length > 10 ? `${guest.name.slice(0, 9)}…` : guest.name;
  dot.append(document.createElementNS(SVG, "title"), disc, initials, svgText(name, 1.95, "name"));
  return dot;
}

function svgText(words, y, kind) {
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("y", y);
  text.setAttribute("class", kind);
  text.textContent = words;
  return text;
}

// Newest first. What the stream has told already may come again with what happened lately.
function tell(happened) {
  if (!happened.text) return;
  document.getElementById("no-news").hidden = true;
  const news = document.getElementById("news");
  const rows = [...news.children];
  const key = `${happened.at} ${happened.text}`;
  if (rows.some((row) => row.dataset.key === key)) return;
  const row = make("li", happened.tone);
  row.dataset.key = key;
  row.dataset.at = happened.at;
  row.append(make("time", "", happened.time), make("span", "", happened.text));
  news.insertBefore(row, rows.find((other) => Date.parse(other.dataset.at) <= Date.parse(happened.at)) ?? null);
  while (news.children.length > NEWS_MAX) news.lastChild.remove();
}

function fill(rows) {
  const table = document.getElementById("messages");
  const open = table.querySelector('[aria-expanded="true"]')?.closest("tr").dataset.message;
  const story = document.getElementById("story");
  table.innerHTML = rows;
  const row = open && table.querySelector(`tr[data-message="${CSS.escape(open)}"]`);
  if (row && story) {
    row.after(story);
    expanded(row.querySelector(".why"), true);
  }
}

async function clicked(base, target) {
  const button = target.closest("button");
  if (!button) return;
  if (button.dataset.next) {
    const answer = await ask(`${base}/messages?cursor=${encodeURIComponent(button.dataset.next)}`);
    button.closest("tr").outerHTML = await answer.text();
    return;
  }
  const was = button.getAttribute("aria-expanded") === "true";
  for (const other of document.querySelectorAll(".why")) expanded(other, false);
  document.getElementById("story")?.remove();
  if (was) return;
  const row = button.closest("tr");
  const answer = await ask(`${base}/messages/${encodeURIComponent(row.dataset.message)}`);
  const story = make("tr", "");
  story.id = "story";
  const cell = make("td", "");
  cell.colSpan = 5;
  cell.innerHTML = await answer.text();
  story.append(cell);
  row.after(story);
  expanded(button, true);
}

function expanded(button, is) {
  button.setAttribute("aria-expanded", String(is));
  button.textContent = is ? "Close" : "Why?";
  if (is) button.setAttribute("aria-controls", "story"); else button.removeAttribute("aria-controls");
}

function make(tag, kind, words) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (words !== undefined) element.textContent = words;
  return element;
}
