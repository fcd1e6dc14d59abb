/** How pages look. Colours and font are properties of their own, so that another style need not repeat the rest. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --paper: #fff; --text: #1c2430; --quiet: #5b6675; --line: #8a94a3;
  --accent: #1f5fbf; --on-accent: #fff; --alarm: #a3231b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --paper: #1c222b; --text: #e8ecf2; --quiet: #a4afbd; --line: #6d7988;
    --accent: #7fb0ff; --on-accent: #0d1420; --alarm: #ff9d94;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main {
  max-width: 26rem; margin: 8vh auto; padding: 2rem; background: var(--paper); border-radius: .5rem; overflow-wrap: anywhere;
}
h1 { margin: 0 0 1rem; font-size: 1.4rem; line-height: 1.25; }
.for { margin: -.9rem 0 1rem; }
.name { margin: 0 0 .75rem; color: var(--quiet); font-weight: 600; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input:not([type=hidden]):not([type=checkbox]) {
  width: 100%; margin-top: .25rem; padding: .6rem .7rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: .3rem;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button {
  display: block; width: 100%; margin-top: 1.25rem; padding: .7rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: .3rem;
  overflow-wrap: anywhere;
}
button.other { color: var(--text); background: transparent; border-color: var(--line); }
button.link {
  display: inline; width: auto; min-width: 0; margin: 0; padding: 0; font-weight: inherit; color: var(--accent); background: none; border: 0;
  text-decoration: underline;
}
main.wide { max-width: 44rem; }
time { white-space: nowrap; }
@media (min-width: 30rem) { .wide button { width: auto; min-width: 12rem; } .wide input:not([type=hidden]):not([hidden]) { display: block; max-width: 24rem; } }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
.rows { margin: 0; padding: 0; list-style: none; }
.rows li { display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: center;
  padding: .75rem 0; border-bottom: 1px solid var(--line); }
.rows li > div { flex: 1 1 12rem; }
.rows button { width: auto; min-width: 0; margin: 0; padding: .4rem .9rem; }
[role=status] { margin: 0 0 1rem; padding: .6rem .8rem; border-left: 4px solid var(--accent); }
form > p { margin: 1.25rem 0 0; }
ul { padding-left: 1.2rem; }
[role=alert] { margin: 0 0 1rem; padding: .6rem .8rem; border-left: 4px solid var(--alarm); }
.detail { color: var(--quiet); font-size: .9rem; }
input + .detail { margin: .25rem 0 0; }
.or { display: flex; gap: .75rem; align-items: center; margin: 1.25rem 0 0; color: var(--quiet); }
.or::before, .or::after { content: ''; flex: 1; border-top: 1px solid var(--line); }
a { color: var(--accent); }
@media (max-width: 30rem) { .rows li > div { flex-basis: 100%; } main { margin: 0; min-height: 100vh; border-radius: 0; padding: 1.5rem; } }
`;
