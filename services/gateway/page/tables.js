// The status as tables.

const unknown = "?";

function count(value) {
  return value === null ? unknown : value.toLocaleString("en");
}

function rate(value) {
  if (value === null) return unknown;
  return value >= 10 || value === 0 ? Math.round(value).toLocaleString("en") : value.toFixed(1);
}

function time(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString("en-GB");
}

const flowStates = { running: "good", incomplete: "bad", unreadable: "bad" };

function flowState(flow) {
  const missing = flow.unread.length === 0 ? "" : `: nobody reads ${flow.unread.join(", ")}`;
  return { text: flow.state + missing, style: flowStates[flow.state] };
}

function readers(service) {
  if (service.readers === 0) return { text: "none", style: "bad" };
  return count(service.readers);
}

function alarming(value) {
  return { text: count(value), style: value > 0 ? "bad" : "" };
}

// By table: [column, the cell of an entry, is it a number]. A cell is a text or {text, style}.
const columns = {
  flows: [
    ["Flow", (flow) => flow.id],
    ["Description", (flow) => flow.description],
    ["Blueprint", (flow) => flow.blueprint],
    ["State", flowState],
  ],
  services: [
    ["Service", (service) => service.name],
    ["Flow", (service) => service.flow ?? "global"],
    ["Request queue", (service) => service.request],
    ["Readers", readers, true],
    ["Waiting", (service) => count(service.waiting), true],
  ],
  queues: [
    ["Queue", (queue) => queue.name],
    ["Kind", (queue) => queue.kind],
    ["In/s", (queue) => rate(queue.in_per_second), true],
    ["Out/s", (queue) => rate(queue.out_per_second), true],
    ["Depth", (queue) => count(queue.depth), true],
    ["In flight", (queue) => count(queue.in_flight), true],
    ["Redelivered", (queue) => count(queue.redelivered), true],
    ["Dead-lettered", (queue) => alarming(queue.dead_lettered), true],
  ],
  errors: [
    ["Request", (error) => error.request ?? unknown],
    ["Time", (error) => time(error.time)],
    ["Service", (error) => error.service ?? unknown],
    ["Flow", (error) => error.flow ?? "global"],
    ["Error", (error) => error.text],
  ],
};

function element(name, role, text) {
  const made = document.createElement(name);
  made.setAttribute("role", role);
  if (text !== undefined) made.textContent = text;
  return made;
}

function makeHead(table) {
  const head = element("thead", "rowgroup");
  const row = element("tr", "row");
  for (const [label, , number] of columns[table.id]) {
    const cell = element("th", "columnheader", label);
    cell.scope = "col";
    if (number) cell.className = "number";
    row.append(cell);
  }
  head.append(row);
  return head;
}

function makeCell([label, read, number], entry) {
  const value = read(entry);
  const shown = typeof value === "string" ? { text: value, style: "" } : value;
  const cell = element("td", "cell");
  cell.dataset.label = label;
  if (number) cell.className = "number";
  const text = document.createElement("span");
  text.textContent = shown.text;
  if (shown.style) text.className = shown.style;
  cell.append(text);
  return cell;
}

function fill(table, entries) {
  table.hidden = entries.length === 0;
  if (table.tHead === null) table.append(makeHead(table), element("tbody", "rowgroup"));
  const rows = entries.map((entry) => {
    const row = element("tr", "row");
    row.append(...columns[table.id].map((column) => makeCell(column, entry)));
    return row;
  });
  table.tBodies[0].replaceChildren(...rows);
}

function duration(seconds) {
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes === 0) return `${whole} s`;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${hours} h ${minutes % 60} min`;
}

export function showStatus(status) {
  for (const id of Object.keys(columns)) fill(document.getElementById(id), status[id]);
  const note = (id, text) => { document.getElementById(id).textContent = text; };
  note("process", `${status.id} ${status.version} on ${status.backend}, up ${duration(status.uptime)}`);
  note("flows-note", status.flows.length > 0 ? "" : status.configured ? "No flow runs." : "The configuration has not come yet.");
  note("errors-note", status.errors.length > 0 ? "" : "No request has failed.");
  note("queues-problem", status.not_known === null ? "" : `Not everything is known: ${status.not_known}`);
}
