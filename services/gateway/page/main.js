// Asks for the status again and again, while somebody looks.

import { fetchStatus, setToken, token, Unauthorized } from "./session.js";
import { offerServices, startRequests } from "./request.js";
import { showStatus } from "./tables.js";

const byId = (id) => document.getElementById(id);
const interval = 2000; // milliseconds

let timer = 0;
let paused = false;
let asking = false;

function say(text) {
  const connection = byId("connection");
  if (connection.textContent !== text) connection.textContent = text;
}

function askForToken() {
  say("The gateway wants a token");
  byId("token-error").textContent = token() === "" ? "" : "The gateway refused this token.";
  byId("forget").hidden = true;
  if (!byId("token-section").hidden) return;
  byId("token-section").hidden = false;
  if (document.activeElement === document.body) byId("token").focus();
}

function connected() {
  say(paused ? "Paused" : "Live");
  byId("token-section").hidden = true;
  byId("forget").hidden = token() === "";
}

// Asks now; then again, unless there is no use in it.
async function update() {
  clearTimeout(timer);
  if (asking) return;
  asking = true;
  let again = true;
  try {
    const status = await fetchStatus();
    showStatus(status);
    offerServices(status);
    connected();
  } catch (error) {
    if (error instanceof Unauthorized) {
      again = false;
      askForToken();
    } else {
      say(`No connection to the gateway: ${error.message}`);
    }
  } finally {
    asking = false;
  }
  if (again && !paused && !document.hidden) timer = setTimeout(update, interval);
}

byId("pause").addEventListener("click", () => {
  paused = !paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  update();
});

byId("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  setToken(byId("token").value.trim());
  await update();
  if (!byId("token-section").hidden) return byId("token").select();
  byId("token").value = "";
  byId("main").focus();
});

byId("forget").addEventListener("click", () => {
  setToken("");
  byId("forget").hidden = true;
  update();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !paused) update();
});

startRequests();
update();
