import { useContext, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useLocation } from "react-router";
import { EventLoopContext } from "$/utils/context";

// What only changes how the same thing is looked at. All else in an address names what is shown.
const VIEW = ["page", "status", "show", "begin", "end", "grouping"];

function subjectOf(address) {
  const url = new URL(address, "http://here");
  for (const name of VIEW) url.searchParams.delete(name);
  return url.pathname + url.search;
}

// The address that the browser is at, as the server hears it.
export function useHere() {
  const { pathname, search } = useLocation();
  return pathname + search;
}

export function isHere(here, address) {
  return address === here;
}

export function isSubject(here, address) {
  return address !== "" && subjectOf(address) === subjectOf(here);
}

export function isAbout(here, account) {
  const named = new URL(here, "http://here").searchParams.get("account");
  return !named || named === account;
}

// After navigation inside the app to something else: focus the new h1 and say its title. Where the
// new page's question, or its reader, has taken the focus by then, it stays there.
export function RouteAnnouncer() {
  const { pathname, search, key } = useLocation();
  const subject = subjectOf(pathname + search);
  const first = useRef(true);
  const [title, setTitle] = useState("");
  // A menu has done its work once something in it was chosen, also where that is the same page.
  useEffect(() => {
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  }, [key]);
  useEffect(() => {
    document.documentElement.dataset.live = ""; // scripts work from here on
    document.documentElement.lang = /^\/es(\/|$)/.test(pathname) ? "es" : "en";
    if (first.current) {
      first.current = false;
      return;
    }
    const left = document.activeElement;
    const timer = setTimeout(() => {
      const heading = document.querySelector("main h1");
      const now = document.activeElement;
      if (heading && (now === left || now === document.body)) {
        heading.setAttribute("tabindex", "-1");
        heading.focus();
      }
      setTitle(document.title);
    }, 60);
    return () => clearTimeout(timer);
  }, [subject]);
  return (
    <div role="status" aria-live="polite" id="route-announcer" className="visually-hidden">
      {title}
    </div>
  );
}

// The app's own page for a path that it does not know. The server never sends it: whoever comes
// here followed a link inside the app, and the path may be one that the server draws.
export function AskServer() {
  useEffect(() => window.location.reload(), []);
  return null;
}

// Focus the summary of what is wrong, and say so in the title: as it is drawn, for later it would
// take the focus from whoever is at its button already.
export function FocusWhenShown({ children, prefix, className = "" }) {
  const box = useRef(null);
  useLayoutEffect(() => {
    if (box.current) box.current.focus();
    const title = document.title;
    if (prefix && !title.startsWith(prefix)) document.title = prefix + title;
    return () => {
      if (prefix && document.title.startsWith(prefix)) {
        document.title = document.title.slice(prefix.length);
      }
    };
  }, []);
  return <div ref={box} tabIndex={-1} className={"focus-box " + className}>{children}</div>;
}

// Our own words for a lost connection, the browser's or the server's, in the language of the page.
export function Offline({ en, es }) {
  const { pathname } = useLocation();
  const message = /^\/es(\/|$)/.test(pathname) ? es : en;
  const [offline, setLost] = useState(false);
  const [, connectErrors] = useContext(EventLoopContext);
  // One failed try is a server restarting or a phone waking up; two are a lost connection.
  const lost = offline || (connectErrors || []).length >= 2;
  useEffect(() => {
    let timer = 0;
    const off = () => { timer = setTimeout(() => setLost(true), 1500); };
    const on = () => { clearTimeout(timer); setLost(false); };
    window.addEventListener("offline", off);
    window.addEventListener("online", on);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("offline", off);
      window.removeEventListener("online", on);
    };
  }, []);
  return <div role="status" className={lost ? "offline" : "offline hidden"}>{lost ? message : ""}</div>;
}

// Another tab signed out: this one must not go on showing what it has.
export function SignedOutElsewhere() {
  useEffect(() => {
    if (typeof BroadcastChannel === "undefined") return;
    const channel = new BroadcastChannel("portal-session");
    channel.onmessage = () => window.location.reload();
    const onSubmit = (event) => {
      const form = event.target;
      if (form && form.dataset && form.dataset.signOut !== undefined) channel.postMessage("out");
    };
    document.addEventListener("submit", onSubmit);
    return () => {
      document.removeEventListener("submit", onSubmit);
      channel.close();
    };
  }, []);
  return null;
}

// A password field with Show. Posted by the form it stands in; its value never enters a State.
export function PasswordField({ name, autocomplete, show, hide, showLabel, hideLabel }) {
  const [shown, setShown] = useState(false);
  return (
    <div className="with-button">
      <input className="input" id={name} name={name} type={shown ? "text" : "password"}
        autoComplete={autocomplete} spellCheck="false" autoCapitalize="none" />
      <button type="button" className="button" aria-label={shown ? hideLabel : showLabel}
        onClick={() => setShown(!shown)}>{shown ? hide : show}</button>
    </div>
  );
}

// The same page in the other language, with its query.
export function LanguageLink({ path, code, children }) {
  const { search } = useLocation();
  const [query, setQuery] = useState("");
  useEffect(() => setQuery(search), [search]);
  return <a href={path + query} lang={code} hrefLang={code}>{children}</a>;
}

// While a payment is in doubt: look again at growing distances, a bounded number of times, and not
// from a tab that nobody sees. The server keeps no timer.
const LOOKS = [3, 4, 6, 8, 10, 15, 15, 20, 30, 30, 30, 30, 45, 45];

export function LookAgain({ onLook }) {
  const look = useRef(onLook);
  look.current = onLook;
  useEffect(() => {
    let at = 0;
    let timer = 0;
    const next = () => {
      if (at >= LOOKS.length) return;
      timer = setTimeout(() => {
        if (!document.hidden) {
          at += 1;
          look.current();
        }
        next();
      }, 1000 * LOOKS[at]);
    };
    next();
    return () => clearTimeout(timer);
  }, []);
  return null;
}

export function PrintButton({ children }) {
  return <button type="button" className="button" onClick={() => window.print()}>{children}</button>;
}

// On paper alone: where this page stands and when it was printed, in the city's time.
export function Paper({ zone, printed, children }) {
  const { pathname, search } = useLocation();
  const place = useRef(null);
  const time = useRef(null);
  useEffect(() => {
    const say = () => {
      const language = /^\/es(\/|$)/.test(pathname) ? "es-US" : "en-US";
      const style = { dateStyle: "long", timeStyle: "short", timeZone: zone };
      place.current.textContent = window.location.href;
      time.current.textContent = new Date().toLocaleString(language, style);
    };
    say();
    window.addEventListener("beforeprint", say);
    return () => window.removeEventListener("beforeprint", say);
  }, [pathname, search]);
  return (
    <div className="print-only paper">
      <p>{children}</p>
      <p>{printed} <span ref={time} /></p>
      <p ref={place} />
    </div>
  );
}

// A printed bill's square code stands behind the # of the address: no server hears of it. It is
// taken off the address at once and kept, in this tab alone, over the sign-in. It holds no number.
const BILL = "portal-bill";

export function BillCode({ onCode }) {
  useEffect(() => {
    const found = /^#bill=([0-9a-f]{52})$/.exec(window.location.hash);
    if (found) {
      sessionStorage.setItem(BILL, found[1]);
      window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
    }
    const code = sessionStorage.getItem(BILL);
    if (code && onCode) {
      sessionStorage.removeItem(BILL);
      onCode(code);
    }
  }, []);
  return null;
}
