// The form that sends a request, and the answer as it comes.

import { exampleFor } from "./examples.js";
import { socketAddress } from "./session.js";

const byId = (id) => document.getElementById(id);
const flow = byId("flow");
const service = byId("service");
const body = byId("body");

const mostMessages = 200;
const longestMessage = 20_000;
// Keys under which services stream text.
const textKeys = ["response", "text", "content", "answer"];

let services = [];
let example = "";
let running = null;

function setOptions(select, entries) {
  const wanted = JSON.stringify(entries);
  if (select.dataset.entries === wanted) return;
  select.dataset.entries = wanted;
  const chosen = select.value;
  select.replaceChildren(...entries.map(([value, label]) => new Option(label, value)));
  if (entries.some(([value]) => value === chosen)) select.value = chosen;
}

function showServices() {
  const names = services.filter((each) => (each.flow ?? "") === flow.value).map((each) => each.name);
  setOptions(service, names.map((name) => [name, name]));
  showExample();
}

// Writes the example unless the user changed the text.
function showExample(always = false) {
  const untouched = body.value.trim() === "" || body.value === example;
  example = exampleFor(service.value);
  if (!untouched && !always) return;
  body.value = example;
  showBodyError("");
}

export function offerServices(status) {
  services = status.services;
  setOptions(flow, [["", "none: global services"], ...status.flows.map((each) => [each.id, each.id])]);
  showServices();
}

function showBodyError(text) {
  byId("body-error").textContent = text;
  if (text === "") body.removeAttribute("aria-invalid");
  else body.setAttribute("aria-invalid", "true");
}

// The request, or null when it is none: then the field says why.
function parseBody() {
  try {
    const value = JSON.parse(body.value);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      showBodyError("");
      return value;
    }
    showBodyError("This is no JSON object: it begins with { and ends with }.");
  } catch (error) {
    showBodyError(`This is no JSON: ${error.message}`);
  }
  body.focus();
  return null;
}

function showState(text) {
  byId("answer-state").textContent = text;
}

function append(text) {
  if (text === "") return;
  const answer = byId("answer");
  const atEnd = answer.scrollTop + answer.clientHeight >= answer.scrollHeight - 4;
  answer.append(document.createTextNode(text));
  if (atEnd) answer.scrollTop = answer.scrollHeight;
}

function keep(text) {
  const list = byId("messages");
  const item = document.createElement("li");
  item.textContent = text.length <= longestMessage
    ? text : `${text.slice(0, longestMessage)}… (${text.length - longestMessage} characters more, not shown)`;
  list.append(item);
  if (list.children.length <= mostMessages) return;
  list.firstElementChild.remove();
  list.start = list.start + 1;
}

// What of an answer is shown as it is: a piece of text, or all of it.
function readable(response) {
  const key = textKeys.find((each) => typeof response[each] === "string");
  return key === undefined ? `${JSON.stringify(response, null, 2)}\n` : response[key];
}

function seconds(request) {
  return `${((performance.now() - request.began) / 1000).toFixed(1)} s`;
}

function pieces(request) {
  return request.count === 1 ? "1 message" : `${request.count} messages`;
}

function end(request, text) {
  if (running !== request) return;
  running = null;
  request.socket.close();
  byId("cancel").disabled = true;
  byId("send").disabled = false;
  showState(`${text} (${pieces(request)}, ${seconds(request)})`);
}

function errorText(error) {
  return typeof error === "string" ? error : `${error.type}: ${error.message}`;
}

function take(request, text) {
  if (running !== request) return;
  request.count += 1;
  keep(text);
  const message = JSON.parse(text);
  const error = message.error ?? message.response?.error;
  if (error) return end(request, `Error: ${errorText(error)}`);
  append(readable(message.response));
  if (message.complete) return end(request, "Complete");
  showState(`Receiving: ${pieces(request)}`);
}

function send() {
  if (running !== null) return;
  const value = parseBody();
  if (value === null) return;
  byId("answer").replaceChildren();
  byId("messages").replaceChildren();
  byId("messages").start = 1;
  const request = { socket: new WebSocket(socketAddress()), began: performance.now(), count: 0 };
  running = request;
  byId("cancel").disabled = false;
  byId("send").disabled = true;
  showState("Sending");
  const message = { id: crypto.getRandomValues(new Uint32Array(1))[0].toString(16), service: service.value, request: value };
  if (flow.value !== "") message.flow = flow.value;
  request.socket.onopen = () => {
    request.socket.send(JSON.stringify(message));
    showState("Waiting for the answer");
  };
  request.socket.onmessage = (event) => take(request, event.data);
  request.socket.onclose = (event) => end(request, `Error: the connection was closed${event.reason ? `, ${event.reason}` : ""}`);
}

export function startRequests() {
  byId("request-form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
  });
  body.addEventListener("input", () => showBodyError(""));
  flow.addEventListener("change", showServices);
  service.addEventListener("change", () => showExample());
  byId("example").addEventListener("click", () => showExample(true));
  byId("cancel").addEventListener("click", () => {
    if (running !== null) end(running, "Cancelled");
    byId("send").focus();
  });
}
