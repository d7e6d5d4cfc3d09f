import { useEffect, useRef, useState } from "react";
import { useLocation } from "react-router";

// True once any page of this tab was drawn: a page that is not ours then came by a link inside.
let visited = false;

// After navigation inside the app: focus the new page's h1 and say its title.
export function RouteAnnouncer() {
  const { pathname } = useLocation();
  const first = useRef(true);
  const [title, setTitle] = useState("");
  useEffect(() => {
    document.documentElement.lang = /^\/es(\/|$)/.test(pathname) ? "es" : "en";
    if (first.current) {
      first.current = false;
      return;
    }
    const timer = setTimeout(() => {
      const heading = document.querySelector("main h1");
      if (heading) {
        heading.setAttribute("tabindex", "-1");
        heading.focus();
      }
      setTitle(document.title);
    }, 60);
    return () => clearTimeout(timer);
  }, [pathname]);
  return (
    <div role="status" aria-live="polite" id="route-announcer" className="visually-hidden">
      {title}
    </div>
  );
}

// A path that the app does not know may be a page that the server draws (/sign-in, /pay/...):
// when a link inside the app led there, ask the server for it.
export function AskServer({ children }) {
  const [mine, setMine] = useState(false);
  useEffect(() => {
    if (visited) {
      window.location.reload();
    } else {
      setMine(true);
    }
  }, []);
  return <div style={{ visibility: mine ? "visible" : "hidden" }}>{children}</div>;
}

// Marks the tab as visited, once the first page stands.
export function Visited() {
  const { pathname } = useLocation();
  useEffect(() => {
    const timer = setTimeout(() => { visited = true; }, 0);
    return () => clearTimeout(timer);
  }, [pathname]);
  return null;
}

// Focus the summary of what is wrong, and say so in the title.
export function FocusWhenShown({ children, prefix }) {
  const box = useRef(null);
  useEffect(() => {
    if (box.current) box.current.focus();
    const title = document.title;
    if (prefix && !title.startsWith(prefix)) document.title = prefix + title;
    return () => {
      if (prefix && document.title.startsWith(prefix)) {
        document.title = document.title.slice(prefix.length);
      }
    };
  }, []);
  return <div ref={box} tabIndex={-1} className="focus-box">{children}</div>;
}

// Our own words for a lost connection, in the language of the page.
export function Offline({ en, es }) {
  const { pathname } = useLocation();
  const message = /^\/es(\/|$)/.test(pathname) ? es : en;
  const [lost, setLost] = useState(false);
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
