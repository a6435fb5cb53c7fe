// The page's forms. Texts from outside are only ever set as text, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);
const swedish = document.documentElement.lang === "sv";
const say = (sv, en) => (swedish ? sv : en);

function logIn(headers, shown) {
  const user = byId("user").value, key = byId("key").value;
  if (key) {
    headers.set("Authorization", "Bearer " + key);
    shown.push("-H 'Authorization: Bearer …'");
  } else if (user) {
    const octets = new TextEncoder().encode(user + ":" + byId("password").value);
    headers.set("Authorization", "Basic " + btoa(String.fromCharCode(...octets)));
    shown.push("-u " + quoted(user) + ":…");
  }
}

const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

async function call(method, path, body) {
  const headers = new Headers({ "Accept": "application/json", "Accept-Language": document.documentElement.lang });
  const shown = ["curl"];
  if (method !== "GET") shown.push("-X " + method);
  logIn(headers, shown);
  if (body) {
    headers.set("Content-Type", "application/json");
    shown.push("-H 'Content-Type: application/json'", "-d " + quoted(JSON.stringify(body)));
  }
  shown.push(quoted(location.origin + path));
  byId("call").textContent = shown.join(" ");
  const status = byId("status");
  status.className = "";
  status.textContent = "…";
  for (const button of document.querySelectorAll("button")) button.disabled = true;
  try {
    const response = await fetch(path, { method, headers, body: body ? JSON.stringify(body) : undefined, credentials: "omit" });
    const text = await response.text();
    status.textContent = response.status + " " + response.statusText;
    status.className = response.ok ? "good" : "bad";
    byId("answer").textContent = pretty(text) || say("(inget innehåll)", "(no content)");
    return response.ok ? parsed(text) : null;
  } catch (error) {
    status.textContent = say("inget svar", "no answer");
    status.className = "bad";
    byId("answer").textContent = String(error);
    return null;
  } finally {
    for (const button of document.querySelectorAll("button")) button.disabled = false;
  }
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

function pretty(text) {
  const value = parsed(text);
  return value === null ? text : JSON.stringify(value, null, 2);
}

function message() {
  const body = { to: byId("to").value.split(/[,;\n]/).map((n) => n.trim()).filter(Boolean), text: byId("text").value };
  for (const name of ["from", "priority", "valid_for", "reference", "callback_url"]) {
    const value = document.getElementById(name).value.trim();
    if (value) body[name] = value;
  }
  if (byId("send_at").value) body.send_at = new Date(byId("send_at").value).toISOString();
  if (byId("flash").checked) body.flash = true;
  return body;
}

byId("login").addEventListener("submit", (event) => event.preventDefault());
byId("lists").addEventListener("submit", (event) => event.preventDefault());
byId("text").addEventListener("input", (event) => {
  const characters = [...event.target.value].length;
  byId("length").textContent = characters + " " + say("tecken", "characters");
});
byId("send").addEventListener("submit", async (event) => {
  event.preventDefault();
  const done = await call("POST", "/api/v1/messages", message());
  if (done && done.messages.length > 0) byId("id").value = done.messages[0].id;
});
byId("preview").addEventListener("click", () => {
  if (byId("send").reportValidity()) call("POST", "/api/v1/messages/preview", message());
});
byId("look").addEventListener("submit", (event) => {
  event.preventDefault();
  call("GET", "/api/v1/messages/" + encodeURIComponent(byId("id").value.trim()));
});
byId("cancel").addEventListener("click", () => {
  if (byId("look").reportValidity()) call("DELETE", "/api/v1/messages/" + encodeURIComponent(byId("id").value.trim()));
});
byId("latest").addEventListener("click", () => call("GET", "/api/v1/messages?limit=20"));
byId("inbox").addEventListener("click", () => call("GET", "/api/v1/inbox?limit=20"));
byId("balance").addEventListener("click", () => call("GET", "/api/v1/balance"));
