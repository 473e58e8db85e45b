// The token of this tab, and what is asked of the gateway with it.

const key = "omnibus-token";

export function token() {
  return sessionStorage.getItem(key) ?? "";
}

export function setToken(value) {
  if (value === "") sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, value);
}

// The gateway wants a token, or another one.
export class Unauthorized extends Error {}

// The status as an object. Throws Unauthorized, or an Error that says why there is none.
export async function fetchStatus() {
  const secret = token();
  const headers = secret === "" ? {} : { Authorization: `Bearer ${secret}` };
  const response = await fetch("/api/v1/status", { headers, cache: "no-store" });
  if (response.status === 401) throw new Unauthorized("the token is missing or wrong");
  if (!response.ok) throw new Error(`the gateway answered with status ${response.status}`);
  return response.json();
}

// The address of the socket for requests. Browsers cannot send the token in a header there.
export function socketAddress() {
  const address = new URL("/api/v1/socket", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  if (token() !== "") address.searchParams.set("token", token());
  return address.href;
}
